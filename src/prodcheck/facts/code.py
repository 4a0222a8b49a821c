"""What the project's own code does: loads data, trains, evaluates, predicts, saves models, serves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field

from prodcheck.extract.python_model import PythonFacts
from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Paths, Role, suffix_of
from prodcheck.facts.stages import FileStages, Seen, stages_of
from prodcheck.model import Evidence, Location
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

NOTEBOOK_FLAVOURS = frozenset("databricks percent nbconvert jupytext".split())
"""Ways to write a notebook as a `.py` file. A marimo notebook is an ordinary module and not among them."""
MAX_PLACES = 20
"""Places kept per stage and file."""

SMALL_NOTEBOOKS = 300
"""Code lines up to which notebooks that are all there is count as small."""


@dataclass(frozen=True)
class NotebookCode:
    """What one notebook does. `stages` maps load, prepare, train, evaluate, predict, persist, configure to evidence."""

    path: str
    stages: Mapping[str, tuple[Evidence, ...]]
    code_lines: int
    imports_own_modules: bool = False
    parameterised: bool = False
    """A cell is tagged `parameters`, so that a pipeline can run the notebook with its own values."""
    own_calls: float = 0.0
    """Share in 0..1 of its calls that go to modules of this repository."""
    toy_data: bool = False
    """All data it loads is bundled with a library."""
    clusters_only: bool = False
    """All models it trains group data without labels."""
    in_order: bool = False
    """Data is loaded before the first training, and evaluation or prediction comes after it."""
    in_docs: bool = False
    definitions: int = 0
    """Functions and classes defined in it."""


@dataclass(frozen=True)
class Code:
    """Totals and stages. The stage tuples hold evidence from outside tests, docs and vendored files."""

    python_files: int
    notebooks: int
    python_lines: int
    """Code lines of own modules outside tests and docs, without blanks and comments."""
    test_lines: int
    notebook_lines: int
    """Code lines of notebooks outside tests and docs, those written as `.py` files included."""
    trains: tuple[Evidence, ...]
    predicts: tuple[Evidence, ...]
    serves: tuple[Evidence, ...]
    reads_data: tuple[Evidence, ...]
    persists_model: tuple[Evidence, ...]
    per_notebook: tuple[NotebookCode, ...]
    stages_by_file: Mapping[str, Mapping[str, tuple[Evidence, ...]]]
    """The same stages for every own Python file that has any; exported copies of notebooks are left out."""
    evaluates: tuple[Evidence, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    """`.py` files that are exported copies of a notebook in the tree, and that notebook."""

    @property
    def code_lines(self) -> int:
        """Code lines in modules and notebooks together."""
        return self.python_lines + self.notebook_lines

    @property
    def small_notebooks(self) -> bool:
        """Whether the project is a notebook or two and nothing else: there is little that could be automated."""
        return self.python_lines == 0 and self.notebook_lines <= SMALL_NOTEBOOKS

    @property
    def notebook_share(self) -> float:
        """Share in 0..1 of the code lines that live in notebooks; 0 without code."""
        return self.notebook_lines / self.code_lines if self.code_lines else 0.0


def build(files: Mapping[str, FileFacts], paths: Paths) -> Code:
    """Totals and stages of a repository's own code."""
    twins = _twins(files, paths)
    modules = _own_modules(files, paths)
    by_file: dict[str, Mapping[str, tuple[Evidence, ...]]] = {}
    books: list[NotebookCode] = []
    totals = {"python": 0, "tests": 0, "notebooks": 0, "files": 0}
    gathered: dict[str, list[Evidence]] = {}
    for path, file in files.items():
        role = paths.role(path)
        if role in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE):
            continue
        python = file.python
        book = file.notebook if file.notebook and not file.notebook.problem else None
        if python is None and book is None:
            continue
        totals["files"] += python is not None
        if path in twins:
            continue
        facts = python or (book.python if book else PythonFacts())
        lines = book.code_lines if book else facts.code_lines
        found = stages_of(facts, path)
        stages = {stage: _evidence(path, file, places) for stage, places in found.stages.items()}
        if book or _is_notebook(path, facts, files):
            books.append(_notebook(path, file, facts, lines, found, stages, modules, role))
            totals["notebooks"] += lines if role is Role.CODE else 0
        else:
            totals["python"] += lines if role is Role.CODE else 0
            totals["tests"] += lines if role is Role.TEST else 0
            if stages:
                by_file[path] = stages
        if role is Role.CODE:
            for stage, places in found.stages.items():
                real = [p for p in places if p.note != "toy"] if stage == "load" else places
                gathered.setdefault(stage, []).extend(_evidence(path, file, real))
            gathered.setdefault("serve", []).extend(_evidence(path, file, found.serves))
    training = {e.location.path for e in gathered.get("train", ()) if e.location}
    for stage, seen in gathered.items():
        if stage != "serve":
            gathered[stage] = sorted(seen, key=lambda e: prominence(e.location, training))
    return Code(
        python_files=totals["files"],
        notebooks=len(books),
        python_lines=totals["python"],
        test_lines=totals["tests"],
        notebook_lines=totals["notebooks"],
        trains=tuple(gathered.get("train", ())),
        predicts=tuple(gathered.get("predict", ())),
        serves=tuple(gathered.get("serve", ())),
        reads_data=tuple(gathered.get("load", ())),
        persists_model=tuple(gathered.get("persist", ())),
        per_notebook=tuple(books),
        stages_by_file=by_file,
        evaluates=tuple(gathered.get("evaluate", ())),
        twins=twins,
    )


