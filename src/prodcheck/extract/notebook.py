"""What one Jupyter notebook says: cells with their raw line numbers, outputs, and the Python inside.

Notebooks are read with the standard library's `json`: measured on 4,168 public notebooks it is the most tolerant reader
there is (byte order marks, UTF-16, NaN, lone surrogates), where nbformat needs eight times as long and gives up on more
files. No shape is trusted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from prodcheck.extract import cells as cleaning
from prodcheck.extract import notebook_names, python
from prodcheck.extract.notebook_lines import Cursor
from prodcheck.extract.python_model import PythonFacts
from prodcheck.extract.text import encoding_of, is_lfs_pointer
from prodcheck.model import Location
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_OUTPUT_TEXT = 1_000_000
"""Characters of one output's text that are kept: what is longer is data."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a cell. `kind` is stream, display, result or error; `text` its text parts only, never images.

    `bytes` is roughly what it takes in the file, images included.
    """

    kind: str
    bytes: int
    text: str = ""
    lines: tuple[int, ...] = ()
    """Raw line in the file for each line of `text`."""
    error: str = ""
    """Name of the exception, for an error."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `index` counts all cells from 1, `lines` holds the raw file line of each line of `source`."""

    index: int
    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    lines: tuple[int, ...] = ()
    execution_count: int | None = None
    """None for a cell that was not run, or whose count was not kept."""
    count_lost: bool = False
    """Whether 0 stands where the count should be: Colab writes that for cells of an earlier session."""
    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    magic: str = ""
    """Name of a leading `%%magic` that makes the cell something other than Python, such as `bash`."""
    parses: bool = True
    """False for a code cell whose Python does not parse; its code is then left out of the notebook's `python`."""


@dataclass(frozen=True, slots=True)
class NotebookFacts:
    """One notebook. `problem` says why it could not be read, and is empty when it was.

    `problem_kind` is one of: empty, lfs-pointer, html, merge-conflict, encoding, too-deep, invalid-json,
    not-a-notebook. `python` is the code of all Python cells joined, with magics blanked line by line; `origins[i]` is
    (cell index, line in cell) of its line i+1.
    """

    cells: tuple[Cell, ...] = ()
    language: str = "python"
    nbformat: int = 4
    python: PythonFacts = field(default_factory=PythonFacts)
    origins: tuple[tuple[int, int], ...] = ()
    size: int = 0
    code_lines: int = 0
    """Lines of code in Python cells, without blanks, comments, magics and shell lines."""
    problem: str = ""
    problem_kind: str = ""
    raw_lines: int = 0
    """Lines of the file."""
    widget_bytes: int = 0
    """Size of the saved state of interactive widgets."""
    unbound: tuple[tuple[str, int], ...] = ()
    """Names that are used and defined nowhere above, in a notebook that was run: (name, line of the joined code)."""

    def locate(self, path: str, line: int) -> Location:
        """Place of a line of the joined code: raw line, cell and line in the cell."""
        if not 1 <= line <= len(self.origins):
            return Location(path)
        index, cell_line = self.origins[line - 1]
        for cell in self.cells:
            if cell.index == index:
                raw = cell.lines[cell_line - 1] if cell_line <= len(cell.lines) else None
                return Location(path, line=raw, cell=index, cell_line=cell_line)
        return Location(path, cell=index, cell_line=cell_line)


MOST_VALUES = 5_000_000
"""Commas, which is to say values: a hundred megabytes of empty lists take thirty times as much memory."""
MOST_CELLS = 20_000


def wants(path: str) -> bool:
    return path.endswith(".ipynb")


def extract(path: str, data: bytes) -> NotebookFacts | None:
    """Facts of one notebook. Never raises for what the file holds: see `NotebookFacts.problem`."""
    size = len(data)
    if not data.strip():
        return NotebookFacts(size=size, problem="is empty", problem_kind="empty")
    if is_lfs_pointer(data):
        return NotebookFacts(size=size, problem="is a Git LFS pointer", problem_kind="lfs-pointer")
    if data.count(b",") > MOST_VALUES:
        problem = f"holds more than {MOST_VALUES:,} values"
        return NotebookFacts(size=size, problem=problem, problem_kind="too-deep")
    text, latin = _decode(data)
    try:
        root = json.loads(text)
    except RecursionError:
        return NotebookFacts(size=size, problem="is nested too deeply to be read", problem_kind="too-deep")
    except ValueError as error:
        kind, why = _why_invalid(text, latin, str(error))
        return NotebookFacts(size=size, problem=why, problem_kind=kind)
    raw_cells = _raw_cells(root)
    if raw_cells is None:
        return NotebookFacts(size=size, problem="is JSON but not a notebook", problem_kind="not-a-notebook")
    if len(raw_cells) > MOST_CELLS:
        problem = f"holds more than {MOST_CELLS:,} cells"
        return NotebookFacts(size=size, problem=problem, problem_kind="too-deep")
    metadata = root.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    cursor = Cursor(text)
    cells = []
    for index, raw in enumerate(raw_cells, start=1):
        if isinstance(raw, dict):
            cells.append(_cell(index, raw, cursor))
    version = root.get("nbformat")
    widgets = metadata.get("widgets")
    facts = NotebookFacts(
        cells=tuple(cells),
        language=_language(metadata, raw_cells),
        nbformat=version if isinstance(version, int) else 4,
        size=size,
        raw_lines=text.count("\n") + 1,
        widget_bytes=_weight(widgets) if widgets else 0,
    )
    return with_python(facts) if facts.language == "python" else facts


