"""Dependencies that are only told in prose: `pip install x` in a README, a Dockerfile or a notebook cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from prodcheck.extract import requirements
from prodcheck.extract.run import FileFacts
from prodcheck.extract.text import split_lines
from prodcheck.facts.paths import Paths, Role
from prodcheck.model import Evidence, Location, Strength
from prodcheck.patterns import lazy_regex

_INSTALL = lazy_regex(
    r"(?:\b(?:pip3?|uv pip|python3? -m pip|conda|mamba|micromamba)\s+install|\bpoetry add|\buv add)\b([^\n|&;<>`]*)"
)
_VALUED = frozenset(
    "-i --index-url --extra-index-url -f --find-links -t --target --prefix --root -c --constraint -n --name -p "
    "--python --channel --trusted-host --timeout --default-timeout --retries --cache-dir".split()
)
_TOOLS = frozenset(
    "pip setuptools wheel virtualenv pipenv poetry uv conda pip-tools jupyter notebook jupyterlab".split()
)
MAX_PLACES = 20


def packages(command: str) -> tuple[str, ...]:
    """Names of the distributions that the arguments of an install command ask for; tools of packaging left out."""
    found: list[str] = []
    skip = False
    for word in command.replace("\\", " ").split():
        word = word.strip("\"'")
        if skip:
            skip = False
        elif word in ("-r", "--requirement", "-e", "--editable") or word in _VALUED:
            skip = True
        elif word.startswith("#"):
            break
        elif not word.startswith("-") and not word.startswith((".", "/", "<", "$", "{", "[")):
            requirement = requirements.parse(word)
            if requirement is not None and requirement.name not in _TOOLS:
                found.append(requirement.name)
            elif requirement is None and re.search(r"[^\w.+=:/@-]", word):
                break  # the sentence goes on in words
    return tuple(found)


def find(
    files: Mapping[str, FileFacts], paths: Paths, text: Callable[[str], str], own: Collection[str]
) -> tuple[Evidence, ...]:
    """Every place that installs a distribution by name, README first; `own` are the project's names."""
    found: list[Evidence] = []
    for path, facts in files.items():
        if paths.role(path) in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE, Role.TEST):
            continue
        for location, command in _commands(path, facts, text):
            names = [name for name in packages(command) if name not in own]
            if names:
                detail = "installs " + ", ".join(names[:6]) + (" ..." if len(names) > 6 else "")
                found.append(Evidence(detail, location, Strength.DECLARED))
    return tuple(found[:MAX_PLACES])


def by_notebook(files: Mapping[str, FileFacts]) -> dict[str, frozenset[str]]:
    """For each notebook that installs anything, the distributions."""
    found: dict[str, frozenset[str]] = {}
    for path, facts in files.items():
        if facts.notebook is not None:
            names = {name for _, command in _commands(path, facts, lambda _: "") for name in packages(command)}
            if names:
                found[path] = frozenset(names)
    return found


def _commands(path: str, facts: FileFacts, text: Callable[[str], str]) -> Iterator[tuple[Location, str]]:
    name = path.rpartition("/")[2].lower()
    if facts.notebook is not None:
        for cell in facts.notebook.cells:
            if cell.kind == "code" and "install" in cell.source:
                for number, line in enumerate(split_lines(cell.source), start=1):
                    match = _INSTALL.search(line) if line.lstrip().startswith(("!", "%")) or cell.magic else None
                    if match:
                        raw = cell.lines[number - 1] if number <= len(cell.lines) else None
                        yield Location(path, line=raw, cell=cell.index, cell_line=number), match[1]
    elif (
        name.startswith("readme")
        or "dockerfile" in name
        or name in ("install.md", "setup.md", "install.sh", "setup.sh")
    ):
        joined = text(path).replace("\\\r\n", " \\\n").replace("\\\n", "  ") if "dockerfile" in name else text(path)
        for match in _INSTALL.finditer(joined):
            yield Location(path, joined.count("\n", 0, match.start()) + 1), match[1]
