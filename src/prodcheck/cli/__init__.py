"""The command line: the only place that prints or exits.

`prodcheck .` is `prodcheck check .`; sub-commands are imported when they are called, so that `--version` and
`--help` stay quick.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from prodcheck import __version__
from prodcheck.errors import REPORT_IT, ProdcheckError

COMMANDS = {
    "check": ("prodcheck.cli.check:check", "Audit a repository (what `prodcheck PATH` does)."),
    "baseline": ("prodcheck.cli.baseline:baseline", "Record the findings that are accepted for now."),
    "diff": ("prodcheck.cli.diff:diff", "Compare with another revision: score, new and fixed findings."),
    "rules": ("prodcheck.cli.rules:rules", "List, show and test rules."),
    "explain": ("prodcheck.cli.rules:explain", "Say what a rule expects, why, and how to get there."),
    "stack": ("prodcheck.cli.stack:stack", "Show which tools were recognised, with the evidence."),
    "cache": ("prodcheck.cli.cache:cache", "Show or remove what is kept between runs."),
}
"""Name to (where it lives, short help): the help is here so that listing commands imports none of them."""

CRASH = 3
"""Exit code of our own failures. 0 is success, 1 a failed gate, 2 wrong usage, settings or rule files."""


class LazyGroup(click.Group):
    """A group whose commands are imported when called, and whose default command is `check`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version"}
        if not (args and (args[0] in COMMANDS or args[0] in own)):
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok, 1 a gate failed, 2 wrong usage, settings or rule file, 3 prodcheck itself failed.",
)
@click.version_option(__version__, message="prodcheck %(version)s")
def group() -> None:
    """Score how ready a machine-learning repository is for production.

    `prodcheck .` audits the folder you are in: 0-100 and a letter, what is missing and where, and what to fix first.
    None of the repository's code is run. `prodcheck check --help` lists the options.
    """


def main(args: list[str] | None = None) -> None:
    """Entry point of the command `prodcheck`."""
    try:
        code = group.main(args=args, prog_name="prodcheck", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except ProdcheckError as problem:
        click.echo(f"error: {_plain(problem.message)}", err=True)
        if problem.hint:
            click.echo(f"  help: {_plain(problem.hint)}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of a pipe (`| head`) went away: not an error. Python would complain at exit without this.
        sys.stderr.close()
        sys.exit(0)
    except Exception as crash:  # the last line of defence
        _report_crash(crash)
        sys.exit(CRASH)


def _plain(text: str) -> str:
    """Text without control characters and credentials: messages may quote names and settings of the repository."""
    from prodcheck.extract.secrets.redact import redact

    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in redact(text))


def _report_crash(crash: Exception) -> None:
    """Where it happened in our code, without values: an exception's message may quote the repository."""
    import traceback

    frames = [f for f in traceback.extract_tb(crash.__traceback__) if "prodcheck" in f.filename]
    where = f"{frames[-1].filename.rpartition('prodcheck')[2]}:{frames[-1].lineno}" if frames else "unknown place"
    click.echo(f"error: prodcheck itself failed: {type(crash).__name__} at prodcheck{where}", err=True)
    click.echo(f"  help: {REPORT_IT}", err=True)
