"""Checks of the category `data`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.data import DataFile, kind_of
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MANY = 12
"""Files of data that are named; who has more knows."""
BEARABLE = 10
"""How many times the size of small data git still bears, if nobody changes the data often."""


@dataclass(frozen=True)
class _Read:
    """One place where code reads data; `source` is the path or address when it is written there, else empty."""

    location: Location | None
    source: str


def data_not_versioned(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Training data with an addressable version: a hash, a pointer, a pinned revision, or small enough for git."""
    reads = _own_reads(facts)
    if not reads and facts.data.public:
        return Outcome(None, facts.data.public[:3], reason="only public datasets are loaded, by name", applicable=False)
    if not reads and facts.code.reads_data and not _in_git(facts):
        return Outcome.not_applicable("only public datasets are read, by readers called after them")
    tracked = [e for e in facts.data.versioned if _is_data(e)]
    if tracked:
        places = len(facts.data.versioned)
        return Outcome(1.0, tuple(tracked[:5]), reason=f"{places} object{'s' * (places != 1)} with a recorded version")
    in_git = _in_git(facts)
    size = sum(f.size for f in in_git)
    limit = facts.config.thresholds.small_data_mb * 1e6
    absent = _left_out(facts)
    names = {PurePosixPath(f.path).name for f in in_git} | {PurePosixPath(path).name for path in absent}
    outside = [r for r in reads if r.source and PurePosixPath(r.source).name not in names]
    inside = [r for r in reads if r.source and PurePosixPath(r.source).name in names]
    if absent and size <= limit and not outside and not facts.data.versioned:
        return Outcome.unknown(f"{absent[0]} is in git and not checked out, so its size is not known")
    if in_git and size <= limit and (inside or not outside):
        evidence = tuple(Evidence(f"{_size(f.size)} kept in git", Location(f.path)) for f in in_git[:5])
        return Outcome(
            1.0,
            evidence,
            reason=f"{_size(size)} of data in git, which is small enough for git to version it",
            confidence=Confidence.HIGH if inside else Confidence.MEDIUM,
        )
    partly = _partly(facts)
    if partly is not None:
        return partly
    return _unversioned(facts, in_git, size, limit, outside, reads)


def _unversioned(
    facts: Facts, in_git: list[DataFile], size: int, limit: float, outside: list[_Read], reads: list[_Read]
) -> Outcome:
    if in_git and size > limit:
        largest = max(in_git, key=lambda f: f.size)
        # A few megabytes are a burden that git can bear, and it does know which bytes were there.
        softer = Severity.MINOR if size <= BEARABLE * limit else None
        many = f"{len(in_git)} files of together " if len(in_git) > 1 else ""
        detail = f"{many}{_size(size)} in git, which keeps a whole copy of every change"
        hit = Hit(Location(largest.path), detail, identity="in git", severity=softer)
        return Outcome(0.0, hits=(hit,), reason=f"{_size(size)} of data in git and no data versioning tool")
    if outside:
        hits = tuple(_one_a_file(outside))
        return Outcome(0.0, facts.data.ignored[:1], hits, f"{outside[0].source} is read and has no recorded version")
    first = reads[0].location if reads else None
    # Which data it is comes from outside, and may well have a version there.
    hit = Hit(first, "this data has no recorded version", Confidence.MEDIUM, severity=Severity.MINOR)
    hits = (hit,) if first else ()
    return Outcome(
        0.0,
        facts.data.ignored[:1],
        hits,
        "data is read and nothing records its version",
        Confidence.MEDIUM,
    )


def _one_a_file(reads: list[_Read]) -> Iterator[Hit]:
    """The reads of each file as one finding: who records the version of one table records those beside it."""
    by_file: dict[str, list[_Read]] = {}
    for read in reads:
        by_file.setdefault(read.location.path if read.location else "", []).append(read)
    told: set[str] = set()
    for several in by_file.values():
        sources = list(dict.fromkeys(read.source for read in several if PurePosixPath(read.source).name not in told))
        if not sources or len(told) >= MANY:
            continue
        told.update(PurePosixPath(source).name for source in sources)
        more = f" and {len(sources) - 1} more have" if len(sources) > 1 else " has"
        yield Hit(several[0].location, f"{sources[0]}{more} no recorded version", identity=sources[0])


def _left_out(facts: Facts) -> list[str]:
    """Data files that git tracks and a sparse checkout lacks."""
    absent = (s.path for s in facts.repository.skipped if s.reason.startswith("not checked out"))
    return [path for path in absent if kind_of(path, 1_000_000) == "data" and not _PRODUCED.search(path)]


def _partly(facts: Facts) -> Outcome | None:
    """Half-way states: a tool that is set up and tracks nothing yet, only models tracked, or only installed."""
    if facts.data.versioned:
        return Outcome(0.6, facts.data.versioned[:3], reason="models have a recorded version, the data has none")
    configured = [e for e in facts.data.initialised if e.strength >= Strength.CONFIGURED]
    if configured:
        return Outcome(0.6, tuple(configured[:3]), reason=f"{configured[0].detail}, and no data is tracked yet")
    if facts.data.initialised:
        first = facts.data.initialised[0]
        hits = tuple(Hit(e.location, e.detail) for e in facts.data.initialised[:3])
        return Outcome(0.6, facts.data.initialised[:3], hits, first.detail)
    for name in ("dvc", "lakefs", "datalad", "quilt3", "oxenai", "deltalake", "pyiceberg"):
        for place in facts.dependencies.declared.get(name, ()):
            return Outcome(
                0.3, (Evidence(f"declares {name}", place, Strength.DECLARED),), reason=f"{name} is installed, not used"
            )
    return None


