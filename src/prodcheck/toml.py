"""TOML to dicts, with a limit that the library lacks.

`tomllib` remembers every prefix of a dotted key: `a.a.a.` a hundred thousand times over, 200 KB, takes all the memory
there is, and no error can be caught. So such keys are looked for first.
"""

from __future__ import annotations

import sys
from typing import Any

from prodcheck.patterns import lazy_regex

DEEPEST = 30
"""Parts that a dotted key may have."""
_STRING = lazy_regex(r'"(?:[^"\\\n]|\\.)*"?|\'[^\'\n]*\'?')
_BETWEEN = lazy_regex(r"[=,\[\]{}#]+")


class TomlError(ValueError):
    """The text is not valid TOML, or nothing that a person wrote."""


def loads(text: str) -> dict[str, Any]:
    """Tables of a TOML text. Raises `TomlError`."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if _has_endless_key(text):
        raise TomlError(f"a key has more than {DEEPEST} parts")
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise TomlError(str(problem)) from None
    except RecursionError:
        raise TomlError("nested too deeply") from None
    return tables


def _has_endless_key(text: str) -> bool:
    for line in text.split("\n"):
        if line.count(".") > DEEPEST:
            keys = _STRING.sub("", line).replace(" ", "").replace("\t", "")
            if any(part.count(".") > DEEPEST for part in _BETWEEN.split(keys)):
                return True
    return False
