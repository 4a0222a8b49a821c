"""Data and model files in the tree, and what gives them a version.

Presence of a tool is not use: a `.dvc` folder may track nothing, `*.dvc` may be somebody's own suffix, and
`.gitattributes` may promise what no file keeps. So what counts as versioned is an object with a hash, a pointer, or a
pinned revision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from prodcheck.extract.run import FileFacts
from prodcheck.extract.text import split_lines
from prodcheck.facts.calls import Calls
from prodcheck.facts.data_calls import code_evidence
from prodcheck.facts.paths import Paths, Role
from prodcheck.model import Evidence, Location, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

DATA_SUFFIXES = frozenset(
    "csv tsv jsonl ndjson parquet feather arrow orc avro h5 hdf5 hdf npy npz mat xlsx xls db sqlite sqlite3 duckdb rds "
    "rdata sas7bdat dta sav tfrecord tfrecords lmdb mdb arff libsvm svmlight wav flac npk nc zarr lance data "
    "dat".split()
)
MODEL_SUFFIXES = frozenset(
    "pkl pickle joblib pt pth ckpt onnx safetensors pb keras tflite mlmodel gguf ggml bin model caffemodel weights "
    "pmml dill cbm params pdparams bst ubj skops torchscript mar".split()
)
MODEL_WORDS = lazy_regex(r"model|weight|checkpoint|classifier|regressor|vectori[sz]er|encoder|scaler", re.IGNORECASE)
ARCHIVES = frozenset("zip tar gz tgz bz2 xz 7z rar".split())
PICKLES = frozenset(["pkl", "pickle", "joblib", "dill"])
AMBIGUOUS = frozenset("bin pb data dat model params weights db mat mar arrow xls xlsx wav flac".split())
"""Suffixes that name other things too; they count from 10 kB on."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One data or model file kept in the tree. `size` in bytes; a pointer stands for a file kept elsewhere."""

    path: str
    size: int
    model: bool
    pointer: bool


@dataclass(frozen=True)
class Data:
    data_files: tuple[DataFile, ...]
    versioned: tuple[Evidence, ...]
    """Objects that really have a version: DVC outs with hashes, LFS pointers, annex links, pinned revisions."""
    initialised: tuple[Evidence, ...]
    """A tool that is set up, whether or not it tracks anything yet."""
    public: tuple[Evidence, ...] = ()
    """Where code loads a public dataset by name, such as `sklearn.datasets.load_iris`."""
    ignored: tuple[Evidence, ...] = ()
    """Lines of `.gitignore` that keep a data folder out of git."""

    @property
    def bytes_in_git(self) -> int:
        """Bytes of data and model files stored directly in the tree."""
        return sum(f.size for f in self.data_files if not f.pointer)


def build(
    files: Mapping[str, FileFacts],
    paths: Paths,
    links: Mapping[str, str],
    calls: Calls,
    text: Callable[[str], str] = lambda path: "",
) -> Data:
    """Data files and their versions. `text` gives the text of a file, for `.gitattributes` and `.gitignore`."""
    data_files = [*_in_tree(files, paths), *_annexed(links), *_dvc_outs(files, paths)]
    code = code_evidence(files, paths, calls)
    versioned = [
        *_dvc_tracked(files, paths),
        *(
            Evidence("is a Git LFS pointer", Location(f.path))
            for f in data_files
            if f.pointer and f.path in files and files[f.path].lfs_pointer
        ),
        *(Evidence("is kept by git-annex", Location(path)) for path, target in links.items() if _ANNEX in target),
        *_catalogues(files, paths),
        *code.versioned,
    ]
    initialised = [*_set_up(files, paths, text), *code.initialised]
    return Data(
        tuple(sorted(data_files, key=lambda f: f.path)),
        tuple(versioned),
        tuple(initialised),
        code.public,
        tuple(_ignored(files, text)),
    )


_ANNEX = ".git/annex/objects"


def suffix(path: str) -> str:
    """The last suffix in lower case without its dot; the one before it for compressed files (`x.csv.gz` is csv)."""
    parts = path.rpartition("/")[2].lower().split(".")
    if len(parts) > 2 and parts[-1] in ARCHIVES and parts[-2] in DATA_SUFFIXES:
        return parts[-2]
    return parts[-1] if len(parts) > 1 else ""


