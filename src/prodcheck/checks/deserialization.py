"""Files loaded through formats that can run code, and whether one should trust where they come from.

Every machine-learning project reads pickles back that it wrote itself; a rule that flags each of them is switched off.
What matters is the source: bytes from the network or from a user are an open door, a file of unknown origin is a risk,
one's own artefact is a habit worth leaving.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from pathlib import PurePosixPath

from prodcheck.extract.dependency import Requirement
from prodcheck.extract.python_model import Call
from prodcheck.extract.run import FileFacts
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass


class Source(Enum):
    """Where the bytes come from, worst first."""

    REMOTE = "remote"
    UNKNOWN = "unknown"
    OWN = "own"


SCORES: Mapping[Source, float] = {Source.REMOTE: 0.0, Source.UNKNOWN: 0.4, Source.OWN: 0.7}
_SOFTER: Mapping[Source, Source] = {Source.REMOTE: Source.UNKNOWN, Source.UNKNOWN: Source.OWN, Source.OWN: Source.OWN}
"""One step milder, for loads that a current library refuses by default and an older one, which is allowed, does not."""
MAX_HOPS = 4
"""Assignments that are followed back from a load to where its bytes come from."""

_PICKLES = lazy_regex(
    r"(?:(?:six\.moves\.)?c?_?[pP]ickle5?|dill|cloudpickle|marshal)\.(?:load|loads|Unpickler)|"
    r"(?:sklearn\.externals\.)?joblib\.load|compress_pickle\.loads?|"
    r"(?:pandas|modin\.pandas|cudf)\.read_pickle|shelve\.(?:open|DbfilenameShelf)|jsonpickle\.(?:decode|unpickler\.decode)"
)
_SAFE = lazy_regex(
    r"safetensors(?:\.\w+)*\.(?:load|load_file|safe_open|load_model)|safe_open|onnx\.load(?:_model)?|"
    r"onnxruntime\.InferenceSession|skops\.io\.loads?"
)
_KERAS = lazy_regex(r"(?:tensorflow\.)?(?:tf_)?keras\.(?:models|saving)\.load_model")
_UNSAFE_YAML = frozenset("yaml.load yaml.load_all yaml.unsafe_load yaml.unsafe_load_all yaml.full_load".split())
_WRITERS = lazy_regex(
    r"(?:.*\.)?c?[pP]ickle5?\.(?:dumps?|Pickler)|(?:dill|cloudpickle|joblib|marshal)\.dumps?|"
    r"(?:sklearn\.externals\.)?joblib\.dump|torch\.save|.*\.to_pickle|numpy\.(?:save|savez\w*)|shelve\.open|"
    r".*\.save_checkpoint|.*\.ModelCheckpoint"
)
_FETCHES = lazy_regex(
    r"(?:requests|httpx|urllib3)(?:\.\w+\(\))?\.(?:get|post|request|stream|urlopen)|requests\.Session\(\)\.\w+|"
    r"urllib(?:2|\.request)?\.(?:urlopen|urlretrieve)|wget\.download|gdown\.\w+|aiohttp\..*\.(?:get|post)|"
    r"boto3\..*\.(?:get_object|get|download_file|download_fileobj)|.*\.(?:download_fileobj|download_to_filename|"
    r"download_as_(?:bytes|string|text)|download_blob|download_to_file|recv|recvfrom|read_namespaced_secret)|"
    r"(?:huggingface_hub\.)(?:hf_hub_download|snapshot_download|cached_download)|hf_hub_download|"
    r"torch\.hub\.(?:load_state_dict_from_url|download_url_to_file)|.*\.load_state_dict_from_url|"
    r".*\.get_file|kagglehub\.\w*download\w*|smart_open\.open|fsspec\.open|(?:s3fs|gcsfs)\..*\.open|"
    r"flask\.request\..*|streamlit\..*file_uploader|gradio\..*File|input|"
    r"xmlrpc\..*|socket\.socket\(\)\.recv\w*"
)
_LOADS = lazy_regex(
    r"(?:load|loads|Unpickler|read_pickle|open|DbfilenameShelf|decode|load_\w+|unsafe_load\w*|full_load\w*|safe_open|"
    r"InferenceSession|enable_unsafe_deserialization)$"
)
_OPENS = lazy_regex(
    r"(?:open|io\.open|gzip\.open|bz2\.open|lzma\.open|codecs\.open|.*\.open|(?:io\.)?BytesIO|tarfile\..*)"
)
_ADDRESS = lazy_regex(r"(?:https?|ftp|s3a?|gs|gcs|abfss?|wasbs?|hf)://")
_LOCAL_ADDRESS = lazy_regex(r"https?://(?:localhost|127\.0\.0\.1)")
_SCANNERS = lazy_regex(r"\b(?:modelscan|picklescan|fickling)\b")
_HASHES = lazy_regex(
    r"hashlib\.\w+|.*\.hexdigest|hmac\.compare_digest|.*(?:check|verify|validate)\w*(?:hash|sum|digest|sha256|md5)\w*"
)
_INTERNAL = lazy_regex(r"(?:^|\.)__(?:setstate|reduce|getstate|reduce_ex|copy|deepcopy)__$")


_PICKLED = lazy_regex(r"\.(?:pkl|pickle|joblib|pt|pth|ckpt|bin|npy|npz|sav|p|dill|model)$")


@dataclass(frozen=True)
class Load:
    """One call that can run code found in a file. `lenient` when current versions of its library refuse to."""

    path: str
    call: Call
    what: str
    lenient: bool = False


def unsafe_deserialization(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Loads through code-executing formats, judged by the worst source of their bytes."""
    torch = _torch_default(facts)
    loads: list[tuple[Load, Source]] = []
    safe: list[Evidence] = []
    own_names = _own_names(facts)
    hashed = False
    for path in facts.calls.where(_interesting):
        if facts.role(path) is not Role.CODE:
            continue
        file = facts.files[path]
        python = file.source
        if python is None:
            continue
        calls = tuple(python.calls)
        for index, call in enumerate(calls):
            if not _interesting(call.name):
                continue
            load, good = _judge(path, call, torch, facts.text)
            if good:
                safe.append(Evidence(good, _place(path, file, call.line)))
            if load is None or _INTERNAL.search(call.scope):
                continue
            if call.name.endswith(".loads") and _copies(calls, index):
                continue
            source = _source(calls, index, own_names)
            if source is Source.REMOTE and _checked(calls, call):
                hashed, source = True, Source.OWN
            if source is Source.OWN and load.lenient and call.name in _UNSAFE_YAML:
                continue  # configuration of its own
            loads.append((load, source))
    if not loads:
        if safe:
            return Outcome(1.0, tuple(safe[:5]), reason=safe[0].detail)
        return Outcome.not_applicable("no file is loaded through a format that can run code")
    return _outcome(facts, loads, safe, hashed)


