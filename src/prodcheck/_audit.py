"""The public function `prodcheck.audit`: repository, extract, facts, rules, suppress, score -> Report.

The module has an underscore because the function carries the name: `prodcheck.audit` is what people import.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from prodcheck import rules as rules_module
from prodcheck.config import FILE_NAME, Config, nearest, parse
from prodcheck.engine import SECONDS, SECONDS_PER_FILE, run
from prodcheck.errors import ConfigError, RepositoryError, UnreadableFile, UsageError
from prodcheck.extract.budget import OutOfTime, limited
from prodcheck.extract.run import MAX_TEXT, Extraction, extract_all
from prodcheck.extract.text import decode
from prodcheck.facts import Facts
from prodcheck.model import Gate, Report, Result, Rule, RunError, Severity
from prodcheck.repository import Repository, open_repository, without
from prodcheck.rules import RULESET, Ruleset
from prodcheck.score import score
from prodcheck.suppress import Suppressions

if TYPE_CHECKING:
    from prodcheck.baseline import Baseline
    from prodcheck.extract.cache import Cache

INCOMPLETE = "the score is incomplete: prodcheck itself failed in part"
"""Reason of a gate that cannot be judged."""


def audit(
    path: str | Path | Repository = ".",
    *,
    rev: str | None = None,
    config: Config | None = None,
    ruleset: Ruleset | None = None,
    baseline: Baseline | None = None,
    history: bool = False,
    jobs: int | None = 1,
    cache: Cache | None = None,
) -> Report:
    """Audit one repository without running any of its code.

    `path` is a folder, or what `open_repository` made of one; `rev` a git revision to read instead of the work tree,
    without checking it out. Without
    `config` the folder's own `prodcheck.toml` or `[tool.prodcheck]` is used; without `baseline` the one that the
    settings name. With `history` credentials are also looked for in the older versions that branches and tags hold.
    `jobs` is the number of processes for large repositories, None for as many as there are processors; a program that
    asks for more than one needs the usual `if __name__ == "__main__"`. With a `cache` only what has changed since the
    last audit is worked out again. Raises `UsageError` for a path or revision that does not exist, `ConfigError` for
    wrong settings, `RuleError` for a rule file that does not load.
    """
    started = datetime.now(timezone.utc)
    clock = time.perf_counter()
    repository = open_repository(str(path), rev=rev) if isinstance(path, str | Path) else path
    if config is None:
        config = load_config(repository)
    repository = without(repository, config.exclude)
    if ruleset is None:
        ruleset = load_rules_of(config, Path(repository.root))
    if baseline is None and config.baseline:
        from prodcheck.baseline import load

        baseline = load(repository, config.baseline)
    if cache is not None and not history:
        report = _recalled(repository, config, ruleset, baseline, jobs, cache)
    else:
        report = audit_repository(repository, config, ruleset, baseline, history, jobs, cache)
    return replace(
        report,
        started_at=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        duration_ms=round((time.perf_counter() - clock) * 1000),
    )


def _recalled(
    repository: Repository,
    config: Config,
    ruleset: Ruleset,
    baseline: Baseline | None,
    jobs: int | None,
    cache: Cache,
) -> Report:
    """The report that the cache holds of the very same files, else a new one, which it then keeps."""
    from prodcheck import recall

    name = recall.key(repository, config, ruleset, baseline)
    report = recall.recall(cache, name, ruleset) if name is not None else None
    if report is None:
        report = audit_repository(repository, config, ruleset, baseline, jobs=jobs, cache=cache)
        if name is not None:
            again = _again(repository, config)
            if again is not None and recall.key(again, config, ruleset, baseline) == name:
                recall.remember(cache, name, report)
    return report


def _again(repository: Repository, config: Config) -> Repository | None:
    """The repository looked at once more: files on disk may have changed during the audit. A commit stays as it is."""
    if repository.folder is None:
        return repository
    try:
        return without(open_repository(repository.root), config.exclude)
    except (RepositoryError, UsageError):
        return None


def audit_repository(
    repository: Repository,
    config: Config,
    ruleset: Ruleset,
    baseline: Baseline | None = None,
    history: bool = False,
    jobs: int | None = 1,
    cache: Cache | None = None,
) -> Report:
    """The way through, for any repository: facts, rules, score, report.

    Raises `RepositoryError` when what all files say together takes too long to understand.
    """
    if baseline is None and config.baseline:
        from prodcheck.baseline import load

        baseline = load(repository, config.baseline)
    if config.new_only:
        check_new_only(config, baseline)
    extraction = extract_all(repository, jobs=jobs, cache=cache)
    if history:
        from prodcheck.extract.past import with_history

        extraction = with_history(extraction, repository, config.exclude)
    seconds = SECONDS + SECONDS_PER_FILE * len(extraction.files)
    try:
        return limited(seconds, lambda: _judge(repository, extraction, config, ruleset, baseline))
    except OutOfTime:
        raise RepositoryError(
            f"the files were read, but not understood within {seconds:.0f} seconds",
            "Leave out folders that are not part of the project: `exclude` in prodcheck.toml.",
        ) from None


def _judge(
    repository: Repository, extraction: Extraction, config: Config, ruleset: Ruleset, baseline: Baseline | None
) -> Report:
    facts = Facts(repository, extraction, config, ruleset.signatures)
    project = facts.project
    suppressions = Suppressions(config, facts.files)
    selected = select(ruleset, config)
    results, crashes = run(selected, facts, suppressions)
    if baseline is not None:
        results = baseline.mark(results)
    errors = (*extraction.errors, *crashes)
    total = score(results, project.kind)
    return Report(
        name=repository.name,
        root=repository.root,
        project=project,
        git=repository.git,
        results=results,
        score=replace(total, complete=total.complete and not errors),
        gate=gate(total.value, results, config, errors),
        stack=facts.stack,
        files=len(facts.files),
        bytes=extraction.bytes,
        skipped=tuple(sorted(extraction.skipped, key=lambda s: s.path)),
        unused_ignores=suppressions.unused(frozenset(r.rule.id for r in results)),
        errors=errors,
        config_path=config.path,
        config_digest=config.digest,
        fail_under=config.fail_under,
        fail_on=config.fail_on,
        ruleset=RULESET,
        started_at="",
        duration_ms=0,
        baseline=baseline.path if baseline else None,
        projects=facts.projects.count(f for r in results for f in r.findings if f.suppression is None),
        anchor=landmark([entry.path for entry in repository.files]),
    )


def landmark(paths: Iterable[str]) -> str:
    """The file that stands for a repository as a whole: the one a person would open first. Empty without files."""
    wanted = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "environment.yml", "readme")

    def rank(path: str) -> tuple[int, int, str]:
        name = path.lower()
        place = next((i for i, start in enumerate(wanted) if name.startswith(start)), len(wanted))
        return (place if "/" not in path else len(wanted), path.count("/"), path)

    return min(paths, key=rank, default="")


def load_config(repository: Repository) -> Config:
    """Settings of a repository: `prodcheck.toml`, else `[tool.prodcheck]` of `pyproject.toml`, else the defaults.

    Raises `ConfigError` when they are wrong or cannot be read: an audit without them would be another audit.
    """
    sizes = {entry.path: entry.size for entry in repository.files}
    for name in (FILE_NAME, "pyproject.toml"):
        if name not in sizes:
            continue
        try:
            if sizes[name] > MAX_TEXT:
                raise UnreadableFile(f"{sizes[name] / 1e6:.0f} MB")
            text = decode(repository.read(name))
        except UnreadableFile as problem:
            if name == FILE_NAME:
                raise ConfigError(f"{name} cannot be read: {problem.reason}", "Fix the file, or remove it.") from None
            continue
        if name == FILE_NAME or "prodcheck" in text:
            return parse(text, name)
    return Config()


def load_rules_of(config: Config, root: Path) -> Ruleset:
    """The bundled rules, and those of the folders that the settings name, relative to the audited folder."""
    ruleset = rules_module.load_ruleset([root / folder for folder in config.rules])
    known = [rule.id for rule in ruleset.rules]
    for where, names in (("ignore", [i.rule for i in config.ignore]), ("select", list(config.select))):
        for name in names:
            if name not in known:
                raise UsageError(f"{config.path or where}: there is no rule `{name}`", nearest(name, known))
    return ruleset


def select(ruleset: Ruleset, config: Config) -> tuple[Rule, ...]:
    """The rules to run."""
    return tuple(rule for rule in ruleset.rules if not config.select or rule.id in config.select)


def check_new_only(config: Config, baseline: Baseline | None) -> None:
    """A gate that asks for new findings needs to know the old ones, and which new ones fail. Raises `UsageError`."""
    if baseline is None:
        raise UsageError("new-only needs a baseline", "Write one: `prodcheck baseline`. Name it: --baseline FILE.")
    if config.fail_on is None:
        raise UsageError("new-only needs fail-on", "Say which new findings fail, such as --fail-on minor.")


def gate(value: float, results: tuple[Result, ...], config: Config, errors: tuple[RunError, ...]) -> Gate:
    """Whether the thresholds of the settings hold; without thresholds they do."""
    reasons = []
    if config.fail_under is not None and value < config.fail_under:
        reasons.append(f"score {value:g} is under {config.fail_under:g}")
    if config.fail_on is not None:
        loud = [f for r in results for f in r.findings if not f.suppression and f.severity.rank <= config.fail_on.rank]
        if config.new_only:
            loud = [f for f in loud if f.baseline_state == "new"]
        if loud:
            which = config.fail_on.value + ("" if config.fail_on is Severity.CRITICAL else " or worse")
            reasons.append(f"{len(loud)} {'new ' * config.new_only}finding{'s' * (len(loud) != 1)} of severity {which}")
    if errors and (config.fail_under is not None or config.fail_on is not None):
        reasons.append(INCOMPLETE)
    return Gate(not reasons, tuple(reasons))
