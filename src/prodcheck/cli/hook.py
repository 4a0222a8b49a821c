"""`prodcheck check --hook FILE...`: what a pre-commit hook runs on the files of a commit.

Only rules with `scope: file` run, on these files only: no listing of the repository, no git. The files are read from
disk, where pre-commit has put away what is not staged.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prodcheck.cli.check import exit_code
from prodcheck.errors import REPORT_IT
from prodcheck.model import Finding, Kind, Project, Severity, Stage
from prodcheck.report.sanitize import plain

if TYPE_CHECKING:
    from prodcheck.baseline import Baseline
    from prodcheck.config import Config
    from prodcheck.model import RunError

SETTINGS = ("prodcheck.toml", "pyproject.toml")
CONTEXT = (".secrets.baseline", ".gitleaksignore")
"""Files that hold decisions about other files; read when they are there, and judged only when they are given."""
NOTEBOOK_CONTEXT = (".gitattributes", ".pre-commit-config.yaml")
"""Those that only matter to notebooks."""
WHOLE_REPOSITORY = ("output", "format_", "fail_under", "rev", "new_only", "verbose")
"""Options that have no meaning for single files."""


def hook(paths: tuple[str, ...], options: dict[str, Any]) -> int:
    """Exit code 1 when one of the files has a finding of `--fail-on` (critical by default) or worse."""
    for name in WHOLE_REPOSITORY:
        if options[name]:
            flag = "--" + name.rstrip("_").replace("_", "-")
            raise click.UsageError(f"{flag} is about a whole repository: name a folder, not files")
    given = frozenset(filter(None, (_inside(path) for path in paths)))
    findings, errors = _audit(given, options)
    fail_on = Severity(options["fail_on"] or "critical")
    loud = [f for f in findings if f.severity.rank <= fail_on.rank and f.baseline_state == "new"]
    _tell(findings if not options["quiet"] else loud, fail_on)
    for error in errors:
        click.echo(f"error in prodcheck: {plain(error.where)}: {plain(error.message)}", err=True)
    if errors:
        click.echo(REPORT_IT, err=True)
    return exit_code(bool(errors), not loud, options)


def _inside(path: str) -> str | None:
    """A file as the current folder calls it, None for one that is gone. Raises `UsageError` for any other."""
    absolute = Path(os.path.normpath(Path.cwd() / path))
    if not os.path.lexists(absolute) or absolute.is_symlink():
        return None  # a deleted file; a link is judged where its target is
    if absolute.is_dir():
        raise click.UsageError(f"`{path}` is a folder: --hook takes files")
    if not absolute.is_relative_to(Path.cwd()):
        raise click.UsageError(f"`{path}` is not below the current folder: run this at the top of the repository")
    return absolute.relative_to(Path.cwd()).as_posix()


def _audit(given: frozenset[str], options: dict[str, Any]) -> tuple[list[Finding], tuple[RunError, ...]]:
    from prodcheck._audit import load_config
    from prodcheck.engine import run
    from prodcheck.extract.run import extract_all
    from prodcheck.facts import Facts
    from prodcheck.repository.files import some_files
    from prodcheck.suppress import Suppressions

    names = (*CONTEXT, *(NOTEBOOK_CONTEXT if any(path.endswith(".ipynb") for path in given) else ()))
    context = [name for name in names if Path(name).is_file()]
    settings = some_files(".", [name for name in SETTINGS if Path(name).is_file()])
    config = _settings(load_config(settings), options)
    repository = some_files(".", {*given, *context}, exclude=config.exclude)
    baseline: Baseline | None = None
    if options["baseline"]:
        from prodcheck.cli.baseline import read_baseline

        baseline = read_baseline(Path(options["baseline"]))
    elif config.baseline:
        from prodcheck.baseline import load

        baseline = load(some_files(".", {config.baseline}), config.baseline)
    assert config.kind is not None and config.stage is not None
    project = Project(config.kind, config.stage, (), (), "configured", "configured")
    facts = Facts(repository, extract_all(repository), config, (), project)
    results, crashes = run(_rules(config, options), facts, Suppressions(config, facts.files))
    if baseline is not None:
        results = baseline.mark(results)
    found = [
        f for r in results for f in r.findings if f.suppression is None and f.location and f.location.path in given
    ]
    return sorted(found, key=lambda f: f.sort_key), (*facts.extraction.errors, *crashes)


def _settings(config: Config, options: dict[str, Any]) -> Config:
    """The settings, with a kind and a stage that single files cannot show.

    The kind that most rules apply to; a project that is something else says so in its settings.
    """
    kind = Kind(options["kind"]) if options["kind"] else config.kind or Kind.TRAINING
    stage = Stage(options["stage"]) if options["stage"] else config.stage or Stage.PRODUCTION
    return replace(config, kind=kind, stage=stage, select=options["select"] or config.select)


def _rules(config: Config, options: dict[str, Any]) -> list[Any]:
    from prodcheck.rules.load import load_file_rules

    folders = [*(Path(folder) for folder in config.rules), *(Path(folder) for folder in options["rules"])]
    return [
        rule
        for rule in load_file_rules(folders)
        if rule.id not in options["ignore"] and (not config.select or rule.id in config.select)
    ]


def _tell(findings: list[Finding], fail_on: Severity) -> None:
    """One line a finding, as compilers do, and the next step below those that fail."""
    from prodcheck.report.sanitize import plain

    for finding in findings:
        place = finding.location
        assert place is not None
        cell = f" cell {place.cell}:{place.cell_line}" if place.cell else ""
        line = f":{place.line}" if place.line else ""
        known = " (known)" if finding.baseline_state != "new" else ""
        told = f"{plain(place.path)}{line}:{cell} {finding.severity.value} {finding.rule_id}: {plain(finding.message)}"
        click.echo(told + known)
        if finding.severity.rank <= fail_on.rank and not known:
            click.echo(f"    {plain(finding.remediation)}  prodcheck explain {finding.rule_id}")
