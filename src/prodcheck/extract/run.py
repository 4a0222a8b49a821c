"""Run every extractor that has something to say about a file, once per file."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from prodcheck.errors import UnreadableFile
from prodcheck.extract import cache as caches
from prodcheck.extract import (
    ci,
    container,
    document,
    ignores,
    keep,
    manifest,
    notebook,
    python,
    secrets,
    tasks,
)
from prodcheck.extract.budget import OutOfTime, limited
from prodcheck.extract.cache import Cache
from prodcheck.extract.installed import is_installed
from prodcheck.extract.python import PythonFacts
from prodcheck.extract.secrets.redact import redact
from prodcheck.extract.text import is_binary, is_lfs_pointer
from prodcheck.model import Location, RunError, Skipped
from prodcheck.records import dataclass
from prodcheck.repository import Repository, disk
from prodcheck.repository.worktree import blob_id, is_filtered

if TYPE_CHECKING:
    from prodcheck.extract.past import Past

MAX_TEXT = 5_000_000
"""Bytes. Larger text is data, not source; notebooks may be larger because of their images."""
MAX_NOTEBOOK = 100_000_000
SECONDS = 10.0
"""Processor time that every file may take to be understood ..."""
SECONDS_PER_MB = 2.0
"""... and what each megabyte of it adds. Ordinary source takes about a hundredth of that."""
MANY_FILES, MANY_BYTES = 300, 5_000_000
"""Files of code, or bytes in them, from which on several processes are quicker than one."""
CROWDED = 1_000
"""Files from which on calls are kept packed: with fewer there is little to save, and nothing to import."""
AT_ONCE = 2_000
"""Files after which what was found is put into the cache."""
CODE = (".py", ".pyw", ".ipynb")
EXTRACTION = ("extract", "repository", "config.py", "errors.py", "model.py", "patterns.py", "records.py", "toml.py")
"""The parts of the package that decide what the facts of a file are."""

GAVE_UP = "not understood within"
"""How the reason begins for a file whose reading took too much time."""


@dataclass(frozen=True, slots=True)
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
    runs = module is None or not module.left_out  # of a module that runs something, nothing is left out
    return FileFacts(
        path,
        len(data),
        blob,
        tracked,
        python=module,
        notebook=book,
        manifests=(manifest.extract(path, data, tree) or ()) if manifest.wants(path) else (),
        pipeline=ci.extract(path, data) if ci.wants(path) else None,
        tasks=(tasks.extract(path, data, tree) or ()) if runs and tasks.wants(path) else (),
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


def extract_all(repository: Repository, *, jobs: int | None = 1, cache: Cache | None = None) -> Extraction:
    """Facts of every file of a repository.

    A file that cannot be read, or is too large to be source, is kept with its size only and listed in `skipped`; an
    extractor that fails is our own error and listed in `errors`. Nothing is lost silently.

    `jobs` is the number of processes that share the work where there is enough of it, None for as many as the machine
    has processors for us; `cache` holds what earlier runs have found. Neither changes what comes out.
    """
    with _without_cycle_collection():
        return _extract_all(repository, jobs, cache)


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


class _Item(NamedTuple):
    """One file to read, as a process is told of it."""

    path: str
    size: int
    blob: str | None
    tracked: bool
    folder: str | None
    """The folder on disk that its path begins in; None where only the repository can read it."""
    version: str | None
    """What the cache's keys begin with; None without a cache."""
    content: bytes | None = None
    """What the repository read for a process that cannot."""
    unreadable: str = ""


class _Outcome(NamedTuple):
    """What became of one file: its facts, as they are or packed, or why there are none."""

    facts: FileFacts | None = None
    unreadable: str = ""
    crash: str = ""
    read: int = 0
    """Bytes that were read of it."""
    packed: bytes | None = None
    key: bytes | None = None
    """Under what `value`, the packed facts as the cache keeps them, is to be kept; None when it is not."""
    value: bytes = b""


