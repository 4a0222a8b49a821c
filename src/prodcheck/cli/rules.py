"""`prodcheck rules ...` and `prodcheck explain RULE`: what prodcheck checks, and whether the checks hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prodcheck.errors import UsageError

if TYPE_CHECKING:
    from prodcheck.model import Rule
    from prodcheck.rules import Ruleset


@click.group()
def rules() -> None:
    """List, show and test rules."""


def _ruleset(folders: tuple[str, ...], *, examples: bool = False) -> Ruleset:
    from prodcheck.rules import load_ruleset

    return load_ruleset([Path(folder) for folder in folders], examples=examples)


def _find(rule_id: str, ruleset: Ruleset) -> Rule:
    from prodcheck.config import nearest

    rule = ruleset.rule(rule_id)
    if rule is None:
        raise UsageError(f"there is no rule `{rule_id}`", nearest(rule_id, [r.id for r in ruleset.rules]))
    return rule


_folders = click.option("--rules", "folders", multiple=True, metavar="DIR", help="A folder of further rules.")


@rules.command("list")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@_folders
def list_rules(format_: str, folders: tuple[str, ...]) -> None:
    """List all rules by category."""
    ruleset = _ruleset(folders)
    if format_ == "json":
        import json

        rows = [
            {
                "id": r.id,
                "title": r.title,
                "category": r.category.value,
                "severity": r.severity.value,
                "polarity": r.polarity.value,
                "points": r.severity.points,
                "effort_minutes": r.effort_minutes,
                "applies_to": sorted(k.value for k in r.applies_to),
                "requires": list(r.requires),
                "help_uri": r.help_uri,
            }
            for r in ruleset.rules
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    category = None
    for rule in ruleset.rules:
        if rule.category is not category:
            category = rule.category
            click.echo(click.style(f"\n{category.value}", bold=True))
        click.echo(f"  {rule.severity.value:9} {rule.id:30} {rule.title}")
    click.echo(f"\n{len(ruleset.rules)} rules; `prodcheck explain RULE` says more about one.")


@rules.command("show")
@click.argument("rule_id", metavar="RULE")
@_folders
def show(rule_id: str, folders: tuple[str, ...]) -> None:
    """Show a rule's page: everything about it, with its examples, as Markdown."""
    from prodcheck.docs import rule_page

    click.echo(rule_page(_find(rule_id, _ruleset(folders, examples=True))))


@click.command()
@click.argument("rule_id", metavar="RULE")
@_folders
def explain(rule_id: str, folders: tuple[str, ...]) -> None:
    """Say what RULE expects, why, and how to get there."""
    ruleset = _ruleset(folders)
    rule = _find(rule_id, ruleset)
    click.echo(click.style(rule.id, bold=True) + f" · {rule.category.value} · {rule.severity.value}")
    click.echo(f"{rule.title}.\n" if not rule.title.endswith(".") else f"{rule.title}\n")
    click.echo(rule.rationale.strip() + "\n")
    click.echo(click.style("How to fix it", bold=True))
    click.echo(rule.remediation.strip() + "\n")
    if rule.cap:
        kinds = " or ".join(sorted(k.value for k in rule.cap.kinds))
        click.echo(f"While it fails outright, the score is at most {rule.cap.ceiling}{f' ({kinds})' if kinds else ''}.")
    click.echo(f"Asked of: {', '.join(sorted(k.value for k in rule.applies_to))}.")
    if rule.requires:
        click.echo(f"Needs first: {', '.join(rule.requires)}.")
    for reference in rule.references:
        click.echo(f"See {reference}")


@rules.command("test")
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("-k", "only", metavar="TEXT", help="Only rules and tools whose name holds TEXT.")
def test(folder: str | None, only: str | None) -> int:
    """Run the examples in rule files: those of DIR, or the bundled ones."""
    from prodcheck.rules import load_ruleset
    from prodcheck.rules.load import rules_folder
    from prodcheck.rules.read import load_rules, load_signatures
    from prodcheck.testing import run_example, run_signature_example

    home = Path(folder) if folder else rules_folder()
    ruleset = load_ruleset([home] if folder else [], examples=True)
    mine = {rule.id for rule in load_rules(home)}
    tools = {(s.topic, s.tool) for s in load_signatures(home)}
    done, failed = 0, 0
    results = [
        *(
            run_example(r, e, ruleset)
            for r in ruleset.rules
            if r.id in mine and (only or "") in r.id
            for e in r.examples
        ),
        *(
            run_signature_example(s, number, ruleset)
            for s in ruleset.signatures
            if (s.topic, s.tool) in tools and (only or "") in f"{s.topic}/{s.tool}"
            for number in range(len(s.examples))
        ),
    ]
    for result in results:
        done += 1
        if result.problem:
            failed += 1
            click.echo(f"{click.style('FAILED', fg='red')} {result.owner}: {result.example}\n    {result.problem}")
    click.echo(f"{done - failed} passed, {failed} failed")
    return 1 if failed else 0