def _outcome(facts: Facts, loads: Sequence[tuple[Load, Source]], safe: Sequence[Evidence], hashed: bool) -> Outcome:
    graded: dict[Source, list[Load]] = {}
    for load, source in loads:
        graded.setdefault(_SOFTER[source] if load.lenient else source, []).append(load)
    worst = next(source for source in Source if source in graded)
    scanner = _scanner(facts)
    score = SCORES[worst]
    hits = [hit for source in Source if source in graded for hit in _hits(facts, source, graded[source])]
    if worst is not Source.OWN:
        hits = [h for h in hits if h.severity is not Severity.INFO]
    if scanner is not None:
        score = max(score, 0.4 if worst is Source.REMOTE else 0.7)
    places = graded[worst]
    reason = {
        Source.REMOTE: f"{_count(places)} of bytes from outside the repository",
        Source.UNKNOWN: f"{_count(places)} of files whose origin the code does not show",
        Source.OWN: f"{_count(places)} of files that seem to be the project's own",
    }[worst]
    evidence = tuple(e for e in (scanner, *safe[:4]) if e is not None)
    return Outcome(score, evidence, tuple(hits), reason, Confidence.MEDIUM)


def _count(loads: Sequence[Load]) -> str:
    names = sorted({load.what for load in loads})
    return f"{len(loads)} load{'s' * (len(loads) != 1)} ({', '.join(names[:3])}{' ...' if len(names) > 3 else ''})"


