"""The shape of `prodcheck diff --format json`, schema version 1; `docs/diff.schema.json` is generated from it.

The same promise as for the report (`json_types.py`): keys may be added, anything else needs a new schema version.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from prodcheck.model import Kind, Stage, Status
from prodcheck.report.json_types import FindingJson, Grade, Percent, ToolJson

DIFF_SCHEMA_VERSION: Literal[1] = 1


class SideJson(TypedDict):
    """One of the two audits."""

    commit: Annotated[str | None, "Null for the folder as it is, without a commit."]
    dirty: Annotated[bool | None, "True when the work tree differs from the commit."]
    kind: Annotated[str, Kind]
    stage: Annotated[str, Stage]
    score: Percent
    grade: Annotated[Grade | None, "Null when too few rules apply for a letter."]
    complete: Annotated[bool, "False when prodcheck itself failed in part."]


class RuleChangeJson(TypedDict):
    """A rule that ended in another status."""

    id: str
    before: Annotated[str, Status]
    after: Annotated[str, Status]
    reason: Annotated[str, "Why, as the later audit says it."]


class DiffJson(TypedDict):
    """What changed between two audits of one repository by the same rules. Every key is always present."""

    schema_version: Literal[1]
    tool: ToolJson
    repository: Annotated[str, "Name of the repository."]
    base: Annotated[SideJson, "The earlier audit."]
    head: Annotated[SideJson, "The later audit."]
    delta: Annotated[float, "Points that the score rose by; negative when it fell."]
    new: Annotated[list[FindingJson], "Open findings that the base did not have."]
    fixed: Annotated[list[FindingJson], "Open findings of the base that occur no more."]
    suppressed: Annotated[list[FindingJson], "Open findings of the base that somebody has suppressed since."]
    rules: list[RuleChangeJson]
