"""Regular expressions that are compiled when first used.

Compiling the several hundred patterns of the readers and checks costs as much as auditing a small project; most
projects meet only a part of them, `--help` and the hook hardly any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, AnyStr


class _LazyPattern:
    """Stands for a compiled pattern: its methods are looked up there once and kept here."""

    def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:

    def lazy_regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """`re.compile`, but at the first use of the pattern. For patterns at module level."""

else:
    lazy_regex = _LazyPattern
