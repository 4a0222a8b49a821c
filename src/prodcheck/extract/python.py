"""What one Python module says: imports, calls with resolved names, definitions, size.

The module is parsed once with `ast`; everything that rules ask for comes out of one walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Import:
    """One `import a.b` or `from a.b import c, d`; one object per module.

    `module` is the dotted name as written without leading dots, `level` the number of dots. `optional` marks imports
    that may fail or never run (`try: ... except ImportError`, `if TYPE_CHECKING`).
    """

    module: str
    line: int
    names: tuple[str, ...] = ()
    level: int = 0
    optional: bool = False
    scope: str = ""


@dataclass(frozen=True)
class Call:
    """One call.

    `name` is dotted with import aliases resolved (`pandas.read_csv`). A method on a variable whose constructor is
    known reads `sklearn.ensemble.RandomForestClassifier().fit`; an unknown receiver reads `?.fit`, a plain local name
    its name. `keywords` holds literal values; a keyword that is not a literal maps to `...` (Ellipsis). `text` is
    the first positional argument when it is a string literal. `scope` is the qualified name of the enclosing function.
    """

    name: str
    line: int
    keywords: Mapping[str, object] = field(default_factory=dict)
    positional: int = 0
    text: str | None = None
    scope: str = ""


@dataclass(frozen=True)
class Definition:
    """One function or class. `bases` and `decorators` are dotted names, resolved like calls."""

    name: str
    kind: str
    """`function` or `class`."""
    line: int
    end_line: int
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    asserts: int = 0
    trivial: bool = False
    """The body is only `pass`, `...` or a docstring."""


@dataclass(frozen=True)
class PythonFacts:
    """Everything rules ask about one module. `problem` is empty when it parsed.

    `problem_kind` is one of `python2`, `template`, `newer` (may be valid for a newer Python), `broken`, `too-deep`.
    """

    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()
    definitions: tuple[Definition, ...] = ()
    code_lines: int = 0
    lines_in_definitions: int = 0
    has_main_guard: bool = False
    constants: Mapping[str, tuple[object, int]] = field(default_factory=dict)
    """Module-level `NAME = literal`: name to (value, line)."""
    problem: str = ""
    problem_kind: str = ""
    problem_line: int | None = None


def wants(path: str) -> bool:
    return path.endswith((".py", ".pyw"))


def extract(path: str, data: bytes) -> PythonFacts | None:
    raise NotImplementedError
