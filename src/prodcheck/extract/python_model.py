"""The nouns of Python source: what one module imports, calls (`python_calls`) and defines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from prodcheck.extract.python_calls import Call, Calls
from prodcheck.records import dataclass

__all__ = ["Call", "Calls", "Definition", "Import", "PythonFacts"]


@dataclass(frozen=True, slots=True)
class Import:
    """One `import a.b` or `from a.b import c, d`; one object per module.

    `module` is the dotted name as written without leading dots, `level` the number of dots. `optional` marks imports
    that may fail or never run (`try: ... except ImportError`, `if TYPE_CHECKING`, `if sys.version_info ...`).
    """

    module: str
    line: int
    names: tuple[str, ...] = ()
    level: int = 0
    optional: bool = False
    scope: str = ""
    main: bool = False
    """True for an import that only runs when the module is run as a script (`if __name__ == "__main__"`)."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One function or class. `name` is qualified (`Class.method`), `bases` and `decorators` are dotted names,
    resolved like calls."""

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
    statements: int = 0
    """Statements in the body of a function, nested blocks included, nested functions not. A body that was left out has
    about as many, and no more branches, so that nobody takes it for a large one."""
    complexity: int = 1
    """Cyclomatic complexity of a function, in which a comprehension without a filter counts nothing."""
    parameters: tuple[str, ...] = ()
    digest: int = 0
    """Equal for bodies whose code lines are equal apart from indentation and comments; 0 for very short ones, and in
    modules, where nobody asks."""


@dataclass(frozen=True, slots=True)
class PythonFacts:
    """Everything rules ask about one module. `problem` is empty when it parsed.

    `problem_kind` is one of `python2`, `template`, `newer` (may be valid for a newer Python), `broken`, `too-deep`.
    """

    imports: tuple[Import, ...] = ()
    calls: Calls = field(default_factory=Calls)
    definitions: tuple[Definition, ...] = ()
    code_lines: int = 0
    lines_in_definitions: int = 0
    has_main_guard: bool = False
    constants: Mapping[str, tuple[object, int]] = field(default_factory=dict)
    """Module-level `NAME = literal`: name to (value, line)."""
    problem: str = ""
    problem_kind: str = ""
    problem_line: int | None = None
    flavour: str = ""
    """How it is written: `databricks`, `percent`, `nbconvert`, `jupytext`, `marimo`, or empty for a plain module."""
    paths: tuple[tuple[str, int], ...] = ()
    """Absolute paths in string literals, docstrings and decorators left out: (text, line)."""
    environment: tuple[tuple[str, int], ...] = ()
    """Environment variables it reads: (name or empty, line)."""
    blocks: bytes = b""
    """Fingerprints of a quarter of all runs of 12 code lines, to find copies in other files; four bytes each."""
    left_out: int = 0
    """Bodies of functions that were not parsed, because no rule asks for anything that stands in them. Their calls are
    not among `calls`; who wants all calls of a module asks `Facts.whole`."""
