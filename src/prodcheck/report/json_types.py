"""The shape of the JSON report, schema version 1: the contract with dashboards.

An annotation adds to a type what the schema says beyond it: an enum's values, a description, further keywords.

The schema (`docs/report.schema.json`) and the tables of `docs/json-report.md` are generated from these types. Adding a
key is a minor change, and the key says `Since`; anything else needs a new schema version. Reports of earlier versions,
which `tests/data/reports` keeps, must stay valid.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, TypedDict

from prodcheck.model import Category, Confidence, Kind, Severity, Stage, Status, Strength

SCHEMA_VERSION: Literal[1] = 1

SeverityName = Annotated[str, Severity]
CategoryName = Annotated[str, Category]


class Since(NamedTuple):
    """Marks a key that a later version added: always written, but not asked of the reports of earlier versions."""

    version: str
    meaning: str

    @property
    def text(self) -> str:
        return f"{self.meaning} Since {self.version}."


def keywords(**values: object) -> tuple[tuple[str, object], ...]:
    """Further JSON Schema keywords of a type; hashable, as annotations must be."""
    return tuple(values.items())


Percent = Annotated[float, keywords(minimum=0, maximum=100)]
Share = Annotated[float, keywords(minimum=0, maximum=1)]
Grade = Annotated[str, keywords(enum=("A", "B", "C", "D", "F"))]
Count = Annotated[int, keywords(minimum=0)]
Position = Annotated[int, keywords(minimum=1)]
Time = Annotated[str, keywords(format="date-time", pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$")]
Path = Annotated[
    str, "Relative to the root, with `/`. Bytes that are not UTF-8 are percent-encoded (and `%` itself in such a path)."
]


class ToolJson(TypedDict):
    """What made the report. Scores compare only where `ruleset` and `scoring_model` are equal."""

    name: Literal["prodcheck"]
    version: str
    ruleset: Annotated[str, "Version of the rules; changes with every release that can change anyone's score."]
    scoring_model: Annotated[int, "Number of the arithmetic."]


class RunJson(TypedDict):
    """One run. `started_at` and `duration_ms` are the only values that differ between two runs on the same tree."""

    started_at: Time
    duration_ms: Count
    exit_code: Annotated[int, "0 for success, 1 when a gate failed."]
    ci: Annotated[str | None, "Name of the CI system the run happened in, null outside of CI."]


class RepositoryJson(TypedDict):
    """The audited repository; null where git has no answer."""

    name: str
    branch: str | None
    commit: str | None
    commit_time: Time | None
    dirty: Annotated[bool | None, "True when the work tree differs from the commit."]
    root: Annotated[str, "Path of the audited folder inside its git repository, `.` at the top."]


class EvidenceJson(TypedDict):
    """Where something was seen."""

    path: Annotated[str | None, "Null for what has no file, such as a git remote."]
    line: Annotated[Position | None, "Line in the raw file, also for notebooks."]
    detail: str


class ProjectJson(TypedDict):
    """What the repository is, and why."""

    kind: Annotated[str, Kind]
    stage: Annotated[str, Stage]
    evidence: list[EvidenceJson]


class ConfigJson(TypedDict):
    """The settings in force."""

    path: Annotated[str | None, "The configuration file, null when there is none."]
    digest: Annotated[str, "Changes when the settings change; empty without a file."]
    fail_under: Percent | None
    fail_on: SeverityName | None
    baseline: Annotated[str | None, "The baseline file, null without one."]


class SkippedJson(TypedDict):
    """A file that was not read."""

    path: Path
    reason: str


class ScanJson(TypedDict):
    """What was looked at."""

    files: Count
    bytes: Count
    skipped: list[SkippedJson]


class CapJson(TypedDict):
    """The rule that holds the score down, and the height it holds it at."""

    rule: str
    ceiling: Percent


class ScoreJson(TypedDict):
    """The verdict. When `errors` is not empty the score is incomplete."""

    value: Percent
    raw: Annotated[Percent, "The score before the cap."]
    grade: Annotated[Grade | None, "Null when too few rules apply for a letter."]
    coverage: Annotated[Share, "Share of all rules' points that the repository was judged on."]
    cap: Annotated[CapJson | None, "Null when no cap binds."]


class GateJson(TypedDict):
    """Whether the limits set by the user are kept; passed when there are none."""

    passed: bool
    reasons: list[str]


class SummaryJson(TypedDict):
    """Numbers of findings. Suppressed ones are counted in `suppressed` only."""

    critical: Count
    major: Count
    minor: Count
    info: Count
    total: Count
    new: Annotated[Count, "Findings that are not in the baseline; all of them without a baseline."]
    suppressed: Count


class CategoryJson(TypedDict):
    """One of the nine categories; all nine are always there, sorted by `id`."""

    id: CategoryName
    title: str
    score: Annotated[Percent | None, "Null when no rule of the category was judged."]
    points_earned: Annotated[float, keywords(minimum=0)]
    points_possible: Annotated[float, keywords(minimum=0)]
    rules: Count
    failed: Annotated[Count, "Rules that failed, partly or fully, or are blocked."]
    not_applicable: Count


class RuleJson(TypedDict):
    """What became of one rule; sorted by `id`."""

    id: str
    title: str
    category: CategoryName
    severity: SeverityName
    status: Annotated[str, Status]
    score: Annotated[Share | None, "Null unless the status is pass, partial, fail or blocked."]
    points_earned: Annotated[float, keywords(minimum=0)]
    points_possible: Annotated[float, keywords(minimum=0)]
    gain: Annotated[Percent, "How much the final score rises when only this rule is fixed."]
    effort_minutes: Count
    evidence: list[EvidenceJson]
    reason: str
    help_uri: str


class SuppressionJson(TypedDict):
    """A person's decision not to count a finding."""

    reason: str
    source: Annotated[str, "Where the decision is written."]


