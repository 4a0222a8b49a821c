"""Whether training runs leave a record: parameters, metrics, code version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodcheck.extract.python_model import PythonFacts
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.facts import once
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

_PARTIAL = {"tensorboard": 0.6, "pipeline-metadata": 0.7, "azureml-runs": 0.7, "guild": 1.0, "polyaxon": 1.0}
"""Tools that record less than a tracker does: curves without a store to query, or runs without parameters."""
_PLATFORMS = frozenset(["sagemaker-pipelines", "azureml-pipelines", "vertex-pipelines"])
"""Services that record each job by themselves."""
_STORES = lazy_regex(r"(?:^|/)(?:mlruns|wandb/(?:run|offline-run|latest-run)[^/]*|lightning_logs|\.neptune|\.aim)/")
_LOGGERS = lazy_regex(r"(?:.*\.)?CSVLogger")
_WRITTEN = lazy_regex(
    r"(?:.*[/_-])?(?:metrics?|scores?|history|loss(?:es)?|results?|train(?:ing)?[_-]?logs?|logs?)(?:[_-][\w-]*)?"
    r"\.(?:txt|log|csv|tsv|jsonl?|ya?ml)$",
    re.IGNORECASE,
)
"""Names of files to which a training script writes how it went."""
_LOG_FILE = lazy_regex(
    r"(?:\w+_)?(?:log|score|metrics?|history|results?)(?:_log)?_(?:file|path|file_?path|file_?name|filename|csv)"
)
"""Names of arguments that tell somebody else's class where to write how a training went."""
_FOR_WRITING = lazy_regex(r"\bopen\([^\n]*,\s*(?:mode\s*=\s*)?[\"'][awx]")
_METRICS = lazy_regex(r"(?:^|/)(?:metrics?|scores?|results?)[\w-]*\.(?:json|csv|ya?ml)$", re.IGNORECASE)


def no_experiment_tracking(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """A tracker that training code calls; metrics under DVC, curves and files earn part."""
    best = max(_candidates(facts), key=lambda item: item[0], default=None)
    store = next((path for path in facts.files if _STORES.search(path)), "")
    hits: tuple[Hit, ...] = ()
    if best is None:
        first = facts.code.trains[0].location if facts.code.trains else None
        where = (Hit(first, "this run leaves no record", identity="run"),)
        return Outcome(0.0, hits=where, reason="no tracker and no metrics file")
    score, evidence, reason = best
    if store:
        score -= 0.3
        hits = (Hit(Location(store), "the tracker's store is committed", identity="store"),)
        reason += ", and its store is committed"
    confidence = Confidence.HIGH if score >= 0.9 or score == 0 else Confidence.MEDIUM
    return Outcome(max(0.0, score), evidence, hits, reason, confidence)


def _candidates(facts: Facts) -> Iterator[tuple[float, tuple[Evidence, ...], str]]:
    """(score, evidence, reason) of everything that records runs."""
    disabled = _disabled(facts)
    for use in facts.stack:
        if use.topic != "tracking":
            continue
        if use.tool in disabled:
            yield 0.2, use.evidence[:2], f"{use.name} is imported and switched off"
        elif use.strength >= Strength.USED:
            worth = _PARTIAL.get(use.tool, 1.0)
            what = "records the runs" if worth == 1.0 else "keeps part of a record, and no tracker knows the runs"
            yield worth, use.evidence[:3], f"{use.name} {what}"
        else:
            yield 0.2, use.evidence[:2], f"{use.name} is {use.strength.label}, and no run is logged to it"
    for use in facts.stack:
        if use.topic == "orchestration" and use.tool in _PLATFORMS and use.strength >= Strength.USED:
            yield 0.7, use.evidence[:2], f"{use.name} lists its jobs, and no tracker knows their parameters and metrics"
    jobs = [e for e in facts.code.trains if re.search(r"\b(?:sagemaker|azureml|aiplatform)\b", e.detail)]
    if jobs:
        yield 0.7, tuple(jobs[:2]), "the platform lists its training jobs, and no tracker knows what came of them"
    logging = frozenset(facts.calls.files(_LOGGERS))
    for path, file in facts.files.items():
        if path.rpartition("/")[2] == "dvc.yaml" and file.document is not None:
            for value, line in file.document.find_all("stages.*.metrics"):
                if value:
                    yield 0.6, (Evidence("DVC compares metrics", Location(path, line)),), "metrics are kept by DVC"
                    break
        if _METRICS.search(path) and file.tracked and facts.role(path) is Role.CODE and file.size < 100_000:
            yield 0.3, (Evidence("holds metrics", Location(path)),), "metrics are kept in a file"
        python = file.source
        if python is None or facts.role(path) is not Role.CODE:
            continue
        written = _written(facts, path, python)
        if written is not None:
            yield 0.3, (written,), f"metrics are {written.detail}, and no tracker knows the runs"
        logger = next(python.calls.named(_LOGGERS.fullmatch), None) if path in logging else None
        if logger is not None:
            place = file.locate(logger.line)
            yield 0.3, (Evidence("logs to a CSV file", place),), "metrics are logged to a CSV file"


@once
def _training(facts: Facts) -> frozenset[str]:
    """Files that train."""
    return frozenset(e.location.path for e in facts.code.trains if e.location)


def _written(facts: Facts, path: str, python: PythonFacts) -> Evidence | None:
    """The first file of metrics that a training script opens for writing."""
    book = facts.files[path].notebook
    if book is not None or path not in _training(facts):
        return None  # what a notebook shows is kept in it; what else is opened says nothing about a run
    lines = split_lines(facts.text(path))
    for call in (facts.whole(path) or python).calls:
        given = next((name for name in call.keywords if _LOG_FILE.fullmatch(name)), "")
        if given and call.name != "logging.basicConfig":
            return Evidence(f"written to the file given as {given}", Location(path, call.line), Strength.USED)
        if (
            call.name == "open"
            and call.text
            and _WRITTEN.match(call.text)
            and _FOR_WRITING.search(lines[call.line - 1])
        ):
            return Evidence(f"written to {call.text}", Location(path, call.line), Strength.USED)
    return None


def _disabled(facts: Facts) -> frozenset[str]:
    """Trackers that are only ever started in their disabled mode."""
    modes = [
        call.keywords.get("mode")
        for path in facts.calls.named(["wandb.init"])
        if facts.role(path) is Role.CODE
        for python in [facts.files[path].source]
        for call in (python.calls.named("wandb.init".__eq__) if python else ())
    ]
    return frozenset(["wandb"]) if modes and all(mode == "disabled" for mode in modes) else frozenset()
