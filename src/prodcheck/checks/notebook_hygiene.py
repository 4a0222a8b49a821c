"""How notebooks are kept: small enough to review, and run from top to bottom."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from prodcheck.extract.cells import code_lines
from prodcheck.extract.notebook import Cell, NotebookFacts
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Kind, Location, Outcome
from prodcheck.patterns import lazy_regex

LONG_NOTEBOOK = 500
"""Code lines of a notebook that nobody reviews; the 95th percentile of public notebooks is 566."""
MAX_FILE = 1_000_000
MAX_OUTPUTS = 500_000
MAX_OUTPUT = 200_000
MAX_RAW_LINES = 5_000
MAX_WIDGETS = 100_000
DOCS_ROOM = 4
"""How many times as much the notebooks of courses, examples and documentation may hold."""

_STRIPPERS = lazy_regex(r"nbstripout|nb-clean|nb_clean|nbqa|jupyter-nb-clear-output|--clear-output|ClearOutput")


def bloated_notebook(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Notebooks small enough to be reviewed: bounded code, file size and outputs, no committed errors."""
    lenient = facts.project.kind in (Kind.COURSE, Kind.LIBRARY)
    rendered = _renders_notebooks(facts)
    judged, hits, bad = 0, [], set()
    works_on_data = {book.path for book in facts.code.per_notebook if book.stages}
    for path, book in _notebooks(facts):
        judged += 1
        in_docs = lenient or facts.role(path) is Role.DOCS
        found = _bloat(path, book, in_docs, rendered and in_docs)
        if path in works_on_data:  # elsewhere an error is as likely the lesson of a tutorial
            found.extend(_error(path, book))
        if found:
            hits.extend(found)
            bad.add(path)
    if not judged:
        return Outcome.not_applicable("no readable notebook")
    guard = _strip_guard(facts)
    score = 1 - len(bad) / judged
    reason = f"{judged - len(bad)} of {judged} notebooks are small enough to review"
    if guard and score < 0.5:
        score, reason = 0.5, f"{reason}, and {guard.detail} for the next commits"
    return Outcome(score, (guard,) if guard else (), tuple(hits), reason)


def _bloat(path: str, book: NotebookFacts, in_docs: bool, outputs_wanted: bool) -> list[Hit]:
    hits = []
    room = DOCS_ROOM if in_docs else 1  # what is there to be read shows its outputs on purpose
    whole = Location(path)
    if book.code_lines > LONG_NOTEBOOK and not in_docs:
        hits.append(Hit(whole, f"{book.code_lines} lines of code", identity="code"))
    outputs = [(cell, output) for cell in book.cells for output in cell.outputs]
    total = sum(output.bytes for _, output in outputs)
    if not outputs_wanted:
        largest = max(outputs, key=lambda pair: pair[1].bytes, default=None)
        if book.size > MAX_FILE * room:
            hits.append(
                Hit(
                    whole,
                    f"a file of {book.size / 1e6:.1f} MB, {_percent(total, book.size)} of it outputs",
                    identity="size",
                )
            )
        elif total > MAX_OUTPUTS * room:
            hits.append(Hit(whole, f"{total // 1000} KB of outputs", identity="outputs"))
        elif largest is not None and largest[1].bytes > MAX_OUTPUT * room:
            cell = largest[0]
            place = Location(path, cell.lines[0] if cell.lines else None, cell=cell.index)
            hits.append(Hit(place, f"an output of {largest[1].bytes // 1000} KB", identity="output"))
        elif book.raw_lines > MAX_RAW_LINES * room:
            hits.append(Hit(whole, f"{book.raw_lines} lines of JSON to review", identity="lines"))
        if book.widget_bytes > MAX_WIDGETS:
            hits.append(Hit(whole, f"{book.widget_bytes // 1000} KB of saved widget state", identity="widgets"))
    return hits


def _error(path: str, book: NotebookFacts) -> list[Hit]:
    """The first committed error; cells tagged `raises-exception` mean theirs."""
    for cell, output in [(each, output) for each in book.cells for output in each.outputs]:
        if output.kind == "error" and "raises-exception" not in cell.tags:
            line = output.lines[0] if output.lines else (cell.lines[0] if cell.lines else None)
            error = output.error or "error"
            # Only the kind of error: what it says may hold anything, credentials included.
            return [Hit(Location(path, line, cell=cell.index), f"a committed {error}", identity=f"error {error}")]
    return []


def _percent(part: int, whole: int) -> str:
    return f"{min(1.0, part / whole):.0%}"


def _renders_notebooks(facts: Facts) -> bool:
    """Whether a documentation site shows the notebooks, outputs included."""
    for path in facts.files:
        name = path.rpartition("/")[2]
        if name in ("conf.py", "mkdocs.yml", "mkdocs.yaml", "_config.yml", "_toc.yml", "_quarto.yml", "myst.yml"):
            text = facts.text(path)
            if name.startswith(("_", "myst")) or re.search(
                r"nbsphinx|myst_nb|mkdocs-jupyter|mknotebooks|jupyter_book", text
            ):
                return True
    return False


