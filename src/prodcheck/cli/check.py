"""`prodcheck check PATH`: audit, report, and hold the result against the gates."""

from __future__ import annotations

import os
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prodcheck.cli import COMMANDS
from prodcheck.cli.means import means, means_options
from prodcheck.cli.output import STDOUT, Plan, emit, plan, save
from prodcheck.config import Config
from prodcheck.model import Gate, Kind, Project, Severity, Stage
from prodcheck.report import FORMATS

if TYPE_CHECKING:
    from prodcheck.baseline import Baseline
    from prodcheck.model import Report
    from prodcheck.repository import Repository

CI_SYSTEMS = {
    "GITHUB_ACTIONS": "github-actions",
    "GITLAB_CI": "gitlab-ci",
    "TF_BUILD": "azure-pipelines",
    "CIRCLECI": "circleci",
    "JENKINS_URL": "jenkins",
    "BITBUCKET_BUILD_NUMBER": "bitbucket",
    "BUILDKITE": "buildkite",
    "TRAVIS": "travis",
    "CI": "other",
}
"""Variable that a CI system sets, to the name the JSON report gives it; the first one that is set counts."""


def _words(choices: Any) -> click.Choice[str]:
    return click.Choice([str(choice.value) for choice in choices])


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH | FILE...]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    help="Format of stdout (text), or of the -o FILE that can hold it.",
)
@click.option(
    "-o",
    "--output",
    multiple=True,
    metavar="FILE",
    help="Also write a report to FILE, in the format that its ending means or that stands before it, as in "
    "gitlab:quality.json; repeatable.",
)
@click.option("--fail-under", "--min-score", type=click.FloatRange(0, 100), help="Exit 1 when the score is lower.")
@click.option("--fail-on", type=_words(Severity), help="Exit 1 on a finding of this severity or worse.")
@click.option("--baseline", metavar="FILE", help="Findings that are known, as `prodcheck baseline` writes them.")
@click.option("--new-only", is_flag=True, help="--fail-on counts only findings that the baseline does not know.")
@click.option("--hook", is_flag=True, help="For pre-commit: only the FILEs given, only rules about one file.")
@click.option("--select", multiple=True, metavar="RULE", help="Run only this rule; repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not run this rule; repeatable.")
@click.option("--rules", multiple=True, metavar="DIR", help="A folder of further rules; repeatable.")
@click.option("--kind", type=_words(Kind), help="What the repository is, when prodcheck gets it wrong.")
@click.option("--stage", type=_words(Stage), help="How far the project means to go.")
@click.option("--rev", metavar="REV", help="Audit a git revision instead of the work tree, without a checkout.")
@click.option("--history", is_flag=True, help="Look for credentials in older versions on all branches and tags, too.")
@click.option("--report-only", is_flag=True, help="Always exit 0, whatever the gates say.")
@click.option(
    "--keep-going", is_flag=True, help="Judge by what could be decided when prodcheck itself fails in part, not exit 3."
)
@means_options
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict only.")
@click.option("-v", "--verbose", is_flag=True, help="Also show the evidence of what passed.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text report.")
def check(paths: tuple[str, ...], **options: Any) -> int:
    """Audit the repository at PATH (the current folder by default).

    With --hook, look at the FILEs given only, with the rules for which one file is enough: what pre-commit needs.
    """
    if options["hook"]:
        from prodcheck.cli.hook import hook

        if options["history"]:
            raise click.UsageError("--history is about a whole repository, not about single files")
        return hook(paths, options)
    if len(paths) > 1:
        raise click.UsageError("one folder at a time; --hook checks single files")
    path = paths[0] if paths else "."
    _check_path(path)
    wanted = plan(options["output"], options["format_"])
    from prodcheck.repository.open import opening

    opened = opening(path, options["rev"])
    from prodcheck._audit import INCOMPLETE, audit, load_config, load_rules_of

    repository = opened()
    config = _merge(load_config(repository), options)
    ruleset = load_rules_of(config, Path(path))
    if options["ignore"]:
        ruleset = replace(
            ruleset, rules=tuple(r for r in ruleset.rules if r.id not in _known(options["ignore"], ruleset))
        )
    known = _baseline(options["baseline"]) if options["baseline"] else None
    if options["history"] and sys.stderr.isatty():
        click.echo("Reading the history, which may take a while ...", err=True)
    report = audit(
        repository,
        config=config,
        ruleset=ruleset,
        baseline=known,
        history=options["history"],
        **means(options),
    )
    report = replace(report, project=_sources(report.project, options))
    if options["keep_going"]:
        reasons = tuple(reason for reason in report.gate.reasons if reason != INCOMPLETE)
        report = replace(report, gate=Gate(not reasons, reasons))
    code = exit_code(bool(report.errors), report.gate.passed, options)
    _write(report, repository, options, wanted, code)
    return code


