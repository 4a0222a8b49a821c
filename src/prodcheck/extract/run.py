"""Run every extractor that has something to say about a file, once per file."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prodcheck.errors import UnreadableFile
from prodcheck.extract import ci, container, document, ignores, manifest, notebook, python, secrets, tasks
from prodcheck.extract.budget import OutOfTime, limited
from prodcheck.extract.installed import is_installed
from prodcheck.extract.python import PythonFacts
from prodcheck.extract.secrets.redact import redact
from prodcheck.extract.text import is_binary, is_lfs_pointer
from prodcheck.model import Location, RunError, Skipped
from prodcheck.records import dataclass
from prodcheck.repository import Repository

if TYPE_CHECKING:
    from prodcheck.extract.past import Past

MAX_TEXT = 5_000_000
"""Bytes. Larger text is data, not source; notebooks may be larger because of their images."""
MAX_NOTEBOOK = 100_000_000
HEAD = 8192
SECONDS = 10.0
"""Processor time that every file may take to be understood ..."""
SECONDS_PER_MB = 2.0
"""... and what each megabyte of it adds. Ordinary source takes about a hundredth of that."""


@dataclass(frozen=True)
class FileFacts:
    """What one file says; a part is None when the file has nothing of it."""

    path: str
    size: int
    blob: str | None = None
    tracked: bool = True
    binary: bool = False
    lfs_pointer: bool = False
    python: python.PythonFacts | None = None
    notebook: notebook.NotebookFacts | None = None
    manifests: tuple[manifest.Manifest, ...] = ()
    pipeline: ci.Pipeline | None = None
    tasks: tuple[tasks.TaskFile, ...] = ()
    document: document.Document | None = None
    container: container.Container | None = None
    secrets: tuple[secrets.Secret, ...] = ()
    ignores: tuple[ignores.InlineIgnore, ...] = ()
    out_of_time: bool = False
    """Reading was given up: nothing is known of what the file says. Depends on the machine, so it is never cached."""

    @property
    def source(self) -> PythonFacts | None:
        """The Python of a module, or of a notebook's cells joined; None where there is none."""
        return self.python or (self.notebook.python if self.notebook else None)

    def locate(self, line: int) -> Location:
        """Place of a line of `source`: for a notebook with cell and raw line."""
        return self.notebook.locate(self.path, line) if self.notebook else Location(self.path, line)


@dataclass(frozen=True)
class Extraction:
    """All files of the repository with their facts, sorted by path."""

    files: Mapping[str, FileFacts]
    skipped: tuple[Skipped, ...]
    errors: tuple[RunError, ...]
    bytes: int
    past: Past | None = None
    """What the history holds; None when nobody asked for it."""


def extract_file(path: str, data: bytes, *, blob: str | None = None, tracked: bool = True) -> FileFacts:
    """Facts of one file. Pure: the same path and bytes give the same facts."""
    if is_lfs_pointer(data):
        return FileFacts(path, len(data), blob, tracked, lfs_pointer=True)
    if is_binary(data):
        return FileFacts(path, len(data), blob, tracked, binary=True)
    if is_installed(path):
        return FileFacts(path, len(data), blob, tracked)
    book = notebook.extract(path, data) if notebook.wants(path) else None
    module, tree = python.read(path, data) if python.wants(path) else (None, None)
    return FileFacts(
        path,
        len(data),
        blob,
        tracked,
        python=module,
        notebook=book,
        manifests=(manifest.extract(path, data, tree) or ()) if manifest.wants(path) else (),
        pipeline=ci.extract(path, data) if ci.wants(path) else None,
        tasks=(tasks.extract(path, data, tree) or ()) if tasks.wants(path) else (),
        document=document.extract(path, data) if document.wants(path) else None,
        container=container.extract(path, data) if container.wants(path) else None,
        secrets=secrets.extract(path, data, book),
        ignores=ignores.extract(path, data, book),
    )


def extract_in_time(path: str, data: bytes, *, blob: str | None = None, tracked: bool = True) -> FileFacts:
    """As `extract_file`, but a file that takes too much processor time is given up and comes back `out_of_time`."""
    try:
        return limited(seconds_for(len(data)), lambda: extract_file(path, data, blob=blob, tracked=tracked))
    except OutOfTime:
        return FileFacts(path, len(data), blob, tracked, out_of_time=True)


