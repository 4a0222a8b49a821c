"""The nouns of prodcheck: frozen dataclasses and enums that every layer shares.

Nothing here knows about files, YAML or terminals. The vocabulary is the one of `docs/architecture.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum, IntEnum

from prodcheck.records import dataclass


class Severity(str, Enum):
    """How loudly a rule speaks, and its only weight in the score."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"

    @property
    def points(self) -> int:
        """Points a rule of this severity is worth."""
        return {"critical": 10, "major": 5, "minor": 2, "info": 0}[self.value]

    @property
    def rank(self) -> int:
        """0 for critical up to 3 for info: sorts the loudest first."""
        return list(Severity).index(self)


class Status(str, Enum):
    """What became of one rule in one audit."""

    PASS = "pass"
    PARTIAL = "partial"
    FAIL = "fail"
    BLOCKED = "blocked"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"
    ERROR = "error"

    @property
    def judged(self) -> bool:
        """True when the rule takes part in the score."""
        return self in (Status.PASS, Status.PARTIAL, Status.FAIL, Status.BLOCKED)


class Strength(IntEnum):
    """How strong a piece of evidence is, weakest first."""

    DECLARED = 1
    CONFIGURED = 2
    USED = 3
    ENFORCED = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class Confidence(str, Enum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Polarity(str, Enum):
    """A practice rule wants something good to exist; a defect rule wants something bad not to."""

    PRACTICE = "practice"
    DEFECT = "defect"


class Kind(str, Enum):
    """What a repository is. Decides which rules apply."""

    LIBRARY = "library"
    TRAINING = "training"
    SERVICE = "service"
    NOTEBOOKS = "notebooks"
    COURSE = "course"
    TEMPLATE = "template"
    GENERIC = "generic"


class Stage(str, Enum):
    PROTOTYPE = "prototype"
    PRODUCTION = "production"


class Category(str, Enum):
    STRUCTURE = "structure"
    SECRETS = "secrets"
    TESTS = "tests"
    DEPENDENCIES = "dependencies"
    CI = "ci"
    DATA = "data"
    OPERATIONS = "operations"
    INFRASTRUCTURE = "infrastructure"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the audited repository.

    `path` is relative to the root with `/` separators. Lines, columns and cells count from 1; `line` is the line in
    the raw file also for notebooks, where `cell` and `cell_line` say where a person finds it in Jupyter.
    """

    path: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    cell: int | None = None
    cell_line: int | None = None

    def __str__(self) -> str:
        if self.cell is not None:
            suffix = f":{self.cell_line}" if self.cell_line is not None else ""
            return f"{self.path} cell {self.cell}{suffix}"
        return f"{self.path}:{self.line}" if self.line is not None else self.path

    @property
    def sort_key(self) -> tuple[str, int, int, int]:
        return (self.path, self.line or 0, self.cell or 0, self.column or 0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where something was seen that supports a verdict, and how strong it is.

    `location` is None for facts that have no file, such as "origin points at github.com".
    """

    detail: str
    location: Location | None = None
    strength: Strength = Strength.USED


@dataclass(frozen=True, slots=True)
class Hit:
    """A place a matcher points at. A rule turns it into a finding.

    `detail` completes the rule's message (the `{detail}` placeholder); it never holds a secret value. `identity` is
    what makes the hit the same one when lines move (normalised source, a name); it defaults to the detail.
    """

    location: Location | None
    detail: str = ""
    confidence: Confidence = Confidence.HIGH
    identity: str = ""
    severity: Severity | None = None
    """Set only to speak more softly than the rule does, such as for a weak password in a test."""
    score: float | None = None
    """The rule's score in 0..1 if this hit were the worst one, for rules whose worst hit decides; 1 tells without
    taking points. None where the score is no matter of single hits."""


@dataclass(frozen=True)
class Outcome:
    """What a matcher or check found: a score from 0 (bad) to 1 (good), with the reasons for it.

    `score` None means undecidable from the tree; `applicable` False means the question has no meaning for this
    repository. In both cases `reason` says why.
    """

    score: float | None
    evidence: tuple[Evidence, ...] = ()
    hits: tuple[Hit, ...] = ()
    reason: str = ""
    confidence: Confidence = Confidence.HIGH
    applicable: bool = True
    severity: Severity | None = None
    """Set only to speak more softly, and weigh less, than the rule: by what the project is, not by how it fares."""
    needs: str = ""
    """One of the rule's prerequisites, where nothing can be judged before it passes: it then blocks the result."""

    @staticmethod
    def unknown(reason: str, evidence: tuple[Evidence, ...] = ()) -> Outcome:
        return Outcome(score=None, reason=reason, evidence=evidence)

    @staticmethod
    def not_applicable(reason: str) -> Outcome:
        return Outcome(score=None, reason=reason, applicable=False)


@dataclass(frozen=True)
class Matcher:
    """One node of a rule's `require:` or `forbid:` tree: a word of the language, its arguments, the line it is on."""

    word: str
    args: Mapping[str, object]
    children: tuple[Matcher, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Cap:
    """A ceiling on the final score while the rule fails outright with high confidence.

    `kinds` limits the cap to those kinds; empty means all.
    """

    ceiling: int
    kinds: frozenset[Kind] = frozenset()


@dataclass(frozen=True)
class Example:
    """A small repository inside a rule file, run as a test and printed in the docs.

    `files` maps paths to text, or to a mapping with one of the keys `text`, `lines`, `notebook` (list of cells),
    `base64`, `size` or `utf-16`; `git` is None (as a clone with a remote), or a mapping overriding parts of it.
    """

    name: str
    expect: Status
    files: Mapping[str, object]
    at: tuple[str, ...] = ()
    git: Mapping[str, object] | None = None
    kind: Kind | None = None
    stage: Stage | None = None
    line: int = 0


@dataclass(frozen=True)
class Rule:
    """One rule file: what is expected, why, and how to get there."""

    id: str
    title: str
    category: Category
    severity: Severity
    polarity: Polarity
    effort_minutes: int
    applies_to: frozenset[Kind]
    applies_when: Mapping[str, object]
    requires: tuple[str, ...]
    message: str
    rationale: str
    remediation: str
    references: tuple[str, ...]
    matcher: Matcher
    examples: tuple[Example, ...]
    cap: Cap | None = None
    info_in_prototype: bool = False
    scope: str = "repository"
    """`file` when one file alone decides a finding, so that a hook may run the rule on the changed files only."""
    source: str = ""

    @property
    def help_uri(self) -> str:
        return f"https://github.com/prodcheck/prodcheck/blob/main/docs/rules/{self.id}.md"


@dataclass(frozen=True)
class Suppression:
    """A person's decision not to count something, with the reason given for it."""

    reason: str
    source: str
    """Where the decision is written: `prodcheck.toml`, or `path:line` of an inline comment."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit with the rule's meaning."""

    rule_id: str
    category: Category
    severity: Severity
    confidence: Confidence
    message: str
    location: Location | None
    fingerprint: str
    remediation: str
    suppression: Suppression | None = None
    baseline_state: str = "new"
    """`unchanged` when the baseline knows the finding, else `new`."""

    @property
    def sort_key(self) -> tuple[int, str, tuple[str, int, int, int], str]:
        place = self.location.sort_key if self.location else ("", 0, 0, 0)
        return (self.severity.rank, self.rule_id, place, self.fingerprint)


@dataclass(frozen=True)
class Result:
    """What became of one rule: status, score, evidence and findings.

    `own_score` is the rule's score in 0..1 as if no prerequisite were missing; it differs from `score` only when the
    status is blocked, and says what unblocking would bring.
    """

    rule: Rule
    status: Status
    score: float | None
    severity: Severity
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    confidence: Confidence = Confidence.HIGH
    own_score: float | None = None
    blocked_by: str | None = None

    @property
    def points(self) -> int:
        return self.severity.points


@dataclass(frozen=True)
class FixStep:
    """One line of "fix first": the final score's gain if this is fixed after all steps above it."""

    rule_id: str
    gain: float
    effort_minutes: int
    score_after: float


@dataclass(frozen=True)
class CategoryScore:
    category: Category
    score: float | None
    earned: float
    possible: float
    rules: int
    failed: int
    not_applicable: int


@dataclass(frozen=True)
class Score:
    """The arithmetic of one audit. `value` is `raw` held down by the cap that binds, both in 0..100."""

    value: float
    raw: float
    grade: str | None
    coverage: float
    """Share in 0..1 of all rules' points that this repository was judged on."""
    cap: tuple[str, int] | None = None
    """(rule id, ceiling) of the cap that binds, None when none does."""
    categories: tuple[CategoryScore, ...] = ()
    fix_first: tuple[FixStep, ...] = ()
    gains: Mapping[str, float] = field(default_factory=dict)
    """Per rule id, how much the final score rises if only that rule is fixed."""
    points: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Per rule id, (earned, possible)."""
    complete: bool = True
    """False when a rule ended in `error`: the score then says less than it seems to."""


@dataclass(frozen=True)
class ToolUse:
    """One ecosystem tool recognised in the repository."""

    topic: str
    tool: str
    name: str
    strength: Strength
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Project:
    """What the repository is, and why prodcheck thinks so."""

    kind: Kind
    stage: Stage
    evidence: tuple[Evidence, ...]
    secondary: tuple[Kind, ...] = ()
    kind_source: str = "detected"
    """`detected`, `configured` or `given` (on the command line)."""
    stage_source: str = "detected"


@dataclass(frozen=True)
class SubProject:
    """One of several projects in the same repository: a folder with dependencies and code of its own."""

    path: str
    """Its folder, without a slash at the end; empty for the root."""
    manifest: str
    """The dependency file that makes it a project."""
    code_lines: int
    """Code lines of its modules and notebooks outside tests and docs, projects inside it left out."""
    findings: Mapping[Severity, int] = field(default_factory=dict)
    """Number of open findings in it per severity, all four of them; empty before the rules have run."""


@dataclass(frozen=True)
class Skipped:
    """A file that was left out of the scan, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class GitState:
    """What version control says about the audited folder. `None` and empty mean not known."""

    state: str = "none"
    """`none` (no version control), `ok`, `unborn` (no commit yet), `other` (hg, svn, jj) or `unknown`."""
    reason: str = ""
    branch: str | None = None
    commit: str | None = None
    commit_time: str | None = None
    """UTC, `YYYY-MM-DDTHH:MM:SSZ`."""
    dirty: bool | None = None
    shallow: bool = False
    remotes: tuple[tuple[str, str], ...] = ()
    """(name, URL without credentials)."""
    prefix: str = ""
    """Path of the audited folder inside its repository, empty at the top."""
    tracked: int | None = None
    """Number of tracked files below the audited folder."""


@dataclass(frozen=True)
class UnusedIgnore:
    """A suppression that suppressed nothing."""

    rule_id: str
    source: str


@dataclass(frozen=True)
class RunError:
    """Our own failure inside one rule or file. Shown, never silent, never a finding."""

    where: str
    message: str


@dataclass(frozen=True)
class Gate:
    passed: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything one audit found out: the public result, and the only input of a reporter."""

    name: str
    root: str
    project: Project
    git: GitState
    results: tuple[Result, ...]
    score: Score
    gate: Gate
    stack: tuple[ToolUse, ...]
    files: int
    bytes: int
    skipped: tuple[Skipped, ...]
    unused_ignores: tuple[UnusedIgnore, ...]
    errors: tuple[RunError, ...]
    config_path: str | None
    config_digest: str
    fail_under: float | None
    fail_on: Severity | None
    ruleset: str
    started_at: str
    duration_ms: int
    baseline: str | None = None
    """The baseline file, as it was named; None without one."""
    anchor: str = ""
    """A file that exists and stands for the repository as a whole, where a format demands a place for every finding."""
    projects: tuple[SubProject, ...] = ()
    """The projects of a monorepo by path; empty for a repository that is one project."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, suppressed ones included, loudest first."""
        return tuple(sorted((f for r in self.results for f in r.findings), key=lambda f: f.sort_key))

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that nobody has suppressed."""
        return tuple(f for f in self.findings if f.suppression is None)

    def result(self, rule_id: str) -> Result:
        """The result of one rule. Raises KeyError for an id that was not run."""
        for result in self.results:
            if result.rule.id == rule_id:
                return result
        raise KeyError(rule_id)
