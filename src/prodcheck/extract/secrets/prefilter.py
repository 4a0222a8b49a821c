"""Which places of a file could hold a credential: two cheap looks at its bytes, before anything costly runs.

A token is a long run of letters and digits that begins with a known prefix. Runs are found by mapping the bytes to two
classes and searching for twenty of one class, which the C library does at memory speed; the few words, such as
`password`, that give other credentials away are all found in one pass. A regular expression over the whole file would
be twenty times slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodcheck.extract.words import Words

RUN = 20
"""Bytes of the shortest token."""
_CLASSES = bytes(
    ord("a") if byte < 128 and (chr(byte).isalnum() or chr(byte) in "_-.") else ord(" ") for byte in range(256)
)
_LONG = b"a" * RUN


def runs(data: bytes) -> Iterator[int]:
    """Where a run of at least `RUN` letters, digits, `_`, `-` and `.` begins."""
    classes = data.translate(_CLASSES)
    at = classes.find(_LONG)
    while at >= 0:
        yield at
        end = classes.find(b" ", at + RUN)
        at = classes.find(_LONG, end) if end >= 0 else -1


def hits(lower: bytes, words: Words | Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """(offset, word) of every occurrence of the words, in data that is in lower case; in order of where they end."""
    search = words if isinstance(words, Words) else Words(words)
    for end, number in search.find(lower):
        word = search.words[number]
        yield end + 1 - len(word), word