def kind_of(path: str, size: int) -> str | None:
    """`data`, `model` or None for a file, by its name and size in bytes."""
    ending = suffix(path)
    if ending in AMBIGUOUS and size < 10_000:
        return None
    folders = set(path.lower().split("/")[:-1])
    if ending in PICKLES:
        return "model" if MODEL_WORDS.search(path) or not folders & _DATA_FOLDERS else "data"
    if ending in MODEL_SUFFIXES:
        return "model"
    if ending in ("h5", "hdf5") and MODEL_WORDS.search(path):
        return "model"
    if ending in DATA_SUFFIXES:
        return "data"
    if ending in ("json", "txt", "xml") and size >= 1_000_000 and not _REPORT.search(path):
        return "model" if ending == "json" and _JSON_MODEL.search(path) else "data"
    if ending in ARCHIVES and size >= 1_000_000:
        return "model" if MODEL_WORDS.search(path.rpartition("/")[2]) else "data"
    if folders & _DATA_FOLDERS and ending in ("json", "txt", "xml", "jpg", "jpeg", "png") and size >= 1_000:
        return None if ending in ("jpg", "jpeg", "png") and _PICTURE.search(path) else "data"
    return None


_JSON_MODEL = lazy_regex(r"(?i)(?:^|[/_-])(?:xgb\w*|lgbm?|booster|\w*model)(?:[_-][\w.-]*)?\.json$")
_REPORT = lazy_regex(
    r"(?i)(?:coverage|report|lock|schema|openapi|swagger|sarif|changelog|licen[sc]e|notice|tokenizer|vocab|locales?/)"
)
"""Text that tools write or read, however large: no data to learn from."""
_PICTURE = lazy_regex(r"(?i)(?:loss|curve|plot|figure|chart|screenshot|logo|diagram|banner|demo)[^/]*$")
"""Names of pictures that show something rather than being learnt from."""
_DATA_FOLDERS = frozenset("data dataset datasets raw processed interim external corpus corpora input inputs".split())


def _in_tree(files: Mapping[str, FileFacts], paths: Paths) -> Iterator[DataFile]:
    for path, file in files.items():
        if paths.role(path) in (Role.VENDORED, Role.GENERATED) or path.rpartition("/")[2] in _LOCKS:
            continue
        if _CACHE.search(path):
            continue
        kind = kind_of(path, 1_000_000 if file.lfs_pointer else file.size)
        if kind:
            yield DataFile(path, file.size, kind == "model", file.lfs_pointer)


_LOCKS = frozenset(["package-lock.json", "composer.lock"])
_CACHE = lazy_regex(r"(?:^|/)\.(?!dvc/)[^/]+/|(?:^|/)src/main/res/")
"""Folders that tools keep for themselves (`.gradle`, `.idea`), and resources of an Android application."""


def _annexed(links: Mapping[str, str]) -> Iterator[DataFile]:
    for path, target in links.items():
        if _ANNEX in target:
            size = re.search(r"-s(\d+)", target)
            yield DataFile(path, int(size[1]) if size else 0, kind_of(path, 1_000_000) == "model", True)


@dataclass(frozen=True)
class _Out:
    """One output that DVC knows: `hashed` when it has a version, `cached` when DVC keeps its content."""

    path: str
    size: int
    hashed: bool
    cached: bool
    location: Location


def _outs(files: Mapping[str, FileFacts], paths: Paths) -> Iterator[_Out]:
    """Outputs in `*.dvc` files and `dvc.lock`, with the ones that DVC does not cache told apart."""
    for path, file in files.items():
        if file.document is None or paths.role(path) in (Role.VENDORED, Role.TEMPLATE, Role.TEST):
            continue
        if path.endswith(".dvc"):
            entries = [
                (file.document.get("outs"), file.document.lines.get("outs.0") or file.document.lines.get("outs"))
            ]
            uncached: set[str] = set()
        elif path.rpartition("/")[2] == "dvc.lock":
            stages = file.document.get("stages") or file.document.root
            base = "stages." if file.document.get("stages") else ""
            entries = []
            for name, stage in stages.items() if isinstance(stages, dict) else ():
                if isinstance(stage, dict):
                    line = file.document.lines.get(f"{base}{name}.outs")
                    entries.append((stage.get("outs"), line))
            uncached = _uncached(files, str(PurePosixPath(path).with_name("dvc.yaml")))
        else:
            continue
        for outs, line in entries:
            for out in outs if isinstance(outs, list) else ():
                if isinstance(out, dict) and isinstance(out.get("path"), str):
                    size = out.get("size")
                    yield _Out(
                        str(PurePosixPath(path).parent / str(out["path"])),
                        size if isinstance(size, int) else 0,
                        any(
                            out.get(key) for key in ("md5", "etag", "checksum", "hash", "version_id", "files", "cloud")
                        ),
                        out.get("cache", True) is not False and out["path"] not in uncached,
                        Location(path, line),
                    )


_HASHES = ("md5", "etag", "checksum", "hash", "version_id", "files", "cloud")