def has_notebooks(files: Mapping[str, FileFacts], paths: Paths) -> bool:
    """Whether `build` would count a notebook."""
    twins = _twins(files, paths)
    for path, file in files.items():
        if path in twins or paths.role(path) in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE):
            continue
        if file.notebook and not file.notebook.problem:
            return True
        if file.python and _is_notebook(path, file.python, files):
            return True
    return False


_ASIDE = lazy_regex(
    r"(?i)(?:^|[/_-])(?:deprecated|legacy|old|archived?|backup|unused|scratch|sandbox|playground|prototypes?|poc|demos?|"
    r"explor\w*|eda|analysis|tutorials?|benchmarks?|utils?|helpers?|timers?|misc|others?)(?:[/_.-]|$)"
)
"""Folders and names of what a project could do without: the last places to point at."""


def prominence(place: Location | None, training: Collection[str]) -> tuple[bool, bool, bool]:
    """Sorts the places of a stage: modules before notebooks, what trains before what does not, side tracks last."""
    path = place.path if place else ""
    return path.endswith(".ipynb"), _ASIDE.search(path) is not None, path not in training


def _is_notebook(path: str, facts: PythonFacts, files: Mapping[str, FileFacts]) -> bool:
    """Whether a `.py` file is a notebook at heart.

    Cell marks alone (`# %%`) do not make one: some people structure their modules with them.
    """
    if facts.flavour not in NOTEBOOK_FLAVOURS:
        return False
    if facts.flavour == "databricks":
        return True
    in_package = f"{path[: path.rfind('/') + 1]}__init__.py" in files
    return not (in_package or facts.has_main_guard or facts.lines_in_definitions > 0.5 * facts.code_lines)


def _evidence(path: str, file: FileFacts, places: Iterable[Seen]) -> tuple[Evidence, ...]:
    book = file.notebook
    return tuple(
        Evidence(seen.detail, book.locate(path, seen.line) if book else Location(path, seen.line))
        for seen in list(places)[:MAX_PLACES]
    )


def _notebook(
    path: str,
    file: FileFacts,
    facts: PythonFacts,
    lines: int,
    found: FileStages,
    stages: Mapping[str, tuple[Evidence, ...]],
    modules: Mapping[str, frozenset[str]],
    role: Role,
) -> NotebookCode:
    folder = path.rpartition("/")[0] or "."
    own = modules[""] | modules.get(folder, frozenset())
    imported = {
        item.module.partition(".")[0] for item in facts.imports if item.level or item.module.partition(".")[0] in own
    }
    own_calls = sum(call.name.startswith(".") or call.name.partition(".")[0] in imported for call in facts.calls)
    loads, trains = found.stages.get("load", []), found.stages.get("train", [])
    last = [*found.stages.get("evaluate", []), *found.stages.get("predict", [])]
    in_order = bool(loads and trains and last and loads[0].line <= trains[0].line <= max(seen.line for seen in last))
    return NotebookCode(
        path=path,
        stages=stages,
        code_lines=lines,
        imports_own_modules=bool(imported),
        parameterised=file.notebook is not None and any("parameters" in c.tags for c in file.notebook.cells),
        own_calls=own_calls / len(facts.calls) if facts.calls else 0.0,
        toy_data=bool(loads) and all(seen.note == "toy" for seen in loads),
        clusters_only=bool(trains) and all(seen.note == "cluster" for seen in trains),
        in_order=in_order,
        in_docs=role is not Role.CODE,
        definitions=len(facts.definitions),
    )


def _twins(files: Mapping[str, FileFacts], paths: Paths) -> dict[str, str]:
    """Exported or paired copies: a `.py` notebook with the name of an `.ipynb` file counts once, as that file."""
    books: dict[str, str] = {}
    for path, file in files.items():
        if file.notebook is not None and paths.role(path) is not Role.VENDORED:
            books.setdefault(_stem(path), path)
    found = {}
    for path, file in files.items():
        if file.python is not None and (file.python.flavour in NOTEBOOK_FLAVOURS):
            book = books.get(_stem(path))
            if book:
                found[path] = book
    return found


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.removesuffix(suffix_of(name)).lower()


def _own_modules(files: Mapping[str, FileFacts], paths: Paths) -> dict[str, frozenset[str]]:
    """Names under which notebooks may import own code: packages anywhere under `""`, plain modules by folder."""
    packages: set[str] = set()
    folders: set[str] = set()
    by_folder: dict[str, set[str]] = {}
    for path, file in files.items():
        if file.python is None or paths.role(path) not in (Role.CODE, Role.DOCS):
            continue
        folder, _, name = path.rpartition("/")
        folders.add(folder)
        stem = name.removesuffix(suffix_of(name))
        if stem.isidentifier() and file.python.flavour not in NOTEBOOK_FLAVOURS:
            by_folder.setdefault(folder or ".", set()).add(stem)
            if "/" not in folder:
                packages.add(stem)
    packages.update(part for folder in folders for part in folder.split("/") if part.isidentifier())
    result = {folder: frozenset(names) for folder, names in by_folder.items()}
    result[""] = frozenset(packages)
    return result