def _hits(facts: Facts, source: Source, loads: Sequence[Load]) -> Iterator[Hit]:
    if source is Source.REMOTE:
        for load in loads:
            detail = f"{load.what} runs code found in what was downloaded or uploaded"
            yield Hit(_place_of(facts, load), detail, Confidence.HIGH, f"{load.what}:{load.call.scope}")
        return
    by_file: dict[str, list[Load]] = {}
    for load in loads:
        by_file.setdefault(load.path, []).append(load)
    if source is Source.UNKNOWN:
        for path, group in by_file.items():
            more = f" ({len(group)} such calls in this file)" if len(group) > 1 else ""
            detail = f"{group[0].what} runs code found in the file, and nothing here shows who wrote it{more}"
            yield Hit(_place_of(facts, group[0]), detail, Confidence.MEDIUM, f"{group[0].what}:{path}", Severity.MINOR)
        return
    more = f" ({len(loads)} such calls)" if len(loads) > 1 else ""
    what = f"{loads[0].what} runs code found in the file, which seems to be the project's own"
    detail = f"{what}; a format without code is safer{more}"
    yield Hit(_place_of(facts, loads[0]), detail, Confidence.MEDIUM, "own", Severity.INFO)


def _place(path: str, file: FileFacts, line: int) -> Location:
    return file.locate(line)


def _place_of(facts: Facts, load: Load) -> Location:
    return _place(load.path, facts.files[load.path], load.call.line)


# Which calls can run code


@lru_cache(maxsize=50_000)
def _interesting(name: str) -> bool:
    """Whether a call's name alone makes it worth a look: most calls are dismissed here."""
    return bool(_LOADS.search(name)) and not name.startswith(("json.", "tomllib.", "toml."))


@lru_cache(maxsize=50_000)
def _writes(name: str) -> bool:
    return _WRITERS.fullmatch(name) is not None


def _judge(path: str, call: Call, torch: bool | None, text: Callable[[str], str]) -> tuple[Load | None, str]:
    """The load that a call is, or what is good about it. `torch` tells whether `torch.load` is safe by default."""
    name, keywords = call.name, call.keywords
    if name == "torch.load":
        if keywords.get("weights_only") is True and "pickle_module" not in keywords:
            return None, "torch.load(weights_only=True)"
        if keywords.get("weights_only") is False or "pickle_module" in keywords:
            return Load(path, call, "torch.load(weights_only=False)"), ""
        if "weights_only" in keywords or "**" in keywords:
            return None, ""
        if torch is True:
            return None, "torch.load with a PyTorch that loads weights only by default"
        return Load(path, call, "torch.load", lenient=torch is None), ""
    if _PICKLES.fullmatch(name):
        return Load(path, call, name), ""
    if name in ("numpy.load", "numpy.lib.npyio.load") and keywords.get("allow_pickle") is True:
        return Load(path, call, "numpy.load(allow_pickle=True)"), ""
    if _KERAS.fullmatch(name) and keywords.get("safe_mode") is False:
        return Load(path, call, "load_model(safe_mode=False)"), ""
    if name.endswith("keras.config.enable_unsafe_deserialization"):
        return Load(path, call, "enable_unsafe_deserialization"), ""
    if name in _UNSAFE_YAML:
        return _yaml(path, call, text), ""
    if re.fullmatch(r"skops\.io\.loads?", name) and keywords.get("trusted") is True:
        return Load(path, call, "skops.io.load(trusted=True)"), ""
    if re.fullmatch(r"mlflow\.\w+\.load_model", name) and call.text:
        if re.match(r"(?:models|runs|mlflow-artifacts):", call.text):
            return None, f"{name} from the registry"
        return (Load(path, call, name), "") if _ADDRESS.match(call.text) else (None, "")
    if _SAFE.fullmatch(name):
        return None, f"{name} holds no code"
    return None, ""


_ANY_OBJECT = lazy_regex(r"[=,]\s*(?:\w*yaml\.)?C?(?:Unsafe)?Loader\s*[,)]")


