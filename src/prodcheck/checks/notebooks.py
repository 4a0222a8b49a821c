"""What notebooks hold, and how much of the project they are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from prodcheck.facts import Facts
from prodcheck.facts.code import NotebookCode
from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Hit, Location, Outcome, Severity

MONOLITH_LINES = 40
"""A notebook with fewer code lines than this does not count as holding a whole project beside other code."""
SHORT = 100
"""Code lines under which one notebook for everything is a weakness and no catastrophe yet."""
WHOLE_PROJECT_LINES = 15
"""The same for a notebook that is all the code there is."""


def single_notebook_architecture(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """No notebook holds loading, preparation, training and prediction at once while carrying most of the code."""
    code, share = facts.code, facts.code.notebook_share
    books = [book for book in code.per_notebook if not book.in_docs]
    if not books:
        return Outcome.not_applicable("all notebooks are documentation or examples")
    if _is_nbdev(facts):
        return Outcome.not_applicable("nbdev writes its modules from notebooks")
    trained = _trained_in_modules(facts)
    monoliths = [book for book in books if _is_monolith(book, share)]
    if not monoliths:
        toys = [book for book in books if book.toy_data and book.in_order]
        reason = "no notebook loads, prepares, trains and predicts at once"
        if toys and len(toys) == len([b for b in books if b.stages.get("train")]):
            reason = "the notebooks that train only demonstrate on bundled data"
        evidence = trained[:3] or tuple(e for b in books for e in b.stages.get("train", ())[:1])[:3]
        return Outcome(1.0, evidence, reason=reason)
    worst, hits, reason = 1.0, [], ""
    for book in monoliths:
        score, why = _judge_monolith(book, share, trained, facts.config.thresholds.notebook_share)
        if score < 1.0:
            hits.append(Hit(book.stages["train"][0].location, _stages_told(book), identity="monolith"))
        if score < worst:
            worst, reason = score, why
    if not hits:
        return Outcome(1.0, trained[:3], reason=f"training lives in modules, notebooks hold {share:.0%} of the code")
    evidence = tuple(
        e for s in ("load", "prepare", "train", "predict", "evaluate") for e in monoliths[0].stages.get(s, ())[:1]
    )
    small = max(book.code_lines for book in monoliths) < SHORT
    return Outcome(worst, evidence, tuple(hits), reason, severity=Severity.MAJOR if small else None)


def _is_monolith(book: NotebookCode, share: float) -> bool:
    """Loading, then preparation and training, then evaluation or prediction, in one notebook of some size.

    Right for 40 of 42 real notebooks judged by eye. The order tells a project from a tour of a library.
    """
    stages = book.stages
    if not book.in_order or book.toy_data or book.clusters_only or not stages.get("prepare"):
        return False
    alone = share == 1.0 and bool(stages.get("predict"))
    return book.code_lines >= (WHOLE_PROJECT_LINES if alone else MONOLITH_LINES)


def _judge_monolith(book: NotebookCode, share: float, trained: tuple[Evidence, ...], limit: float) -> tuple[float, str]:
    """How bad one such notebook is for the project, and why."""
    name = book.path.rpartition("/")[2]
    if trained and share < limit:
        return 1.0, ""
    if trained:
        return 0.5, f"{name} repeats the whole pipeline beside {trained[0].location}"
    if book.parameterised:
        return 0.5, f"{name} does everything, with parameters that a pipeline can set"
    if book.imports_own_modules:
        return 0.5, f"{name} does everything, partly through the project's own modules"
    if share < limit:
        return 0.5, f"{name} does everything, beside modules that hold {1 - share:.0%} of the code"
    return 0.0, f"{name} loads, prepares, trains and predicts, and notebooks hold {share:.0%} of the code"


def _stages_told(book: NotebookCode) -> str:
    words = {
        "load": "loads data",
        "prepare": "prepares it",
        "train": "trains",
        "evaluate": "evaluates",
        "predict": "predicts",
    }
    parts = []
    for stage, word in words.items():
        places = book.stages.get(stage)
        if places and places[0].location is not None:
            place = places[0].location
            parts.append(f"{word} (cell {place.cell})" if place.cell else f"{word} (line {place.line})")
    return ", ".join(parts) + f" in {book.code_lines} lines of code"


def _trained_in_modules(facts: Facts) -> tuple[Evidence, ...]:
    return tuple(
        evidence
        for path, stages in facts.code.stages_by_file.items()
        if facts.role(path) is Role.CODE
        for evidence in stages.get("train", ())[:1]
    )


def _is_nbdev(facts: Facts) -> bool:
    """Whether modules are generated from notebooks by nbdev: the notebooks are the source, and are tested."""
    if "settings.ini" in facts.files and re.search(
        r"^(?:lib_name|nbs_path)\s*=", facts.text("settings.ini"), re.MULTILINE
    ):
        return True
    return "pyproject.toml" in facts.files and "[tool.nbdev]" in facts.text("pyproject.toml")


def logic_only_in_notebooks(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Share of the code that lives in notebooks: good up to 30 %, bad from 80 %."""
    code, share = facts.code, facts.code.notebook_share
    books = [book for book in code.per_notebook if not book.in_docs and book.code_lines]
    if not books:
        return Outcome.not_applicable("all notebooks are documentation or examples")
    if _is_nbdev(facts):
        return Outcome.not_applicable("nbdev writes its modules from notebooks")
    score = min(1.0, max(0.0, (0.8 - share) / 0.5))
    reason = f"{code.notebook_lines} of {code.code_lines} lines of code are in notebooks ({share:.0%})"
    copies = _copied_functions(facts, books)
    hits = []
    longest = max(book.code_lines for book in books)
    for book in sorted(books, key=lambda b: (-b.code_lines, b.path))[:5]:
        looks = not book.definitions and not any(book.stages.get(s) for s in ("train", "persist", "predict", "prepare"))
        if looks or book.code_lines < min(SHORT / 2, longest / 2):
            continue  # nothing worth a module: short, or plots and counts
        defined = f", {book.definitions} definition{'s' * (book.definitions != 1)}" if book.definitions else ""
        hits.append(Hit(Location(book.path), f"{book.code_lines} lines of code{defined}", identity="share"))
    evidence = [Evidence(f"{book.code_lines} lines of code", Location(book.path)) for book in books[:3]]
    modules = [
        p for p, f in facts.files.items() if f.python and facts.role(p) is Role.CODE and f.python.code_lines > 20
    ]
    evidence.extend(Evidence("holds code", Location(path)) for path in modules[:2])
    return Outcome(score, tuple(evidence), (*hits, *copies) if score < 1.0 else (), reason)


def _copied_functions(facts: Facts, books: Sequence[NotebookCode]) -> list[Hit]:
    """Functions whose bodies are the same in two notebooks or more: the first candidates for a module."""
    places: dict[int, list[tuple[str, Location]]] = defaultdict(list)
    for book in books:
        notebook = facts.files[book.path].notebook
        if notebook is not None:
            for definition in notebook.python.definitions:
                if definition.kind == "function" and definition.digest and "." not in definition.name:
                    where = notebook.locate(book.path, definition.line)
                    places[definition.digest].append((definition.name, where))
    hits = []
    for found in places.values():
        paths = {where.path for _, where in found}
        if len(paths) >= 2:
            name, where = found[0]
            hits.append(Hit(where, f"{name}() is defined in {len(paths)} notebooks", identity=f"copy {name}"))
    return hits[:3]
