"""Bytes to text: encodings, binary files, and placeholders of large files."""

from __future__ import annotations

import codecs

from prodcheck.patterns import lazy_regex

LFS_HEADER = b"version https://git-lfs.github.com/spec/v1"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def split_lines(text: str) -> list[str]:
    """Lines as git and editors count them.

    `str.splitlines` also ends a line at a form feed, `\\x85`, U+2028 and others: all lines below would be told wrong.
    """
    found = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not found[-1]:
        found.pop()
    return found


def one_line(text: str) -> str:
    """A message of a library as one printable line: it may quote what it stumbled over."""
    return "".join(c if c.isprintable() else " " for c in text)


def is_lfs_pointer(data: bytes) -> bool:
    """True for the small text file that Git LFS leaves in place of a large one."""
    return len(data) < 1024 and data.startswith(LFS_HEADER)


def is_binary(data: bytes) -> bool:
    """True when the bytes are not text in any encoding that source files use.

    Git's own heuristic, a NUL byte in the first 8 KiB, with the exception of UTF-16 and UTF-32 that say so.
    """
    head = data[:8192]
    return b"\0" in head and encoding_of(data) == "utf-8"


def encoding_of(data: bytes) -> str:
    """The encoding that a byte order mark (or the NULs of unmarked UTF-16 ASCII) tells; `utf-8` without one."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    head = data[:64]
    if len(head) >= 4 and len(head) % 2 == 0:
        if head[1::2].count(0) == len(head) // 2 and 0 not in head[::2]:
            return "utf-16-le"
        if head[::2].count(0) == len(head) // 2 and 0 not in head[1::2]:
            return "utf-16-be"
    return "utf-8"


_LONG_BLANK = lazy_regex(r"[ \t]{100,}")


def short_blanks(text: str) -> str:
    """The text with one blank for a hundred or more: `configparser` needs quadratic time for what is in a line."""
    return _LONG_BLANK.sub(" ", text)


def decode(data: bytes) -> str:
    """Text of a source file. Never raises: what is not UTF-8, UTF-16 or UTF-32 is read as Latin-1."""
    encoding = encoding_of(data)
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, UnicodeError):
        return data.decode("utf-8" if encoding != "utf-8" else "latin-1", errors="replace")