def _yaml(path: str, call: Call, text: Callable[[str], str]) -> Load | None:
    """`yaml.load` with a loader that builds any Python object. Names of loaders are no literals: the text has them."""
    if call.name.startswith("yaml.unsafe_load"):
        return Load(path, call, call.name)
    if call.name.startswith("yaml.load"):
        if call.positional < 2 and not call.keywords:
            # Without a loader PyYAML 6 refuses; older ones build objects, since 5.1 only harmless ones.
            return Load(path, call, f"{call.name} without a loader", lenient=True)
        if not path.endswith(".ipynb"):
            lines = split_lines(text(path))
            if _ANY_OBJECT.search(" ".join(lines[call.line - 1 : call.line + 2])):
                return Load(path, call, f"{call.name} with a loader that builds any object")
    return None


def _torch_default(facts: Facts) -> bool | None:
    """True when the required PyTorch is at least 2.6, False when it is older for sure, None when nobody says."""
    newest: bool | None = None
    for manifest in (*facts.dependencies.locks, *facts.dependencies.manifests):
        for requirement in manifest.requirements:
            if requirement.name not in ("torch", "pytorch", "pytorch-gpu"):
                continue
            verdict = _at_least_2_6(requirement)
            if verdict is not None:
                newest = verdict if newest is None else newest and verdict
    return newest


def _at_least_2_6(requirement: Requirement) -> bool | None:
    versions = re.findall(
        r"(===|==|~=|>=|>|<=|<|\^|~|=|!=)?\s*v?(\d+)(?:\.(\d+))?(?:\.\w+)*(?:\+\w+)?", requirement.specifier
    )
    verdict: bool | None = None
    for operator, major, minor in versions:
        number = (int(major), int(minor or 0))
        if operator == "!=":
            continue
        if operator in ("<", "<="):
            if number < (2, 6) or (operator == "<" and number == (2, 6)):
                return False
        elif number >= (2, 6):
            verdict = True
        elif (
            operator in ("==", "===", "=", "~", "")
            or (operator == "~=" and number[0] < 2)
            or (operator == "^" and number[0] < 2)
        ):
            return False
    return verdict


# Where the bytes come from


@dataclass(frozen=True)
class _OwnNames:
    """What the project writes in these formats: literal file names, and whether it writes anything at all."""

    names: frozenset[str]
    writes: frozenset[str]
    """Families of writers that are used somewhere: `torch`, `pickle`, `numpy`."""


def _own_names(facts: Facts) -> _OwnNames:
    names: set[str] = {path.rpartition("/")[2] for path, file in facts.files.items() if file.tracked}
    writes: set[str] = set()
    for path in facts.calls.where(_writes):
        python = facts.files[path].source
        if python is None or facts.role(path) in (Role.VENDORED, Role.GENERATED):
            continue
        calls = tuple(python.calls)
        for index, call in enumerate(calls):
            if not _writes(call.name):
                continue
            writes.add(_family(call.name))
            for text in _texts(calls, index):
                names.add(PurePosixPath(text).name)
            names.update(
                PurePosixPath(v).name for v in call.keywords.values() if isinstance(v, str) and re.search(r"\.\w+$", v)
            )
    return _OwnNames(frozenset(names), frozenset(writes))


def _family(name: str) -> str:
    if name.startswith(("torch", "?")) or "heckpoint" in name:
        return "torch"
    if name.startswith("numpy"):
        return "numpy"
    if "yaml" in name:
        return "yaml"
    return "pickle"


def _nested(calls: Sequence[Call], index: int) -> Iterator[Call]:
    """Calls inside the arguments of a call: they end before it and start on its line or below."""
    outer = calls[index]
    for position in range(index - 1, max(-1, index - 8), -1):
        inner = calls[position]
        if inner.line < outer.line or inner.scope != outer.scope:
            return
        yield inner


def origins_of(calls: Sequence[Call], index: int) -> Iterator[Call]:
    """Calls whose results end up in the arguments of a call: those inside it, and those assigned to its variable."""
    yield from _nested(calls, index)
    yield from _origins(calls, index)


def _texts(calls: Sequence[Call], index: int) -> Iterator[str]:
    """Literal texts among the arguments of a call, inner calls included."""
    if calls[index].text:
        yield calls[index].text or ""
    for inner in _nested(calls, index):
        if inner.text:
            yield inner.text


