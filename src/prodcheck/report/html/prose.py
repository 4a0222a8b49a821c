"""The small part of Markdown that rule files use, as HTML: paragraphs, lists, fenced blocks, code, emphasis, addresses.

Rule files may come from the audited repository (`[tool.prodcheck] rules`), so everything is escaped first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prodcheck.patterns import lazy_regex
from prodcheck.report.sanitize import plain

if TYPE_CHECKING:
    from markupsafe import Markup

LONGEST = 600
"""Characters of one message or path."""

_FENCE = lazy_regex(r"^(`{3,})[^\n`]*\n(.*?)^\1[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_ITEM = lazy_regex(r"^(?:[-*]|\d+\.)\s+")
_INLINE = (
    (lazy_regex(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<strong>\1</strong>"),
    (lazy_regex(r"(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])"), r"<em>\1</em>"),
    (lazy_regex(r"&lt;(https?://[^\s&]+)&gt;"), r'<a href="\1">\1</a>'),
    (lazy_regex(r"\[([^\]]+)\]\((https?://[^\s)&]+)\)"), r'<a href="\2">\1</a>'),
)


def prose(text: str) -> Markup:
    """A rule's rationale or remediation as HTML."""
    from markupsafe import Markup

    parts, position = [], 0
    text = text.strip() + "\n"
    for fence in _FENCE.finditer(text):
        parts += _blocks(text[position : fence.start()])
        code = "\n".join(_line(line) for line in fence[2].rstrip("\n").split("\n"))
        parts.append(f'<pre tabindex="0"><code>{_escape(code)}</code></pre>')
        position = fence.end()
    parts += _blocks(text[position:])
    return Markup("\n".join(parts))


def shorten(text: str) -> str:
    """What nobody would read to the end, without its middle."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 3 :]}"


def names(text: str) -> Markup:
    """One line from the repository in which nothing but `names` in backticks is markup."""
    from markupsafe import Markup

    parts = re.split(r"(?<!`)`([^`]+)`(?!`)", shorten(plain(text)))
    return Markup("".join(f"<code>{_escape(p)}</code>" if i % 2 else _escape(p) for i, p in enumerate(parts)))


def _blocks(text: str) -> list[str]:
    made = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = [line for line in block.split("\n") if line.strip()]
        if not lines:
            continue
        if _ITEM.match(lines[0].strip()):
            made.append(_list(lines))
        else:
            made.append(f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>")
    return made


def _list(lines: list[str]) -> str:
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line.strip()) or not items:
            items.append(_ITEM.sub("", line.strip()))
        else:
            items[-1] += " " + line.strip()
    tag = "ol" if lines[0].strip()[0].isdigit() else "ul"
    return f"<{tag}>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + f"</{tag}>"


def _inline(text: str) -> str:
    made = []
    for number, part in enumerate(re.split(r"(?<!`)`([^`]+)`(?!`)", text)):
        if number % 2:
            made.append(f"<code>{_escape(plain(part))}</code>")
            continue
        shown = _escape(plain(part))
        for pattern, html in _INLINE:
            shown = pattern.sub(html, shown)
        made.append(shown)
    return "".join(made)


def _line(line: str) -> str:
    body = line.rstrip().expandtabs(4)
    return " " * (len(body) - len(body.lstrip(" "))) + plain(body.lstrip(" "))


def _escape(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))