def _decode(data: bytes) -> tuple[str, bool]:
    """Text of the file, and whether it had to be read as Latin-1."""
    encoding = encoding_of(data)
    try:
        return data.decode(encoding, "surrogatepass"), False
    except UnicodeDecodeError:
        return data.decode("latin-1"), True


_CONFLICT = lazy_regex(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)


def _why_invalid(text: str, latin: bool, message: str) -> tuple[str, str]:
    head = text[:500].lstrip().lower()
    if head.startswith(("<!doctype", "<html", "<?xml")) or (head.startswith("<") and "<html" in head):
        return "html", "is an HTML page saved as a notebook"
    if text.lstrip().startswith("version https://git-lfs"):
        return "lfs-pointer", "is a Git LFS pointer"
    if _CONFLICT.search(text):
        return "merge-conflict", "holds merge conflict markers"
    if latin:
        return "encoding", "is neither UTF-8 nor UTF-16"
    return "invalid-json", f"is not valid JSON ({message.split(':')[0].lower()})"


def _raw_cells(root: object) -> Sequence[object] | None:
    """The cells as written, of any version of the format; None when this is no notebook."""
    if not isinstance(root, dict):
        return None
    cells = root.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = root.get("worksheets")
    if isinstance(sheets, list):
        found: list[object] = []
        for sheet in sheets:
            inner = sheet.get("cells") if isinstance(sheet, dict) else None
            if isinstance(inner, list):
                found.extend(inner)
        return found
    return [] if "nbformat" in root and cells is None else None


def _language(metadata: Mapping[str, object], raw_cells: Sequence[object]) -> str:
    """The kernel's language in lower case; `python` when nothing is said."""
    for key, name in (("language_info", "name"), ("kernelspec", "language"), ("kernelspec", "name")):
        part = metadata.get(key)
        word = part.get(name) if isinstance(part, dict) else None
        if isinstance(word, str) and word:
            word = word.lower()
            # Kernel names are free text, so only well-known other languages count there.
            if name == "name" and key == "kernelspec" and word not in _OTHER_KERNELS:
                continue
            return "python" if "python" in word or "pyspark" in word else _OTHER_KERNELS.get(word, word)
    for raw in raw_cells:
        word = raw.get("language") if isinstance(raw, dict) else None
        if isinstance(word, str) and word:
            return "python" if "python" in word.lower() else word.lower()
    return "python"


_OTHER_KERNELS = {"ir": "r", "irkernel": "r", "bash": "bash", "scala": "scala", "javascript": "javascript"}


def _cell(index: int, raw: Mapping[str, object], cursor: Cursor) -> Cell:
    kind = raw.get("cell_type")
    kind = kind if kind in ("code", "markdown", "raw") else "markdown" if kind == "heading" else "raw"
    cursor.enter_cell()
    key = "source" if "source" in raw else "input"
    source, lines = cursor.text_of(raw.get(key), key)
    metadata = raw.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    count = raw.get("execution_count", raw.get("prompt_number"))
    outputs: list[Output] = []
    raw_outputs = raw.get("outputs")
    if kind == "code" and isinstance(raw_outputs, list) and raw_outputs:
        cursor.enter_outputs()
        outputs = [_output(item, cursor) for item in raw_outputs if isinstance(item, dict)]
    return Cell(
        index=index,
        kind=kind,
        source=source,
        lines=lines,
        execution_count=count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None,
        count_lost=count == 0 and isinstance(count, int) and not isinstance(count, bool),
        tags=tuple(t for t in tags if isinstance(t, str)) if isinstance(tags, list) else (),
        outputs=tuple(outputs),
        magic=cleaning.leading_magic(source) if kind == "code" else "",
    )


