"""Whether input data is checked before a model learns from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity, Strength, ToolUse
from prodcheck.patterns import lazy_regex

BY_HAND = 5
"""Assertions in modules that load data from which on one may speak of checks."""
_TABLES = lazy_regex(
    r"(?:pandas|polars|dask|modin|cudf|vaex|pyarrow|duckdb|pyspark|awswrangler|geopandas|datatable|petastorm|"
    r"google\.cloud\.bigquery|snowflake|feast|databricks|mlflow\.data)\b|"
    r"\.(?:read_|toPandas|to_pandas|sql\b)"
)
"""Reads of tables. Images, sound and bare arrays have no columns that a schema could name."""
_CHECKING = lazy_regex(
    r"(?i)(?:^|\.)_?(?:validate|check|verify|assert|ensure)_?\w*(?:data|schema|input|frame|df|columns?|rows?)\w*$"
)


_TRAINING_DATA = lazy_regex(r"(?i)train|prep|data|load|ingest|feature|etl")
_QUALITY = frozenset(["cleanlab", "record-schemas"])
"""Tools that look at data without declaring what it has to be; named last."""


def no_data_validation(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """A schema or suite for the input data, and whether it is run."""
    own = [e for e in facts.code.reads_data if e.location not in {p.location for p in facts.data.public}]
    if not own:
        return Outcome.not_applicable("no data of its own is read")
    own = [e for e in own if _TABLES.search(e.detail)]
    if not own:
        return Outcome.not_applicable("no table is read, only images, sound, text or arrays")
    uses = [use for use in facts.stack if use.topic == "data-validation"]
    best = max(uses, key=lambda use: (use.strength, use.tool not in _QUALITY), default=None)
    by_hand = list(_by_hand(facts))
    if best is not None and best.strength >= Strength.USED:
        return Outcome(1.0, best.evidence[:3], reason=f"{best.name} checks the data")
    if best is not None and best.strength is Strength.CONFIGURED:
        return _partly(0.6, best, f"{best.name} is configured, and nothing was found that runs it")
    if by_hand:
        return Outcome(
            0.6, tuple(by_hand[:3]), reason="checks written by hand, without a schema", confidence=Confidence.MEDIUM
        )
    if best is not None:
        return _partly(0.25, best, f"{best.name} is installed, not used")
    first = min(own, key=lambda e: not _TRAINING_DATA.search(e.location.path if e.location else ""))
    hit = Hit(first.location, "read without a check", identity="read")
    softer = Severity.MINOR if facts.code.small_notebooks else None
    reason = "data is read, and nothing checks its columns, types or ranges"
    return Outcome(0.0, hits=(hit,), reason=reason, severity=softer)


def _partly(score: float, use: ToolUse, reason: str) -> Outcome:
    return Outcome(score, use.evidence[:3], reason=reason)


def _by_hand(facts: Facts) -> Iterator[Evidence]:
    """Functions that check data, and modules full of assertions about what they load."""
    for path, file in facts.files.items():
        if file.python is None or facts.role(path) is not Role.CODE:
            continue
        loads = bool(facts.code.stages_by_file.get(path, {}).get("load"))
        asserting = [d for d in file.python.definitions if d.kind == "function" and d.asserts]
        for definition in file.python.definitions:
            named = definition.kind == "function" and _CHECKING.search(definition.name)
            if named and (definition.statements >= 3 or definition.asserts):
                yield Evidence(f"{definition.name} checks data", Location(path, definition.line))
        if loads and sum(d.asserts for d in asserting) >= BY_HAND:
            count = sum(d.asserts for d in asserting)
            yield Evidence(f"{count} assertions beside the loading", Location(path, asserting[0].line))
        if loads and any("pydantic.BaseModel" in d.bases for d in file.python.definitions):
            for call in file.python.calls.named(lambda name: name.endswith(_VALIDATING)):
                yield Evidence("rows are validated with pydantic", Location(path, call.line))


_VALIDATING = (".model_validate", ".validate_python", ".parse_obj")