def _extract_all(repository: Repository, jobs: int | None, cache: Cache | None) -> Extraction:
    files: dict[str, FileFacts] = {}
    skipped = list(repository.skipped)
    errors: list[RunError] = []
    version = caches.code_version(*EXTRACTION) if cache is not None else None
    items: list[_Item] = []
    folder = repository.folder
    for entry in repository.files:
        files[entry.path] = FileFacts(entry.path, entry.size, entry.blob, entry.tracked)
        limit = MAX_NOTEBOOK if notebook.wants(entry.path) else MAX_TEXT
        if entry.size > limit:
            skipped.append(Skipped(entry.path, f"{entry.size / 1e6:.0f} MB, larger than any source file"))
        elif is_known_binary(entry.path) and entry.size >= 1024:  # smaller ones may be pointers to large files
            files[entry.path] = FileFacts(entry.path, entry.size, entry.blob, entry.tracked, binary=True)
        else:
            items.append(_Item(entry.path, entry.size, entry.blob, entry.tracked, folder, version))
    total = 0
    settle = _settling() if len(items) >= CROWDED else None
    for item, outcome in _outcomes(repository, items, jobs, cache):
        total += outcome.read
        if outcome.facts is not None:
            files[item.path] = outcome.facts
            if settle is not None:
                settle(outcome.facts, item)
            if why := problem_of(outcome.facts):
                skipped.append(Skipped(item.path, redact(why)))
        elif outcome.crash:
            # A file that trips us must not cost its owner the report; it is told as an error of ours.
            errors.append(RunError(item.path, outcome.crash))
        else:
            skipped.append(Skipped(item.path, outcome.unreadable))
    errors.sort(key=lambda error: error.where)
    return Extraction(files, tuple(sorted(skipped, key=lambda one: one.path)), tuple(errors), total)


def _settling() -> Callable[[FileFacts, _Item], None]:
    """Lets the facts of one file after the other take little room beside those of all others."""
    from prodcheck.extract.shared import Shared

    shared = Shared()

    def settle(facts: FileFacts, item: _Item) -> None:
        if facts.source is not None:
            facts.source.calls.pack()
            shared.module(facts.source)
        if facts.document is not None:
            shared.document(facts.document)
        shared.same(facts, path=item.path, size=item.size, blob=item.blob)

    return settle


def _outcomes(
    repository: Repository, items: Sequence[_Item], jobs: int | None, cache: Cache | None
) -> Iterator[tuple[_Item, _Outcome]]:
    """What became of every file, in any order: from the cache what is there, the rest by reading it."""
    left: list[_Item] = []
    for item, facts in _remembered(repository, items, cache):
        if facts is None:
            left.append(item)
        else:
            yield item, _Outcome(facts, read=facts.size)
    fresh: dict[bytes, bytes] = {}
    for item, outcome in _read(repository, left, jobs):
        if outcome.key is not None:
            fresh[outcome.key] = outcome.value
            if cache is not None and len(fresh) >= AT_ONCE:
                cache.write(caches.FILE, fresh)
                fresh.clear()
        yield item, outcome
    if cache is not None:
        cache.write(caches.FILE, fresh)


def _remembered(
    repository: Repository, items: Sequence[_Item], cache: Cache | None
) -> Iterator[tuple[_Item, FileFacts | None]]:
    """Every item, with its facts where the cache has them."""
    keys: list[bytes | None] = [None] * len(items)
    if cache is not None and items and items[0].version is not None:
        filtered = is_filtered(repository)
        keys = [_key(item, _content_id(repository, item, filtered)) for item in items]
    found = cache.read([key for key in keys if key is not None]) if cache is not None else {}
    for item, key in zip(items, keys, strict=True):
        packed = found.pop(key, None) if key is not None else None
        facts = _unpacked(packed) if packed is not None else None
        if facts is not None and facts.path == item.path and facts.size == item.size:
            yield item, replace(facts, blob=item.blob, tracked=item.tracked)
        else:
            yield item, None


def _unpacked(packed: bytes) -> FileFacts | None:
    from prodcheck.extract import codec

    with suppress(codec.NotPlain):
        facts: FileFacts = codec.unpack(packed, FileFacts)
        return facts
    return None


def _content_id(repository: Repository, item: _Item, filtered: bool) -> str | None:
    """Git's id of the content: known for what is unchanged since git last saw it, else found out by reading."""
    if item.blob is not None and not filtered:
        return item.blob
    try:
        return blob_id(repository.read(item.path))
    except UnreadableFile:
        return None