_OUTPUT_KINDS = {
    "stream": "stream",
    "display_data": "display",
    "update_display_data": "display",
    "execute_result": "result",
    "pyout": "result",
    "error": "error",
    "pyerr": "error",
}
_TEXT_KEYS = ("text", "evalue", "traceback")
_TEXT_TYPES = frozenset("text/plain text/html text/markdown text/latex application/javascript html".split())
_EMBEDDED = lazy_regex(r"base64,[A-Za-z0-9+/=]{100,}")


def _output(raw: Mapping[str, object], cursor: Cursor) -> Output:
    kind = raw.get("output_type")
    size = 0
    texts: list[str] = []
    lines: list[int] = []
    bundle = raw.get("data")
    parts = dict(raw)
    parts.pop("metadata", None)
    if isinstance(bundle, dict):
        parts.pop("data")
        parts.update(bundle)
    for key, value in parts.items():
        weight = _weight(value)
        size += weight
        if (key in _TEXT_KEYS or key in _TEXT_TYPES) and weight <= MAX_OUTPUT_TEXT:
            text, where = cursor.text_of(value, key)
            if text:
                texts.append(_EMBEDDED.sub("base64,…", text) if "base64," in text else text)
                lines.extend(where)
    name = raw.get("ename")
    error = name[:60] if isinstance(name, str) and name.isidentifier() else ""
    return Output(_OUTPUT_KINDS.get(str(kind), "display"), size, "\n".join(texts), tuple(lines), error)


def _weight(value: object) -> int:
    """Roughly the bytes that a JSON value takes in a file."""
    total, todo = 0, [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            total += len(item) + 2
        elif isinstance(item, list):
            if len(item) > 1000 and not isinstance(item[0], str | list | dict):
                total += 8 * len(item)  # a long table of numbers
            else:
                todo.extend(item)
                total += len(item)
        elif isinstance(item, dict):
            total += sum(len(key) + 4 for key in item)
            todo.extend(item.values())
        else:
            total += 4
    return total


_BINDS_NOTHING = frozenset("! bash sh script html javascript js latex markdown svg writefile cmd system".split()) | {""}
"""Cell magics that leave the kernel's names alone."""


def with_python(facts: NotebookFacts) -> NotebookFacts:
    """The notebook with the facts of its Python cells.

    All cells are parsed together, which is fast and lets names be followed across cells; only when that fails each
    cell is parsed on its own, and those that do not parse are left out.
    """
    cleaned: list[tuple[Cell, str]] = []
    for cell in facts.cells:
        if cell.kind == "code" and not cell.magic and cell.source.strip():
            cleaned.append((cell, cleaning.to_python(cell.source)))
    if sum(len(source) for _, source in cleaned) > python.LARGEST:
        return replace(facts, python=PythonFacts(problem="too long to be read", problem_kind="too-deep"))
    broken: set[int] = set()
    problem: tuple[str, str] = ("", "")
    try:
        tree = python.parse("\n".join(source for _, source in cleaned))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        kept = []
        for cell, source in cleaned:
            repaired, kind = cleaning.parsable(source, python.parse)
            if kind:
                broken.add(cell.index)
                problem = problem if problem[0] else (f"cell {cell.index} {python.PROBLEMS[kind]}", kind)
            kept.append((cell, repaired))
        cleaned = kept
        try:
            tree = python.parse("\n".join(source for _, source in cleaned))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return replace(facts, python=PythonFacts(problem="does not parse", problem_kind="broken"))
    joined = "\n".join(source for _, source in cleaned)
    try:
        found = python.analyse(tree, joined, digests=True)
    except RecursionError:
        found = PythonFacts(problem="too long or nested too deeply", problem_kind="too-deep")
    if problem[0]:
        found = replace(found, problem=problem[0], problem_kind=problem[1])
    origins = tuple((cell.index, n) for cell, source in cleaned for n in range(1, source.count("\n") + 2))
    executed = any(cell.execution_count is not None for cell in facts.cells)
    whole = executed and not broken and all(c.magic in _BINDS_NOTHING for c in facts.cells)
    return replace(
        facts,
        unbound=notebook_names.unbound(tree, [c.source for c, _ in cleaned]) if whole else (),
        cells=tuple(replace(c, parses=False) if c.index in broken else c for c in facts.cells),
        python=found,
        origins=origins,
        code_lines=sum(cleaning.code_lines(c.source) for c in facts.cells if c.kind == "code" and not c.magic),
    )