def _uncached(files: Mapping[str, FileFacts], path: str) -> set[str]:
    """Outputs, metrics and plots of a `dvc.yaml` that git keeps instead of DVC (`cache: false`)."""
    file = files.get(path)
    stages = file.document.get("stages") if file and file.document else None
    found: set[str] = set()
    for stage in stages.values() if isinstance(stages, dict) else ():
        for key in ("outs", "metrics", "plots"):
            outs = stage.get(key) if isinstance(stage, dict) else None
            for out in outs if isinstance(outs, list) else ():
                if isinstance(out, dict):
                    found.update(
                        str(name) for name, how in out.items() if isinstance(how, dict) and how.get("cache") is False
                    )
    return found


def _dvc_outs(files: Mapping[str, FileFacts], paths: Paths) -> Iterator[DataFile]:
    for out in _outs(files, paths):
        if out.hashed and out.cached and out.path not in files:
            yield DataFile(out.path, out.size, kind_of(out.path, 1_000_000) == "model", True)


def _dvc_tracked(files: Mapping[str, FileFacts], paths: Paths) -> Iterator[Evidence]:
    for out in _outs(files, paths):
        if out.hashed and out.cached:
            yield Evidence(f"DVC tracks {out.path} by hash", out.location)


def _catalogues(files: Mapping[str, FileFacts], paths: Paths) -> Iterator[Evidence]:
    """Versions written in configuration: Kedro catalogues, Azure ML data assets, lakeFS references."""
    for path, file in files.items():
        document, name = file.document, path.rpartition("/")[2]
        if document is None or document.format != "yaml" or paths.role(path) in (Role.VENDORED, Role.TEMPLATE):
            continue
        if name.startswith("catalog") and isinstance(document.root, dict):
            for dataset, settings in document.root.items():
                if isinstance(settings, dict) and settings.get("versioned") is True:
                    yield Evidence(f"{dataset} is a versioned dataset", Location(path, document.lines.get(dataset)))
        elif name == ".lakefs_ref.yaml":
            yield Evidence("refers to a lakeFS commit", Location(path))
        for part in document.parts:
            if isinstance(part, dict):
                yield from _azure_assets(part, path, document.lines)


def _azure_assets(root: Mapping[str, object], path: str, lines: Mapping[str, int]) -> Iterator[Evidence]:
    if re.search(r"/data\.schema\.json$", str(root.get("$schema", ""))):
        # Without a number, registering the asset gives it the next one.
        yield Evidence(
            f"is registered as the data asset {root.get('name', '')}".rstrip(), Location(path, lines.get("name"))
        )
    for group in ("inputs", "jobs"):
        entries = root.get(group)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(entry, dict):
                continue
            source = str(entry.get("path", ""))
            if group == "inputs" and re.fullmatch(r"azureml:[\w.-]+:\d[\w.]*", source):
                yield Evidence(f"reads the data asset {source}", Location(path, lines.get(f"{group}.{name}")))


def _set_up(files: Mapping[str, FileFacts], paths: Paths, text: Callable[[str], str]) -> Iterator[Evidence]:
    for path, file in files.items():
        if paths.role(path) in (Role.VENDORED, Role.TEMPLATE, Role.TEST):
            continue
        name = path.rpartition("/")[2]
        if path.endswith(".dvc/config"):
            yield Evidence("DVC is initialised", Location(path), Strength.CONFIGURED)
        elif name == "dvc.yaml" and file.document is not None and file.document.get("stages"):
            yield Evidence("DVC runs a pipeline", Location(path), Strength.CONFIGURED)
        elif path.endswith(".datalad/config"):
            yield Evidence("is a DataLad dataset", Location(path), Strength.CONFIGURED)
        elif name == ".gitattributes":
            for number, line in enumerate(split_lines(text(path)), start=1):
                if "filter=lfs" in line and not line.lstrip().startswith("#"):
                    pattern = line.split()[0]
                    yield Evidence(f"Git LFS is set up for {pattern}", Location(path, number), Strength.CONFIGURED)


_IGNORED = lazy_regex(
    r"/?(?:[\w./*-]*/)?(?:data|datasets?|raw|\*\.(?:csv|parquet|npy|h5|feather|tfrecords?))(?:/\*{0,2})?\Z"
)


def _ignored(files: Mapping[str, FileFacts], text: Callable[[str], str]) -> Iterator[Evidence]:
    for path in files:
        if path.rpartition("/")[2] == ".gitignore":
            for number, line in enumerate(split_lines(text(path)), start=1):
                if _IGNORED.match(line.strip()):
                    yield Evidence(f"git ignores {line.strip()}", Location(path, number), Strength.CONFIGURED)