def seconds_for(size: int) -> float:
    """Processor time that a file of so many bytes may take."""
    return SECONDS + SECONDS_PER_MB * size / 1e6


def extract_all(repository: Repository) -> Extraction:
    """Facts of every file of a repository.

    A file that cannot be read, or is too large to be source, is kept with its size only and listed in `skipped`; an
    extractor that fails is our own error and listed in `errors`. Nothing is lost silently.
    """
    with _without_cycle_collection():
        return _extract_all(repository)


@contextmanager
def _without_cycle_collection() -> Iterator[None]:
    """Syntax trees are large and hold no cycles: looking for cycles in them costs a third of the whole scan."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _extract_all(repository: Repository) -> Extraction:
    files: dict[str, FileFacts] = {}
    skipped = list(repository.skipped)
    errors: list[RunError] = []
    total = 0
    for entry in repository.files:
        bare = FileFacts(entry.path, entry.size, entry.blob, entry.tracked)
        files[entry.path] = bare
        limit = MAX_NOTEBOOK if notebook.wants(entry.path) else MAX_TEXT
        if entry.size > limit:
            skipped.append(Skipped(entry.path, f"{entry.size / 1e6:.0f} MB, larger than any source file"))
            continue
        if is_known_binary(entry.path) and entry.size >= 1024:  # smaller ones may be pointers to large files
            files[entry.path] = FileFacts(entry.path, entry.size, entry.blob, entry.tracked, binary=True)
            continue
        try:
            data = repository.read(entry.path)
        except UnreadableFile as problem:
            skipped.append(Skipped(entry.path, problem.reason))
            continue
        if len(data) > limit:
            skipped.append(Skipped(entry.path, "grew during the scan, to more than any source file has"))
            continue
        total += len(data)
        try:
            files[entry.path] = extract_in_time(entry.path, data, blob=entry.blob, tracked=entry.tracked)
        except Exception as crash:
            # A file that trips us must not cost its owner the report; it is told as an error of ours.
            errors.append(RunError(entry.path, f"{type(crash).__name__} while reading this file"))
            continue
        why = problem_of(files[entry.path])
        if why:
            skipped.append(Skipped(entry.path, redact(why)))
    return Extraction(files, tuple(skipped), tuple(errors), total)


def problem_of(file: FileFacts) -> str:
    """Why a file that should have been understood was not, in one line; empty when it was."""
    if file.out_of_time:
        return f"not understood within {seconds_for(file.size):.0f} seconds"
    if file.notebook is not None and file.notebook.problem:
        return f"notebook not read: {file.notebook.problem}"
    if file.notebook is not None and file.notebook.python.problem_kind == "too-deep":
        return f"code of the notebook not parsed: {file.notebook.python.problem}"
    if file.python is not None and file.python.problem:
        return f"Python not parsed: {file.python.problem}"
    if file.pipeline is not None and file.pipeline.problem:
        return f"CI file not understood: {file.pipeline.problem}"
    problems = [*(m.problem for m in file.manifests), *(t.problem for t in file.tasks)]
    if any(problems):
        return f"not understood: {next(filter(None, problems))}"
    if file.document is not None and file.document.problem:
        return f"not parsed: {file.document.problem}"
    if notebook.wants(file.path) and (file.binary or file.lfs_pointer):
        return f"notebook not read: {'not text' if file.binary else 'its content is in Git LFS, not here'}"
    return ""


def is_known_binary(path: str) -> bool:
    """True for files whose name already says that there is no text in them."""
    return path.rpartition(".")[2].lower() in BINARY_SUFFIXES if "." in path else False


BINARY_SUFFIXES = frozenset(
    "png jpg jpeg gif bmp ico webp tif tiff svgz pdf zip gz tgz bz2 xz 7z rar jar whl egg so dll dylib exe bin pyc pyo "
    "npy npz h5 hdf5 pkl pickle joblib pt pth ckpt onnx safetensors pb tflite keras gguf mat parquet feather arrow orc "
    "avro db sqlite sqlite3 duckdb mp3 wav flac ogg mp4 avi mov mkv webm ttf otf woff woff2 eot xls xlsx doc docx ppt "
    "pptx class o a lib mo".split()
)