def _strip_guard(facts: Facts) -> Evidence | None:
    """What takes outputs out before they are committed."""
    for path in facts.files:
        name = path.rpartition("/")[2]
        if name == ".gitattributes":
            match = re.search(
                r"^.*filter=(?:nbstripout|strip-notebook-output|jupyter).*$", facts.text(path), re.MULTILINE
            )
            if match:
                return Evidence("a git filter strips outputs", Location(path))
        elif name in (".pre-commit-config.yaml", ".pre-commit-config.yml"):
            for number, line in enumerate(split_lines(facts.text(path)), start=1):
                if "id:" in line and _STRIPPERS.search(line):
                    return Evidence("a pre-commit hook cleans notebooks", Location(path, number))
        elif name == "jupytext.toml":
            return Evidence("jupytext pairs notebooks with text", Location(path))
    for command in facts.ci.commands:
        if _STRIPPERS.search(command.text):
            return Evidence(f"CI runs {command.text[:60]}", command.chain[0].location if command.chain else None)
    return None


_RUNNERS = lazy_regex(
    r"\bpapermill\b|nbconvert\b.*--execute|jupyter(?:-| )execute|--nbmake|--nbval|\btestbook\b|"
    r"\btreon\b|jupyter-cache|jcache\b|"
    r"pytest-notebook|nbclient"
)


def notebook_hidden_state(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Committed notebooks were run from top to bottom in a fresh kernel."""
    executed, bad, hits = 0, 0, []
    for path, book in _notebooks(facts):
        if facts.role(path) is Role.TEST or not any(cell.execution_count is not None for cell in book.cells):
            continue
        executed += 1
        found = _hidden_state(path, book)
        if found:
            bad += 1
            hits.append(found)
    if not executed:
        return Outcome.not_applicable("no notebook keeps execution counts")
    reason = f"{executed - bad} of {executed} executed notebooks were run from top to bottom"
    for command in facts.ci.commands:
        if _RUNNERS.search(command.text):
            place = command.chain[0].location if command.chain else None
            return Outcome(1.0, (Evidence(f"CI runs {command.text[:60]}", place),), reason="CI runs the notebooks")
    return Outcome(1 - bad / executed, (), tuple(hits), reason)


_COMMANDS = lazy_regex(r"^[ \t]*[^\s#]", re.MULTILINE)


_FAILS = lazy_regex(r"(?i)#.*\b(?:error|fails?|exception|undefined|not defined|can'?t access|won'?t work)")


def _hidden_state(path: str, book: NotebookFacts) -> Hit | None:
    """The first sign that a fresh run would not give these results; gaps in rising counts are none."""
    last, last_index, seen = 0, 0, set[int]()
    # A cell of comments alone leaves nothing behind, whenever it was run.
    cells = [cell for cell in book.cells if cell.kind == "code" and _COMMANDS.search(cell.source)]
    for cell in cells:
        count = cell.execution_count
        if count is None:
            continue
        place = Location(path, cell.lines[0] if cell.lines else None, cell=cell.index)
        if count in seen:
            return Hit(place, f"cell {cell.index} has the execution count {count} of an earlier cell", identity="order")
        if count < last:
            return Hit(
                place,
                f"cell {cell.index} was run before cell {last_index} (counts {count} and {last})",
                identity="order",
            )
        seen.add(count)
        last, last_index = count, cell.index
    for name, line in book.unbound:
        place = book.locate(path, line)
        # A cell that says that it fails hides nothing: it may well be the lesson.
        if any(
            cell.index == place.cell
            and cell.execution_count is not None
            and not any(output.error for output in cell.outputs)
            and not _FAILS.search(cell.source)
            for cell in cells
        ):
            return Hit(place, f"`{name}` is used and never defined above", Confidence.MEDIUM, identity=f"name {name}")
    return _cut_short(path, cells)


def _cut_short(path: str, cells: Sequence[Cell]) -> Hit | None:
    """A cell that was skipped between executed ones, or an error that ended the last run."""
    executed = [position for position, cell in enumerate(cells) if cell.execution_count is not None]
    if not executed:
        return None
    for position in range(executed[0], executed[-1]):
        cell = cells[position]
        if cell.execution_count is None and not cell.count_lost and code_lines(cell.source):
            place = Location(path, cell.lines[0] if cell.lines else None, cell=cell.index)
            return Hit(place, f"cell {cell.index} was not run, cells after it were", identity="skipped")
    last = cells[executed[-1]]
    meant = "raises-exception" in last.tags or _FAILS.search(last.source)
    if any(output.kind == "error" for output in last.outputs) and not meant:
        place = Location(path, last.lines[0] if last.lines else None, cell=last.index)
        return Hit(place, f"the run ended with an error in cell {last.index}", identity="error")
    return None


def _notebooks(facts: Facts) -> list[tuple[str, NotebookFacts]]:
    """Readable notebooks of the project's own, in any language."""
    left_out = (Role.VENDORED, Role.GENERATED, Role.TEMPLATE)
    return [
        (path, file.notebook)
        for path, file in facts.files.items()
        if file.notebook is not None and not file.notebook.problem and facts.role(path) not in left_out
    ]
