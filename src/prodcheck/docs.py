"""Documentation that is generated: rule pages, the rule table, the reference of the command line.

Everything here is a pure function to Markdown. `scripts/generate.py` writes the files, and a test compares them, so
that what the documentation says about a rule is what the rule does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from prodcheck.model import Category, Example, Kind, Polarity, Rule, Stage, Status

if TYPE_CHECKING:
    import click

STATUS_WORDS = {
    Status.PASS: "Passes",
    Status.PARTIAL: "Passes in part",
    Status.FAIL: "Fails",
    Status.BLOCKED: "Blocked",
    Status.NOT_APPLICABLE: "Does not apply",
    Status.UNKNOWN: "Undecided",
}
_LANGUAGES = {
    "py": "python",
    "yml": "yaml",
    "yaml": "yaml",
    "toml": "toml",
    "json": "json",
    "sh": "bash",
    "md": "markdown",
    "tf": "hcl",
    "ini": "ini",
    "cfg": "ini",
}


def rule_page(rule: Rule) -> str:
    """Everything about one rule, with its examples."""
    parts = [
        f"# {rule.id}",
        f"**{rule.title.rstrip('.')}.**",
        _facts(rule),
        "## Why it matters",
        rule.rationale.strip(),
        "## How to fix it",
        rule.remediation.strip(),
    ]
    if rule.references:
        parts += ["## References", "\n".join(f"- <{reference}>" for reference in rule.references)]
    parts += [
        "## Examples",
        "These are run as tests of the rule. `${secret:...}` stands for a token made up when the test runs.",
        *(_example(example) for example in rule.examples),
        "## Not for you?",
        "Give a reason, and it is shown with the finding instead of being counted:",
        _fence(f'ignore = [{{ rule = "{rule.id}", reason = "..." }}]', "toml"),
        f"This goes into `prodcheck.toml`, or under `[tool.prodcheck]` in `pyproject.toml`. For a single line, write "
        f"`# prodcheck: ignore[{rule.id}] reason` at its end.",
    ]
    return "\n\n".join(parts) + "\n"


def _facts(rule: Rule) -> str:
    rows = [
        ("category", rule.category.value),
        ("severity", f"{rule.severity.value} ({_count(rule.severity.points, 'point')})"),
        ("kind of rule", _POLARITY[rule.polarity]),
        ("effort", _effort(rule.effort_minutes)),
        ("asked of", _kinds(rule.applies_to)),
    ]
    if rule.applies_when:
        rows.append(("only when", ", ".join(_condition(k, v) for k, v in rule.applies_when.items())))
    if rule.requires:
        rows.append(("needs first", ", ".join(f"[{r}]({r}.md)" for r in rule.requires)))
    if rule.cap:
        where = f" in a {' or '.join(sorted(k.value for k in rule.cap.kinds))} repository" if rule.cap.kinds else ""
        rows.append(("cap", f"holds the score at {rule.cap.ceiling} while it fails outright{where}"))
    if rule.info_in_prototype:
        rows.append(("in a prototype", "reported as info, without points"))
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


_POLARITY = {
    Polarity.PRACTICE: "practice: something good must exist",
    Polarity.DEFECT: "defect: something bad must not exist",
}


def _condition(name: str, wanted: object) -> str:
    if isinstance(wanted, Mapping):
        return f"`{name}` is at least {wanted['min']}"
    return f"`{name}`" if wanted else f"not `{name}`"


def _kinds(kinds: Iterable[Kind]) -> str:
    chosen = set(kinds)
    return "every kind of project" if chosen == set(Kind) else ", ".join(k.value for k in Kind if k in chosen)


def _effort(minutes: int) -> str:
    return {10: "10 minutes", 30: "30 minutes", 120: "2 hours", 480: "1 day"}.get(minutes, f"{minutes} minutes")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _example(example: Example) -> str:
    setting = []
    if example.kind:
        setting.append(f"kind {example.kind.value}")
    if example.stage is Stage.PRODUCTION:
        setting.append("stage production")
    if example.git is not None:
        setting.append(f"git: {', '.join(f'{k} {_plain(v)}' for k, v in example.git.items())}")
    title = f"### {STATUS_WORDS.get(example.expect, example.expect.value)}: {example.name}"
    parts = [title]
    if setting:
        parts.append(f"({'; '.join(setting)})")
    if not example.files:
        parts.append("An empty folder.")
    parts += [f"`{path}`\n\n{_file(path, content)}" for path, content in example.files.items()]
    if example.at:
        parts.append(f"Found at {', '.join(f'`{place}`' for place in example.at)}.")
    return "\n\n".join(parts)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "none" if not value else " ".join(_plain(item) for item in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _file(path: str, content: object) -> str:
    if content is None or content == "":
        return "(empty)"
    if isinstance(content, str):
        if "\r" in content:
            return _file(path, content.replace("\r\n", "\n").replace("\r", "\n")) + "\n\n(with carriage returns)"
        name, _, suffix = path.rpartition("/")[2].rpartition(".")
        return _fence(content.rstrip("\n"), _LANGUAGES.get(suffix, "") if name else "")
    assert isinstance(content, Mapping)
    how, value = next(iter(content.items()))
    if how == "notebook":
        return "\n\n".join(_cell(number, cell) for number, cell in enumerate(value, start=1))
    if how in ("text", "utf-16"):
        note = "\n\n(encoded as UTF-16)" if how == "utf-16" else ""
        return _file(path, str(value)) + note
    told = {"lines": f"({value} lines of Python)", "size": f"({value} bytes)", "link": f"(a link to `{value}`)"}
    return told.get(str(how), "(binary)")


def _cell(number: int, cell: object) -> str:
    if isinstance(cell, str):
        cell = {"code": cell}
    assert isinstance(cell, Mapping)
    kind = "code" if "code" in cell else "markdown"
    tags = f", tagged {', '.join(map(str, cell['tags']))}" if cell.get("tags") else ""
    parts = [f"Cell {number} ({kind}{tags}):", _fence(str(cell[kind]).rstrip("\n"), "python" if kind == "code" else "")]
    for output in cell.get("outputs", []):
        parts += ["prints", _fence(output.rstrip("\n") if isinstance(output, str) else str(output), "")]
    return "\n\n".join(parts)


def _fence(text: str, language: str) -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text}\n{ticks}"


def rule_table(rules: Iterable[Rule], folder: str) -> str:
    """All rules as one table per category; `folder` is the path to the rule pages."""
    ordered = sorted(rules, key=lambda r: (list(Category).index(r.category), r.severity.rank, r.id))
    parts = []
    for category, group in groupby(ordered, key=lambda r: r.category):
        rows = [
            f"| [{r.id}]({folder}{r.id}.md) | {r.title.rstrip('.')} | {r.severity.value} | {_short(r.applies_to)} |"
            for r in group
        ]
        head = [f"**{category.value}**", "", "| rule | what is expected | severity | asked of |", "|---|---|---|---|"]
        parts.append("\n".join([*head, *rows]))
    return "\n\n".join(parts) + "\n"


def _short(kinds: Iterable[Kind]) -> str:
    chosen = set(kinds)
    if len(chosen) == len(Kind):
        return "all"
    if len(chosen) > 4:
        return f"all but {', '.join(k.value for k in Kind if k not in chosen)}"
    return ", ".join(k.value for k in Kind if k in chosen)


def cli_reference(command: click.Command, name: str = "prodcheck") -> str:
    """A command and all commands below it: usage, what it does, options.

    Made from the parameters and not from `--help`, whose layout differs between releases of click.
    """
    import click

    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    words = [name, *(a.make_metavar(click.Context(command)) for a in arguments)]
    parts = [f"## {name}", inspect.cleandoc(command.help or "")]
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        children = [(n, sub) for n in command.list_commands(context) if (sub := command.get_command(context, n))]
        return "\n\n".join([*parts, *(cli_reference(sub, f"{name} {child}") for child, sub in children)])
    parts.insert(1, _fence(" ".join([*words, "[OPTIONS]"] if options else words), "text"))
    if options:
        parts.append("\n".join(["| option | meaning |", "|---|---|", *map(_option, options)]))
    return "\n\n".join(parts)


def _option(option: click.Option) -> str:
    import click

    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    if isinstance(option.type, click.Choice):
        names += " " + ", ".join(f"`{choice}`" for choice in option.type.choices)
    elif not option.is_flag:
        names += f" {option.metavar or option.type.name.split()[0].upper()}"
    return f"| {names} | {option.help or ''} |"


def fill_in(text: str, name: str, content: str) -> str:
    """The text with what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` replaced.

    Raises ValueError when the marks are not there.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"no marks {begin} and {end}")
    return f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}"