def _source(calls: Sequence[Call], index: int, own: _OwnNames) -> Source:
    """Where the bytes of one load come from, followed back through a few assignments."""
    call = calls[index]
    texts = list(_texts(calls, index))
    seen = [call, *_nested(calls, index)]
    for found in _origins(calls, index):
        seen.append(found)
        if found.text:
            texts.append(found.text)
    if any(is_fetch(c) for c in seen):
        return Source.REMOTE
    if any(_ADDRESS.match(text) and not _LOCAL_ADDRESS.match(text) for text in texts):
        return Source.REMOTE
    if call.name.endswith(".loads") and call.argument == "request":
        return Source.REMOTE
    for text in texts:
        if PurePosixPath(text).name in own.names and re.search(r"\.\w+$", text):
            return Source.OWN
    for value in (v for c in seen for v in c.keywords.values()):
        if isinstance(value, str) and PurePosixPath(value).name in own.names and "." in value:
            return Source.OWN
    named = [
        text for text in texts if re.search(r"\.(?:pkl|pickle|joblib|pt|pth|ckpt|bin|npy|npz|sav|p|dill|model)$", text)
    ]
    if not named and _family(call.name) in own.writes:
        return Source.OWN
    if "yaml" in call.name:
        return Source.OWN  # configuration of its own, whatever its name
    return Source.UNKNOWN


def is_fetch(call: Call) -> bool:
    """True for a call that brings bytes from the network or from a user."""
    if not _FETCHES.fullmatch(call.name):
        return False
    if call.name in ("smart_open.open", "fsspec.open"):
        return bool(call.text and _ADDRESS.match(call.text))
    return not (call.text and _LOCAL_ADDRESS.match(call.text))


def _origins(calls: Sequence[Call], index: int) -> Iterator[Call]:
    """Calls whose result ends up in the load, nearest first: `f` of `with open(p) as f`, then `p` ..."""
    call = calls[index]
    name, position = call.argument, index
    for inner in _nested(calls, index):
        name = inner.argument or name
    for _ in range(MAX_HOPS):
        if not name:
            return
        found = _binding(calls, position, name, call.scope)
        if found is None:
            return
        position = found
        yield calls[found]
        for inner in _nested(calls, found):
            yield inner
            name = inner.argument or name
        name = calls[found].argument if calls[found].argument != name else ""


def _binding(calls: Sequence[Call], before: int, name: str, scope: str) -> int | None:
    """The last call before a place whose result was assigned to a name; or an `open` nearby, for `with` blocks."""
    for position in range(before - 1, -1, -1):
        candidate = calls[position]
        if candidate.scope not in (scope, ""):
            continue
        if name in candidate.targets:
            return position
    line = calls[before].line
    for position in range(before - 1, max(-1, before - 12), -1):
        candidate = calls[position]
        near = candidate.scope == scope and 0 <= line - candidate.line <= 6 and not candidate.targets
        if near and (_OPENS.fullmatch(candidate.name) or is_fetch(candidate)):
            return position
    return None


def _copies(calls: Sequence[Call], index: int) -> bool:
    """`pickle.loads(pickle.dumps(x))` copies an object that is already there."""
    return any(_WRITERS.fullmatch(inner.name) for inner in _nested(calls, index)) or any(
        _WRITERS.fullmatch(found.name) for found in _origins(calls, index)
    )


def _checked(calls: Iterable[Call], load: Call) -> bool:
    """Whether the function that loads compares a checksum first."""
    return any(call.scope == load.scope and call.line <= load.line and _HASHES.fullmatch(call.name) for call in calls)


def _scanner(facts: Facts) -> Evidence | None:
    """A scanner of model files that CI or a hook runs."""
    for command in facts.ci.commands:
        if _SCANNERS.search(" ".join(command.argv)):
            place = command.chain[0].location if command.chain else Location(command.pipeline)
            return Evidence(f"CI runs {command.text[:60]}", place)
    for path, file in facts.files.items():
        for task in file.tasks:
            if task.runner == "pre-commit":
                for target in task.targets:
                    if _SCANNERS.search(target.name):
                        return Evidence(f"a hook runs {target.name}", Location(path, target.line))
    return None
