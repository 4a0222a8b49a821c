"""The check `ci-no-static-checks`: formatting, linting and types enforced by CI."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.facts import Facts
from prodcheck.facts.ci import CiCommand
from prodcheck.model import Hit, Kind, Location, Outcome
from prodcheck.patterns import lazy_regex

_ON_CHANGE = frozenset({"push", "pull_request"})
_CHECKING = frozenset({"test", "format", "lint", "type"})
_SYNTAX_ONLY = lazy_regex(r"--select[= ]E9")
_COMMITS = lazy_regex(
    r"git-auto-commit|add-and-commit|github-push-action|create-pull-request|git push|git diff .*--(?:exit-code|quiet)|"
    r"git status --porcelain|ultralytics/actions|pre-commit-ci|autofix-ci"
)
NAMES = {"format": "formatting", "lint": "linting", "type": "types"}
TOOLS = {"format": "formatter", "lint": "linter", "type": "type checker"}


def static_checks(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Share of formatting (0.4), linting (0.4) and type checks (0.2) that CI runs on every change.

    A training project is not asked for types: its other two parts count half each.
    """
    weights = {"format": 0.4, "lint": 0.4, "type": 0.2}
    if facts.project.kind in (Kind.TRAINING, Kind.GENERIC):
        weights = {"format": 0.5, "lint": 0.5}
    commands = [c for c in facts.ci.commands if c.triggers & _ON_CHANGE]
    score, evidence, present = 0.0, [], []
    for verb, weight in weights.items():
        share, command = _best(verb, commands, facts)
        score += weight * share
        if command:
            evidence.append(command.chain[-1])
            present.append((verb, share))
    full = [NAMES[verb] for verb, share in present if share >= 1]
    weak = [NAMES[verb] for verb, share in present if share < 1]
    missing = [NAMES[verb] for verb in weights if verb not in dict(present)]
    if not present and facts.ci.unknown:
        return Outcome.unknown(f"CI uses what is not in this repository ({facts.ci.unknown[0].detail})")
    if not present:
        tools = [TOOLS[verb] for verb in weights]
        return Outcome(0.0, (), _hit(facts), f"CI runs no {', '.join(tools[:-1])} or {tools[-1]}")
    reason = "CI checks " + " and ".join(full) + (", " if full and weak else "")
    reason += f"{' and '.join(weak)} only in part" if weak else ""
    if missing:
        reason += f"; {' and '.join(missing)} {'are' if missing == ['types'] or len(missing) > 1 else 'is'} not checked"
    return Outcome(round(score, 2), tuple(evidence), () if score >= 1 else _hit(facts), reason)


def _best(verb: str, commands: list[CiCommand], facts: Facts) -> tuple[float, CiCommand | None]:
    """The best share of one part that a command earns, and that command."""
    best: tuple[float, CiCommand | None] = (0.0, None)
    for command in commands:
        share = 0.0
        if verb in command.verbs:
            share = 1.0 if command.blocking else 0.5
            if verb == "lint" and _SYNTAX_ONLY.search(" ".join(command.argv)):
                share /= 2
        elif verb == "format" and "format-write" in command.verbs:
            share = 1.0 if _looked_at(command, commands, facts) else 0.5
        if share > best[0]:
            best = (share, command)
    return best


def _looked_at(formatter: CiCommand, commands: list[CiCommand], facts: Facts) -> bool:
    """Whether the change that a formatter makes is committed or compared later in the same job."""
    if any(c.job == formatter.job and c.pipeline == formatter.pipeline and _COMMITS.search(c.text) for c in commands):
        return True
    for pipeline in facts.ci.pipelines:
        if pipeline.path == formatter.pipeline:
            return any(
                _COMMITS.search(step.uses) for job in pipeline.jobs if job.id == formatter.job for step in job.steps
            )
    return False


def _hit(facts: Facts) -> tuple[Hit, ...]:
    """The pipeline that already builds or checks most on changes: there the missing part belongs."""
    changing = [p for p in facts.ci.pipelines if p.triggers & _ON_CHANGE]
    work = [c.pipeline for c in facts.ci.commands if c.verbs & _CHECKING]
    first = max(changing, key=lambda p: work.count(p.path), default=None)
    return (Hit(Location(first.path, first.line)),) if first else ()
