"""Values of literals in source code, without anything that looks like a credential: facts are cached on disk."""

from __future__ import annotations

import ast
import re

from prodcheck.patterns import lazy_regex

_SEQUENCES = (ast.List, ast.Tuple, ast.Set)
LITERALS = frozenset((ast.Constant, ast.UnaryOp, ast.Dict, *_SEQUENCES))
"""Types of the expressions that `literal` may know the value of."""
MAX_TEXT = 200
"""Characters of a string literal that are kept."""
_WORD = lazy_regex(r"[\w+=-]{16,}")
_RUN = lazy_regex(r"[A-Za-z0-9+=]{16,}")
"""A run of letters and digits longer than words in file names are without a separator."""
_SECRET_NAME = lazy_regex(r"key|token|secret|passw|pwd|credential|auth", re.IGNORECASE)
_PIN_NAME = lazy_regex(r"revision|commit|sha|version|digest", re.IGNORECASE)


def literal(node: ast.expr, name: str) -> object:
    """Value of a literal, containers of literals included; Ellipsis for anything else."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, str):
            return safe_text(value, name)
        return value if isinstance(value, int | float | bool) or value is None else ...
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        number = node.operand.value
        return -number if isinstance(number, int | float) else ...
    if isinstance(node, _SEQUENCES):
        if len(node.elts) > 50:
            return ...
        items = [literal(item, name) for item in node.elts]
        return ... if ... in items else tuple(items)
    if isinstance(node, ast.Dict):
        if len(node.keys) > 50:
            return ...
        found: dict[object, object] = {}
        for key, value_node in zip(node.keys, node.values, strict=True):
            word = literal(key, "") if isinstance(key, ast.Constant) else ...
            if word is ...:
                return ...
            found[word] = literal(value_node, str(word))
        return found
    return ...


def safe_text(text: str, name: str) -> str:
    """Text of a literal, shortened, with whatever looks like a credential left out.

    `name` is what the literal is bound to: an `api_key` is never kept, a `revision` always.
    """
    if name and _SECRET_NAME.search(name):
        return "…"
    text = text[:MAX_TEXT]
    if len(text) < 20 or _PIN_NAME.search(name):
        return text
    return _WORD.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    runs = _RUN.findall(match[0])
    return "…" if any(re.search(r"\d", run) and re.search(r"[A-Za-z]", run) for run in runs) else match[0]