def _is_data(evidence: Evidence) -> bool:
    """False for evidence that is about a model file."""
    match = re.match(r"DVC tracks (.+) by hash", evidence.detail)
    path = match[1] if match else evidence.location.path if evidence.location else ""
    pointer = match is not None or "pointer" in evidence.detail or "annex" in evidence.detail
    return not pointer or kind_of(path, 1_000_000) != "model"


_OF_A_MODEL = lazy_regex(r"(?i)\w*(?:param|weight|checkpoint|ckpt)\w*(?:file|path|name)")


def _line(facts: Facts, location: Location) -> str:
    """The line of a module at a place."""
    lines = facts.text(location.path).splitlines()
    return lines[location.line - 1] if location.line and location.line <= len(lines) else ""


_BENCHMARK = lazy_regex(
    r"(?i)(?:^|_)(?:ade20k|cifar\d*|imagenet\w*|coco\w*|voc\d*|mnist|svhn|celeba|cityscapes|cub\w*|kitti|librispeech|ljspeech|"
    r"squad|glue|imdb|movielens|human36m|scannet|shapenet|modelnet\w*|ogb\w*|cora|citeseer|pubmed|reddit|wikitext\w*)(?:_|\.)"
)
"""Names of public datasets, in the names of the modules that read them."""


def _own_reads(facts: Facts) -> list[_Read]:
    """Places where the project reads data of its own: not public datasets, and not files that it writes itself."""
    public = {e.location for e in facts.data.public}
    written = _written(facts)
    found = []
    for evidence in facts.code.reads_data:
        if evidence.location in public or evidence.location is None:
            continue
        source = _literal(facts, evidence.location)
        if source and PurePosixPath(source).name in written:
            continue
        if not source and _BENCHMARK.search(PurePosixPath(evidence.location.path).name):
            continue  # the reader of a dataset that everybody knows by this name
        if not source and evidence.location.cell is None and _OF_A_MODEL.search(_line(facts, evidence.location)):
            continue  # weights of a model, in a format that holds data as well
        found.append(_Read(evidence.location, source))
    training = {e.location.path for e in facts.code.trains if e.location}
    return sorted(found, key=lambda read: read.location is None or read.location.path not in training)


def _literal(facts: Facts, location: Location) -> str:
    """The literal path or address that a call at this place is given, or an empty string."""
    file = facts.files.get(location.path)
    if file is None:
        return ""
    python = file.source
    for call in python.calls if python else ():
        if call.text and _LOOKS_LIKE_SOURCE.search(call.text):
            place = Location(location.path, call.line)
            if file.notebook:
                place = file.notebook.locate(location.path, call.line)
            if place.line == location.line and place.cell == location.cell:
                return call.text
    return ""


_LOOKS_LIKE_SOURCE = lazy_regex(r"[\w*]\.[A-Za-z]\w{1,8}(?:\.\w+)?$|://|/\w+/?$")
_WRITERS = lazy_regex(r"(?:to_(?:csv|parquet|feather|hdf|pickle|excel|json)|save|savez|savetxt|dump|write_\w+)\Z")


_FOR_WRITING = lazy_regex(r"(?:open|File)\([^\n]*[\"'][wxa]b?\+?[\"']")


def _written(facts: Facts) -> set[str]:
    """Names of files that the project writes."""
    found = set()
    for path in facts.calls.where(_may_write):
        file = facts.files[path]
        python = file.source
        if python is None:
            continue
        filled = {call.scope for call in python.calls.named(_creates_dataset)}
        for call in python.calls.named(_may_write):
            if not call.text:
                continue
            method = call.name.rpartition(".")[2]
            if _WRITERS.match(method) or (method == "File" and call.scope in filled):
                found.add(PurePosixPath(call.text).name)
            elif method in ("open", "File") and file.notebook is None:
                lines = split_lines(facts.text(path))
                if call.line <= len(lines) and _FOR_WRITING.search(lines[call.line - 1]):
                    found.add(PurePosixPath(call.text).name)
    return found


def _may_write(name: str) -> bool:
    method = name.rpartition(".")[2]
    return method in ("open", "File") or _WRITERS.match(method) is not None


def _creates_dataset(name: str) -> bool:
    return name.rpartition(".")[2] == "create_dataset"


def _in_git(facts: Facts) -> list[DataFile]:
    """Data files of the project that git tracks by content, without fixtures of tests and documentation."""
    if facts.git.state != "ok":
        return []
    return [
        f
        for f in facts.data.data_files
        if not f.model
        and not f.pointer
        and facts.role(f.path) is Role.CODE
        and facts.files[f.path].tracked
        and not _PRODUCED.search(f.path)
    ]


_PRODUCED = lazy_regex(
    r"(?i)(?:^|/)(?:results?|outputs?|figures?|plots?|logs?|baselines?\w*|evals?|evaluation|predictions?|preds|"
    r"submissions?|checkpoints?|runs|mlruns|wandb|cache|artifacts?|catboost_info)/|submission[^/]*\.csv$"
)
"""Folders of what a project makes rather than what it learns from."""


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 100_000 else f"{max(1, round(number / 1e3))} kB"