def _key(item: _Item, content: str | None) -> bytes | None:
    """Facts depend on the path, too: on its ending, and on the folders that say what a file is for."""
    return caches.key_of(item.version, item.path, content, item.size) if content is not None else None


def _read(repository: Repository, items: Sequence[_Item], jobs: int | None) -> Iterator[tuple[_Item, _Outcome]]:
    """What reading the files tells, in as many processes as are allowed and pay."""
    processes = _processes(items, jobs)
    if processes < 2:
        for item in items:
            yield item, _one(_loaded(repository, item))
        return
    from prodcheck.extract import codec, pool

    prepare = (lambda item: _loaded(repository, item)) if repository.folder is None else None
    for item, outcome in pool.spread(_many, items, _weight, processes, prepare):
        if outcome is None:
            yield item, _Outcome(crash="the process that read this file ended: a crash, or not enough memory")
            continue
        outcome = _Outcome(*outcome)
        if outcome.packed is not None or outcome.key is not None:
            packed = outcome.packed if outcome.packed is not None else caches.spread_out(outcome.value)
            outcome = outcome._replace(facts=codec.unpack(packed, FileFacts), packed=None)
        yield item, outcome


def _processes(items: Sequence[_Item], jobs: int | None) -> int:
    """How many processes are allowed and pay."""
    if jobs == 1 or not _is_much(items):
        return 1
    from prodcheck.extract import pool

    return min(pool.usable_cpus(), pool.MOST_JOBS) if jobs is None else jobs


def _is_much(items: Iterable[_Item]) -> bool:
    sizes = [item.size for item in items if item.path.endswith(CODE)]
    return len(sizes) >= MANY_FILES or sum(sizes) >= MANY_BYTES


def _weight(item: _Item) -> int:
    """Bytes, as far as they are work: code is parsed, most others are only looked over."""
    return 2_000 + (item.size if item.path.endswith(CODE) else item.size // 8)


def _loaded(repository: Repository, item: _Item) -> _Item:
    try:
        return item._replace(content=repository.read(item.path))
    except UnreadableFile as problem:
        return item._replace(unreadable=problem.reason)


def _many(items: list[_Item]) -> list[_Outcome]:
    """What one process does with its piece of work; facts come back as bytes, which is the quickest way."""
    from prodcheck.extract import codec

    found = []
    for item in items:
        outcome = _one(item)
        if outcome.facts is not None:
            packed = None if outcome.key is not None else codec.pack(outcome.facts, FileFacts)
            outcome = outcome._replace(facts=None, packed=packed)
        found.append(outcome)
    return found


def _one(item: _Item) -> _Outcome:
    if item.unreadable:
        return _Outcome(unreadable=item.unreadable)
    try:
        data = disk.read(f"{item.folder}/{item.path}") if item.content is None else item.content
    except UnreadableFile as problem:
        return _Outcome(unreadable=problem.reason)
    if len(data) > (MAX_NOTEBOOK if notebook.wants(item.path) else MAX_TEXT):
        return _Outcome(unreadable="grew during the scan, to more than any source file has")
    try:
        facts = extract_in_time(item.path, data, blob=item.blob, tracked=item.tracked)
    except Exception as crash:
        return _Outcome(crash=f"{type(crash).__name__} while reading this file", read=len(data))
    outcome = _Outcome(facts, read=len(data))
    if item.version is not None and keep.may_keep(facts):
        from prodcheck.extract import codec

        # A file that changed since it was listed, or that git's filters changed, has another id: the cache never knows
        # it under this one.
        content = blob_id(data, item.blob or "")
        if item.blob in (None, content):
            with suppress(codec.NotPlain):
                value = caches.squeeze(codec.pack(facts, FileFacts))
                outcome = outcome._replace(key=_key(item._replace(size=len(data)), content), value=value)
    return outcome


def problem_of(file: FileFacts) -> str:
    """Why a file that should have been understood was not, in one line; empty when it was."""
    if file.out_of_time:
        return f"{GAVE_UP} {seconds_for(file.size):.0f} seconds"
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