def _baseline(file: str) -> Baseline:
    from prodcheck.cli.baseline import read_baseline

    return read_baseline(Path(file))


def exit_code(failed: bool, passed: bool, options: dict[str, Any]) -> int:
    """3 when prodcheck itself failed in part, 1 when a gate says no, 0 otherwise."""
    if options["report_only"]:
        return 0
    if failed and not options["keep_going"]:
        return 3
    return 0 if passed else 1


def _check_path(path: str) -> None:
    """A mistyped command looks like a path that does not exist: say so."""
    if os.sep in path or Path(path).exists():
        return
    import difflib

    close = difflib.get_close_matches(path, list(COMMANDS), n=1)
    hint = f" Did you mean the command `{close[0]}`?" if close else ""
    raise click.UsageError(f"there is no folder `{path}`.{hint}")


def _known(names: tuple[str, ...], ruleset: Any) -> tuple[str, ...]:
    from prodcheck.config import nearest
    from prodcheck.errors import UsageError

    known = [rule.id for rule in ruleset.rules]
    for name in names:
        if name not in known:
            raise UsageError(f"--ignore: there is no rule `{name}`", nearest(name, known))
    return names


def _merge(config: Config, options: dict[str, Any]) -> Config:
    """The settings, with what the command line says on top."""
    given: dict[str, Any] = {
        "kind": Kind(options["kind"]) if options["kind"] else None,
        "stage": Stage(options["stage"]) if options["stage"] else None,
        "fail_under": options["fail_under"],
        "fail_on": Severity(options["fail_on"]) if options["fail_on"] else None,
        "baseline": options["baseline"],
        "new_only": options["new_only"] or None,
        "select": options["select"] or None,
        # A folder named on the command line is relative to where the person stands, not to the audited folder.
        "rules": (*config.rules, *(str(Path(r).absolute()) for r in options["rules"])) if options["rules"] else None,
    }
    assert set(given) <= {f.name for f in fields(Config)}
    return replace(config, **{key: value for key, value in given.items() if value is not None})


def _sources(project: Project, options: dict[str, Any]) -> Project:
    return replace(
        project,
        kind_source="given" if options["kind"] else project.kind_source,
        stage_source="given" if options["stage"] else project.stage_source,
    )


def _write(report: Report, repository: Repository, options: dict[str, Any], wanted: Plan, code: int) -> None:
    from prodcheck.report import Options, render

    plain = Options(width=100, color=False, verbose=options["verbose"], exit_code=code, ci=_ci())
    if "html" in wanted.formats:
        from prodcheck.report.excerpts import excerpts

        plain = replace(plain, excerpts=excerpts(report, repository))
    texts = [(target, render(report, target.format, plain)) for target in wanted.files]
    for target, text in texts:
        if target.path != STDOUT:
            save(target, text)
    if not (options["quiet"] and texts and wanted.stdout == "text"):
        shown = render(report, wanted.stdout, terminal(options, code) if wanted.stdout == "text" else plain)
        if wanted.stdout == "text" and plain.ci in ("github-actions", "azure-pipelines"):
            from prodcheck.report.annotations import inert

            shown = inert(shown)
        if wanted.stdout == "text":
            click.echo(shown.rstrip("\n"), color=True)
        else:
            emit(shown)
    for target, text in texts:
        if target.path == STDOUT:
            save(target, text)


def terminal(options: dict[str, Any], code: int) -> Any:
    """How the terminal wants the text report: width, colour, characters."""
    from prodcheck.report import Options

    return Options(
        width=_width() if sys.stdout.isatty() else 80,
        color=_colour(options["color"]),
        verbose=options.get("verbose", False),
        quiet=options.get("quiet", False),
        unicode=_prints_unicode(),
        exit_code=code,
        ci=_ci(),
    )


def _width() -> int:
    import shutil

    return max(60, min(shutil.get_terminal_size((80, 24)).columns, 110))


def _ci() -> str | None:
    return next((name for variable, name in CI_SYSTEMS.items() if os.environ.get(variable)), None)


def _colour(wish: str) -> bool:
    """`--color`, then the environment's NO_COLOR and FORCE_COLOR, then whether stdout is a terminal."""
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _prints_unicode() -> bool:
    from prodcheck.report import SYMBOLS

    try:
        SYMBOLS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
