"""Whether models are saved in a form that others can load, and under a version that can be gone back to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from prodcheck.extract.python_model import Call
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.data import MODEL_WORDS, kind_of
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

BARE = 0.25
"""What a bare pickle is worth: more than a model that is never saved, on which nothing else can build."""
_INTERCHANGE = frozenset("onnx openvino core-ml tflite saved-model safetensors gguf pmml skops".split())
_NAMED_VERSION = lazy_regex(r"(?i)(?:final|latest|best|new|old|copy|v\d+|\(\d+\))[\w-]*\.\w+$")
_COMPUTED = lazy_regex(r"\{|%[sd]|\d{8}|run_id|sha|version")


def _own_model(facts: Facts) -> str | None:
    """None when the project has a model of its own to look after, else why not."""
    if facts.code.trains or facts.code.persists_model:
        return None
    if facts.code.serves and any(f.model and facts.role(f.path) is Role.CODE for f in facts.data.data_files):
        return None
    return "no model of its own is trained or kept here"


def model_not_packaged(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """The best form in which a model leaves the project: a package, an exchange format, a bare pickle, nothing."""
    why_not = _own_model(facts)
    if why_not:
        return Outcome.not_applicable(why_not)
    best = max(_forms(facts), key=lambda item: item[0], default=None)
    if best is not None and best[0] >= 0.6:
        score, evidence, reason = best
        return Outcome(score, evidence, reason=reason)
    saved = _saves(facts)
    if saved:
        first = {e.location.path: e for e in reversed(saved) if e.location}  # one place a file says it all
        told = [e for e in saved if e.location and first[e.location.path] is e]
        product = [e for e in told if e.location and e.location.cell is None]  # a notebook beside it is an experiment
        told = (product or told)[:3]
        hits = tuple(Hit(e.location, f"saved without signature and environment ({e.detail})") for e in told)
        return Outcome(BARE, best[1] if best else (), hits, "models are saved bare, without signature and environment")
    models = [f for f in facts.data.data_files if f.model and facts.role(f.path) is Role.CODE]
    if models:
        hit = Hit(Location(models[0].path), "a bare model file", identity="bare")
        return Outcome(BARE, hits=(hit,), reason="models are kept bare, without signature and environment")
    checkpoint = _checkpoint(facts)
    if checkpoint is not None:
        hit = Hit(checkpoint.location, f"checkpoints without signature and environment ({checkpoint.detail})")
        return Outcome(BARE, (checkpoint,), (hit,), "models are kept as checkpoints, without signature and environment")
    where = facts.code.trains[0].location if facts.code.trains else None
    return Outcome(
        0.0, hits=(Hit(where, "the trained model is never saved", identity="unsaved"),), reason="no model is saved"
    )


_TRAINER = lazy_regex(
    r"calls (?:pytorch_lightning|lightning|transformers|trl)(?:\.\w+)*\.\w*Trainer\(\)\.(?:fit|train)\(\)"
)
_TARGET = lazy_regex(r"^\s*-?\s*(?:_target_|class_path)\s*:\s*[\"']?\S*\.(?:ModelCheckpoint|Trainer)\b", re.MULTILINE)


def _checkpoint(facts: Facts) -> Evidence | None:
    """A trainer that keeps checkpoints unless it is told not to, called or named in a configuration file."""
    for evidence in facts.code.trains:
        if _TRAINER.match(evidence.detail):
            return Evidence(evidence.detail, evidence.location)
    for path, file in facts.files.items():
        if path.endswith((".yaml", ".yml")) and file.document is not None and facts.role(path) is Role.CODE:
            match = _TARGET.search(facts.text(path))
            if match:
                line = facts.text(path).count("\n", 0, match.end()) + 1
                return Evidence(f"names {match[0].rpartition('.')[2]}", Location(path, line))
    return None


def _forms(facts: Facts) -> Iterator[tuple[float, tuple[Evidence, ...], str]]:
    for use in facts.stack:
        if use.topic != "packaging" or use.strength < Strength.CONFIGURED:
            continue
        evidence = use.evidence[:3]
        if use.tool in _INTERCHANGE:
            if use.strength >= Strength.USED:
                yield 0.6, evidence, f"models are saved as {use.name}, an exchange format without an environment"
        elif use.tool == "mlflow-model":
            signed = any(
                {"signature", "input_example"} & set(call.keywords)
                for call in _calls(facts, re.compile(r"mlflow(?:\.\w+)*\.(?:log_model|save_model)"))
            )
            only_runs = all("mlruns/" in (e.location.path if e.location else "") for e in use.evidence)
            if only_runs:
                yield 0.4, evidence, "an MLflow model lies in a committed run"
            else:
                yield (
                    (1.0 if signed else 0.8),
                    evidence,
                    f"models are saved as {use.name}{'' if signed else ', without a signature'}",
                )
        elif use.tool == "mlflow-project":
            described = any(
                file.document is not None
                and file.document.find("entry_points")
                and any(file.document.find(key) for key in ("python_env", "conda_env", "docker_env"))
                for path, file in facts.files.items()
                if path.rpartition("/")[2] == "MLproject"
            )
            yield (1.0 if described else 0.6), evidence, "the project is packaged as an MLflow Project"
        else:
            yield 1.0, evidence, f"packaged with {use.name}"


def _calls(facts: Facts, pattern: re.Pattern[str]) -> Iterator[Call]:
    for path in facts.calls.files(pattern):
        python = facts.files[path].source
        if python is not None and facts.role(path) is Role.CODE:
            yield from python.calls.named(pattern.fullmatch)


def model_not_versioned(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """A registry, a tracked model, an artefact of a run, or a path with a version in it."""
    why_not = _own_model(facts)
    if why_not:
        return Outcome.not_applicable(why_not)
    for use in facts.stack:
        if use.topic == "registry" and use.strength >= Strength.USED:
            return Outcome(1.0, use.evidence[:3], reason=f"models have versions in {use.name}")
    tracked = [e for e in facts.data.versioned if _about_model(e)]
    if tracked:
        return Outcome(1.0, tuple(tracked[:3]), reason="the model file has a recorded version")
    for use in facts.stack:
        if use.tool == "mlflow-model" and use.strength >= Strength.USED:
            return Outcome(0.7, use.evidence[:3], reason="models are logged with their run, and not registered")
    copies = [
        f.path
        for f in facts.data.data_files
        if f.model and facts.role(f.path) is Role.CODE and _NAMED_VERSION.search(PurePosixPath(f.path).name)
    ]
    if len(copies) > 1:
        hits = tuple(Hit(Location(p), "a version in the file's name", identity="copy") for p in copies[:5])
        return Outcome(0.0, hits=hits, reason=f"{len(copies)} model files carry their version in their name")
    return _by_path(facts)


def _kept_in_git(facts: Facts) -> list[Evidence]:
    """Model files that git tracks by content."""
    models = [f for f in facts.data.data_files if f.model and not f.pointer and facts.role(f.path) is Role.CODE]
    tracked = [f for f in models if f.path in facts.files and facts.files[f.path].tracked]
    return [Evidence("is tracked by git", Location(f.path)) for f in tracked] if facts.git.state == "ok" else []


def _by_path(facts: Facts) -> Outcome:
    """What the paths say under which the project saves its models."""
    constant: list[Hit] = []
    computed: list[Evidence] = []
    for evidence in _saves(facts):
        location = evidence.location
        if location is None:
            continue
        name = _fixed_name(facts, location)
        if name:
            constant.append(Hit(location, f"{name} is overwritten by the next run", identity=name))
        else:
            computed.append(evidence)
    # What is saved beside the model, such as an encoder, is told only where nothing else is.
    constant = [hit for hit in constant if not _BESIDE.search(hit.identity)] or constant
    if constant:
        return Outcome(
            0.0, hits=tuple(constant[:3]), reason=f"models are saved under a fixed name ({constant[0].identity})"
        )
    if computed:
        reason = "models are saved under a computed path, and no registry knows them"
        place = Hit(computed[0].location, "saved under a computed path that no registry knows", Confidence.MEDIUM)
        return Outcome(0.5, tuple(computed[:3]), (place,), reason, Confidence.MEDIUM)
    kept = _kept_in_git(facts)
    if kept:
        places = tuple(Hit(e.location, "git keeps this file, and nothing tells which run made it") for e in kept[:1])
        return Outcome(0.5, tuple(kept[:3]), places, "git is the only record of the model's versions")
    checkpoint = _checkpoint(facts)
    if checkpoint is not None:
        place = Hit(checkpoint.location, "kept as checkpoints that no registry knows", Confidence.MEDIUM)
        return Outcome(0.5, (checkpoint,), (place,), "models are kept as checkpoints that no registry knows")
    if facts.code.trains and not facts.code.persists_model:
        where = Hit(facts.code.trains[0].location, "the trained model is never saved", identity="unsaved")
        return Outcome(0.0, hits=(where,), reason="no model is saved, so none has a version")
    return Outcome(0.0, reason="no registry and no tracked model file", confidence=Confidence.MEDIUM)


_MODEL_NAME = lazy_regex(
    r"""(?P<f>\bf)?["'](?P<name>[^"'\n]*\w\.(?:pkl|pickle|joblib|pt|pth|h5|hdf5|keras|onnx|ckpt|bin|model|sav|cbm|ubj))["']"""
)
_JOINED = lazy_regex(r"""(?:[/+%]|\.(?:replace|with_\w+)\([^()]*|join\((?!(?:\s*["'][^"']*["']\s*,)*\s*$)[^()]*)\s*$""")
"""What stands before a name that is only the last part of a computed path."""


def _fixed_name(facts: Facts, location: Location) -> str:
    """The literal file name in a saving statement, or in the `open` just above it; empty when the path is computed.

    Read from the text, because the name may be any argument of any call.
    """
    file = facts.files[location.path]
    if file.notebook:
        cell = next((c for c in file.notebook.cells if c.index == location.cell), None)
        lines, number = (split_lines(cell.source) if cell else []), location.cell_line or 1
    else:
        lines, number = split_lines(facts.text(location.path)), location.line or 1
    here = lines[number - 1 : number]
    while here and sum(line.count("(") - line.count(")") for line in here) > 0 and len(here) < 6:
        following = lines[number - 1 + len(here) : number + len(here)]
        if not following:
            break
        here += following
    above = [line for line in lines[max(0, number - 3) : number - 1] if re.search(r"\bopen\(", line)]
    for line in [*here[:1], *above, *here[1:]]:
        match = _MODEL_NAME.search(line)
        if match:
            computed = match["f"] and "{" in match["name"]
            computed = computed or _COMPUTED.search(match["name"]) or _JOINED.search(line[: match.start()])
            return "" if computed or re.match(r"\s*(?:%|\.format|\+)", line[match.end() :]) else match["name"]
    return ""


def _saves(facts: Facts) -> list[Evidence]:
    """Where models are saved. A pickle may hold anything, so files that train go before the others."""
    saves = [e for e in facts.code.persists_model if e.location is not None and not _something_else(facts, e)]
    training = {e.location.path for e in facts.code.trains if e.location}
    likely = [
        e
        for e in saves
        if e.location
        and (
            e.location.path in training
            or MODEL_WORDS.search(e.location.path.rpartition("/")[2])
            or MODEL_WORDS.search(_fixed_name(facts, e.location))
        )
    ]

    def last(evidence: Evidence) -> tuple[bool, bool]:
        line = _line(facts, evidence.location) if evidence.location else ""
        return evidence.location is None or evidence.location.cell is not None, bool(_BESIDE.search(line))

    return sorted(likely or saves, key=last)


_DUMPED = lazy_regex(r"\b(?:dump|save|log_artifacts?)\(\s*(?P<what>[\w.]+)")
_NO_MODEL = lazy_regex(
    r"(?i)(?:\w*_)?(?:results?|metrics?|histor(?:y|ies)|scores?|preds?|predictions?|loss(?:es)?|stats?|logs?|args?|"
    r"config|cfg|params?|opts?|options|data|dataset|df|dataframe|features?|labels?|x|y|indices|index|splits?|folds?|"
    r"vocab\w*|word2id\w*|id2word\w*|\w+2\w+|cache|times?|info|meta\w*|columns|names|embeddings?|report|study|trials)"
    r"(?:_\w*)?"
)
"""Names of what is saved beside a model; one that holds `model` or the like is taken for a model before."""
_BESIDE = lazy_regex(r"(?i)encoder|scaler|vectori[sz]er|imputer|transformer\b|tokenizer|preprocessor")
"""What is fitted and saved beside the model itself, named after it where both are saved."""
_ANY_CONTENT = lazy_regex(
    r"calls (?:\w+\.)*(?:joblib|c?pickle|dill|cloudpickle|torch)\.(?:dump|save)\(\)", re.IGNORECASE
)


def _something_else(facts: Facts, evidence: Evidence) -> bool:
    """Whether a save that could hold anything is plainly of results, settings or data."""
    location = evidence.location
    if location is None:
        return False
    artefact = evidence.detail.startswith("calls mlflow.log_artifact")
    if not artefact and not _ANY_CONTENT.match(evidence.detail):
        return False
    line = _line(facts, location)
    if artefact:
        return not MODEL_WORDS.search(line)
    what = _DUMPED.search(line)
    name = what["what"].rpartition(".")[2] if what else ""
    return bool(name) and not MODEL_WORDS.search(name) and _NO_MODEL.fullmatch(name) is not None


def _line(facts: Facts, location: Location) -> str:
    """The line of source at a place."""
    file = facts.files[location.path]
    if file.notebook:
        cell = next((c for c in file.notebook.cells if c.index == location.cell), None)
        lines, number = (split_lines(cell.source) if cell else []), location.cell_line or 1
    else:
        lines, number = split_lines(facts.text(location.path)), location.line or 1
    return lines[number - 1] if number <= len(lines) else ""


def _about_model(evidence: Evidence) -> bool:
    match = re.match(r"DVC tracks (.+) by hash", evidence.detail)
    path = match[1] if match else evidence.location.path if evidence.location else ""
    pointer = match is not None or "pointer" in evidence.detail
    return pointer and (kind_of(path, 1_000_000) == "model" or re.search(r"(?:^|/)models?(?:/|$)", path) is not None)
