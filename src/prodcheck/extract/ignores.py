"""Inline decisions of people: `prodcheck: ignore[rule-id] reason` in a comment, and cell tags in notebooks."""

from __future__ import annotations

import io
import tokenize

from prodcheck.extract.notebook import NotebookFacts
from prodcheck.extract.text import decode, split_lines
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MARK = b"prodcheck: ignore["
TAG = "prodcheck-ignore"
_COMMENT = lazy_regex(
    r"(?P<before>.*?)(?:#|//|--|<!--|%|;)\s*prodcheck: ignore\[(?P<rules>[\w\-, *]+)\]\s*(?P<reason>.*)"
)


@dataclass(frozen=True, slots=True)
class InlineIgnore:
    """One comment or cell tag. `rules` may be `*`; an ignore without a reason is not honoured, only told about.

    `line` is the raw line it stands on; `next_line` is True when the comment has the line to itself and so speaks for
    the line below. A cell tag covers its whole `cell`.
    """

    rules: tuple[str, ...]
    reason: str
    line: int | None
    next_line: bool = False
    cell: int | None = None
    cell_line: int | None = None


def extract(path: str, data: bytes, notebook: NotebookFacts | None) -> tuple[InlineIgnore, ...]:
    """All inline ignores of a file. Markdown and reStructuredText are prose about ignores, not ignores."""
    if notebook is not None:
        return _from_notebook(notebook)
    if MARK not in data or path.endswith((".md", ".rst", ".txt")):
        return ()
    text = decode(data)
    comments = _comment_lines(text) if path.endswith(".py") else None
    found = []
    for number, line in enumerate(split_lines(text), start=1):
        ignore = _parse(line, number) if comments is None or number in comments else None
        if ignore:
            found.append(ignore)
    return tuple(found)


def _comment_lines(text: str) -> set[int] | None:
    """Lines of a Python module that end in a real comment, not in a string about comments; None if it has no tokens."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text, newline=None).readline))
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return None
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT}


def _from_notebook(notebook: NotebookFacts) -> tuple[InlineIgnore, ...]:
    found = []
    for cell in notebook.cells:
        if TAG in cell.tags:
            found.append(InlineIgnore(("*",), f"cell tag {TAG}", None, cell=cell.index))
        if MARK.decode() not in cell.source:
            continue
        for number, line in enumerate(cell.source.split("\n"), start=1):
            raw = cell.lines[number - 1] if number <= len(cell.lines) else None
            ignore = _parse(line, raw, cell.index, number)
            if ignore:
                found.append(ignore)
    return tuple(found)


def _parse(line: str, number: int | None, cell: int | None = None, cell_line: int | None = None) -> InlineIgnore | None:
    match = _COMMENT.match(line[:2000])
    if not match:
        return None
    rules = tuple(rule.strip() for rule in match["rules"].split(",") if rule.strip())
    reason = match["reason"].removesuffix("-->").strip()
    return InlineIgnore(rules, reason, number, not match["before"].strip(), cell, cell_line)
