"""Whether the README leads a stranger from a clone to a result, and whether the commands in it still exist."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from itertools import chain

from prodcheck.checks import readme_words as words
from prodcheck.facts import Facts
from prodcheck.model import Evidence, Hit, Kind, Location, Outcome, Severity
from prodcheck.records import dataclass

ENOUGH = 0.8
"""Share of all that is looked for that makes a README sufficient: nobody needs every section."""

LONGEST = 200_000
"""Characters of a README that are looked at. What people wrote ends long before."""
_FOLDERS = ("", ".github/", "docs/", "doc/")
"""Where hosting services look for one, in order."""


@dataclass(frozen=True)
class Readme:
    path: str
    text: str
    """Without the front matter that Hugging Face puts before it."""
    shift: int
    """Lines of that front matter."""


def readme_insufficient(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """How much of what a newcomer needs is in the README."""
    readme = find(facts)
    if readme is None:
        if facts.git.prefix and not facts.config.standalone:
            return Outcome.unknown("no README in this folder; one may be at the top of the repository")
        return Outcome(0.0, reason="there is no README")
    place = Location(readme.path)
    parts = list(_parts(facts, readme)) if readme.text.strip() else []
    total = sum(weight for weight, met, _ in parts if met)
    met = [name for _, there, name in parts if there]
    dead = tuple(_dead_commands(facts, readme))
    if not met:
        reason = f"{readme.path} says next to nothing" if readme.text.strip() else f"{readme.path} is empty"
    elif _is_template(readme):
        total, reason = min(total, 0.3), f"{readme.path} is still as its template wrote it"
    elif total < ENOUGH:
        reason = f"{readme.path} lacks {', '.join(name for _, there, name in parts if not there)}"
    elif dead:
        some = "a command" if len(dead) == 1 else f"{len(dead)} commands"
        reason = f"{readme.path} names {some} for files that do not exist"
    else:
        reason = f"{readme.path} says what a newcomer needs"
    score = max(0.0, min(1.0, total / ENOUGH) - 0.1 * min(3, len(dead)))
    evidence = (Evidence(f"says {', '.join(met)}", place),) if met else ()
    hits = (Hit(place, reason, identity="readme"), *dead) if total < ENOUGH else dead
    return Outcome(score, evidence, hits, reason)


def find(facts: Facts) -> Readme | None:
    """The README that a hosting service would show, links resolved inside the repository."""
    named = (path for path in chain(facts.files, facts.repository.links) if "read" in path.lower())
    candidates = sorted(named, key=lambda path: (not path.lower().endswith(".md"), len(path), path))
    for folder in _FOLDERS:
        for path in candidates:
            lower = path.lower()
            here = lower.startswith(folder) and path.count("/") == folder.count("/")
            target = _resolve(facts, path) if here and words.NAME.search(path) else None
            if target is not None:
                return _read(facts, target)
    return None


def _resolve(facts: Facts, path: str) -> str | None:
    links = facts.repository.links
    for _ in range(5):
        if path not in links:
            break
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), links[path]))
    return path if path in facts.files else None


def _read(facts: Facts, path: str) -> Readme:
    notebook = facts.files[path].notebook
    if notebook is not None:
        return Readme(path, "\n\n".join(cell.source for cell in notebook.cells if cell.kind == "markdown"), 0)
    text = facts.text(path)[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    front = re.match(r"---\n.*?\n---\n", text, re.DOTALL)
    return Readme(path, text[front.end() :], front[0].count("\n")) if front else Readme(path, text, 0)


def _parts(facts: Facts, readme: Readme) -> Iterator[tuple[float, bool, str]]:
    """(weight, there or not, what it is) of all that is looked for. The weights sum to 1."""
    text, code, headings = readme.text, words.code_of(readme.text), words.headings_of(readme.text)
    yield 0.15, words.count_words(text) >= 100, "a description"
    yield 0.25, bool(words.SETUP.search(headings) or words.INSTALL.search(code)), "how to set it up"
    yield 0.25, _shows_usage(facts, text, code, headings), "how to run or use it"
    course = facts.project.kind is Kind.COURSE  # has neither data nor results of its own
    if facts.project.kind in (Kind.TRAINING, Kind.NOTEBOOKS):
        yield 0.15, bool(words.DATA.search(text)), "where the data comes from"
    elif course:
        yield 0.15, True, "what it teaches"
    else:
        shown = words.API.search(text) or words.NOTEBOOK_LINK.search(text) or words.PYTHON_CODE.search(code)
        yield 0.15, bool(shown), "where the interface is described"
    yield 0.1, course or bool(words.RESULTS.search(text)), "results or architecture"
    owners = any(p.rpartition("/")[2].upper().startswith(("CODEOWNERS", "AUTHORS", "MAINTAINERS")) for p in facts.files)
    yield 0.1, owners or bool(words.CONTACT.search(text)), "whom to ask"


def _shows_usage(facts: Facts, text: str, code: str, headings: str) -> bool:
    """A command or a piece of code that uses the project, or a link that opens it."""
    if words.RUNS.search(code) or words.PYTHON_CODE.search(code) or words.NOTEBOOK_LINK.search(text):
        return True
    if words.README_LINK.search(text) or words.links_guide(text):
        return True  # told elsewhere: in the README of each part, in a guide, in examples
    if facts.project.kind is Kind.COURSE and len(words.LOCAL_LINK.findall(text)) >= 3:
        return True
    own = re.escape(facts.repository.name.rpartition("/")[2])
    if re.search(rf"^\s*(?:\$ ?)?{own} [-\w./]", code, re.MULTILINE | re.IGNORECASE):
        return True
    entry = {posixpath.basename(path) for path in facts.files if path.endswith((".py", ".ipynb", ".sh", ".R"))}
    named = set(re.findall(r"[\w.-]{1,150}\.(?:py|ipynb|sh|R)\b", f"{code}\n{text}"))
    return bool(words.USAGE.search(headings)) and bool(entry & named)


def _is_template(readme: Readme) -> bool:
    """The README that a template wrote and nobody changed."""
    if not (words.COOKIECUTTER.search(readme.text) and words.TREE.search(readme.text)):
        return False
    return words.count_words(words.COOKIECUTTER.sub("", words.TREE.sub("", readme.text))) < 60


def _dead_commands(facts: Facts, readme: Readme) -> Iterator[Hit]:
    """Commands that run a script which is nowhere in the repository, once each.

    Only where the README does not lead into another folder or repository first, and where all files are here.
    """
    own = re.escape(facts.repository.name.rpartition("/")[2])
    if words.ELSEWHERE.search(re.sub(rf"git clone[^\n]*{own}[^\n]*", "", words.code_of(readme.text))):
        return
    if any("sparse" in one.reason or "submodule" in one.reason for one in facts.repository.skipped):
        return
    names = {posixpath.basename(path) for path in (*facts.files, *facts.repository.links)}
    seen: set[str] = set()
    for block in words.FENCE.finditer(readme.text):
        for match in words.SCRIPT.finditer(block[1]):
            path = match["path"]
            if path in seen or posixpath.basename(path) in names or words.PLACEHOLDER.search(path):
                continue
            seen.add(path)
            line = readme.shift + readme.text.count("\n", 0, block.start(1) + match.start("path")) + 1
            detail = f"`{match[0].strip()}` names a file that does not exist"
            yield Hit(Location(readme.path, line=line), detail, identity=path, severity=Severity.MINOR)
