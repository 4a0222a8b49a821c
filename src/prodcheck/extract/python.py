"""What one Python module says: imports, calls with resolved names, definitions, size.

The module is parsed once with `ast`; everything that rules ask for comes out of one walk. Bodies of functions that no
rule asks about are left out before (`python_outline`). Nothing of it is ever run.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import replace

from prodcheck.extract import python_outline
from prodcheck.extract.cells import to_python
from prodcheck.extract.python_model import Call, Definition, Import, PythonFacts
from prodcheck.extract.python_problem import PROBLEMS, problem_kind
from prodcheck.extract.python_text import code_flags, flavour
from prodcheck.extract.python_walk import Walk
from prodcheck.extract.text import decode, one_line
from prodcheck.patterns import lazy_regex

__all__ = ["PROBLEMS", "Call", "Definition", "Import", "PythonFacts", "analyse", "extract", "parse", "read", "wants"]

_FILE = "<audited source>"
"""File name under which sources are parsed; warnings about their content are recognised by it."""

LARGEST = 1_000_000
"""Characters that are parsed as one piece. A syntax tree takes up to 700 times the room of its text; no module that
people wrote is half as long as this."""


def wants(path: str) -> bool:
    return path.endswith((".py", ".pyw"))


def extract(path: str, data: bytes) -> PythonFacts:
    """Facts of one module. Never raises for what the file holds: see `PythonFacts.problem`."""
    return read(path, data)[0]


def read(path: str, data: bytes, whole: bool = False) -> tuple[PythonFacts, ast.Module | None]:
    """Facts of one module, and its syntax tree for whoever else needs it; None when it does not parse as it is, or when
    bodies of functions were left out, as they are unless the `whole` module is asked for."""
    text = decode(data)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    written = flavour(text)
    if not whole and not written and path.rpartition("/")[2] != "setup.py":
        facts = _in_part(path, data, text)
        if facts is not None:
            return facts, None
    if _hides_lines(data):
        why = "declares an encoding that hides lines"
        return PythonFacts(code_lines=_count(text), flavour=written, problem=why, problem_kind="broken"), None
    try:
        tree = parse(data)
        return replace(analyse(tree, text), flavour=written), tree
    except (SyntaxError, ValueError, LookupError) as problem:
        return _unparsed(text, problem), None
    except (RecursionError, MemoryError):
        facts = PythonFacts(code_lines=_count(text), problem="too long or nested too deeply", problem_kind="too-deep")
        return facts, None


def _in_part(path: str, data: bytes, text: str) -> PythonFacts | None:
    """Facts of a module without the bodies that no rule asks about; None when it has to be parsed as it is."""
    skeleton = python_outline.skeleton(path, data)
    if skeleton is None:
        return None
    try:
        tree = parse(skeleton.source)
        walk = Walk(text.split("\n"), skeleton.left_out, skeleton.looked_for)
        walk.run(tree)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None  # the whole module tells what is wrong with it
    return walk.facts(tree) if walk.is_enough() else None


_CODING = lazy_regex(rb"(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")


def _hides_lines(data: bytes) -> bool:
    """Whether the encoding it declares writes line ends as no editor shows them: `\\n` in `unicode_escape`, for one."""
    declared = _CODING.match(data)
    if declared is None or declared[1].lower().replace(b"_", b"-") in _COMMON:
        return False
    try:
        text = data.decode(declared[1].decode("ascii", "replace"))
    except (LookupError, ValueError):
        return False  # the parser says so, too
    return text.count("\n") + text.count("\r") != data.count(b"\n") + data.count(b"\r")


_COMMON = (b"utf-8", b"utf8", b"ascii", b"us-ascii", b"latin-1", b"latin1", b"iso-8859-1", b"cp1252")


def parse(source: str | bytes) -> ast.Module:
    """The syntax tree of a module, without warnings about what is in it.

    Raises SyntaxError, ValueError (null bytes), LookupError (unknown coding), RecursionError, or MemoryError, also for
    a text longer than `LARGEST`.
    """
    if len(source) > LARGEST:
        raise MemoryError
    _silence()
    tree = compile(source, _FILE, "exec", ast.PyCF_ONLY_AST)
    assert isinstance(tree, ast.Module)
    return tree


def analyse(tree: ast.Module, text: str, *, digests: bool = False) -> PythonFacts:
    """Facts of a parsed module; `text` is what it was parsed from. `digests` asks for those of definitions."""
    walk = Walk(text.split("\n"), digests=digests)
    walk.run(tree)
    return walk.facts(tree)


def _silence() -> None:
    """Ignore warnings that the parser gives about audited sources, such as invalid escapes.

    The filter names our pseudo file, so that it hides nothing else, and it stays: restoring filters is not safe in
    threads. It is looked for each time because tests and applications reset the filters.
    """
    pattern = re.escape(_FILE)
    if not any(getattr(entry[3], "pattern", entry[3]) == pattern for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=pattern)


def _count(text: str) -> int:
    return sum(code_flags([line.strip() for line in text.split("\n")]))


def _unparsed(text: str, problem: Exception) -> PythonFacts:
    """Facts of a module that does not parse as it is: as much as a cleaned text still tells, and the problem."""
    line = problem.lineno or None if isinstance(problem, SyntaxError) else None
    message = one_line(problem.msg if isinstance(problem, SyntaxError) else str(problem))
    kind = problem_kind(text, message)
    if kind == "broken":
        try:
            facts = analyse(parse(to_python(text)), text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
        else:
            why = "holds notebook magics" if to_python(text) != text else "is not UTF-8 and declares no encoding"
            return replace(facts, flavour=flavour(text), problem=why, problem_kind=kind, problem_line=line)
    return PythonFacts(
        code_lines=_count(text),
        flavour=flavour(text),
        problem=f"{PROBLEMS[kind]} ({message})" if kind == "broken" else PROBLEMS[kind],
        problem_kind=kind,
        problem_line=line,
    )