class FindingJson(TypedDict):
    """One finding, suppressed ones included; sorted by severity, rule and place."""

    rule_id: str
    category: CategoryName
    severity: SeverityName
    confidence: Annotated[str, Confidence]
    message: str
    path: Annotated[str | None, "Null for a finding about the repository as a whole."]
    line: Annotated[Position | None, "Line in the raw file, also for notebooks."]
    column: Position | None
    end_line: Position | None
    cell: Annotated[Position | None, "Number of the notebook cell, counting all cells."]
    cell_line: Annotated[Position | None, "Line in the cell."]
    fingerprint: Annotated[str, "Identity of the finding; unchanged when lines move."]
    baseline_state: str
    suppression: SuppressionJson | None
    remediation: str


class FixStepJson(TypedDict):
    """One step of "fix first", in the order of doing."""

    rule_id: str
    gain: Annotated[float, "Points that this step adds to the final score after all steps before it."]
    effort_minutes: Count
    score_after: Percent


class StackJson(TypedDict):
    """One tool that was recognised; sorted by `topic` and `tool`."""

    topic: str
    tool: str
    strength: Annotated[str, keywords(enum=tuple(strength.label for strength in Strength))]
    evidence: list[EvidenceJson]


class ErrorJson(TypedDict):
    """A failure of prodcheck itself."""

    where: Annotated[str, "The rule or file it happened in."]
    message: str


class ReportJson(TypedDict):
    """The JSON report of prodcheck, schema version 1. Every key is always present."""

    schema_version: Literal[1]
    tool: ToolJson
    run: RunJson
    repository: RepositoryJson
    project: ProjectJson
    config: ConfigJson
    scan: ScanJson
    score: ScoreJson
    gate: GateJson
    summary: SummaryJson
    categories: list[CategoryJson]
    rules: list[RuleJson]
    findings: list[FindingJson]
    fix_first: list[FixStepJson]
    stack: list[StackJson]
    errors: list[ErrorJson]
