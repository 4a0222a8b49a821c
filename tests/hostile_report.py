"""A report whose file names, messages and reasons try to be markup, commands, links and control sequences."""

from __future__ import annotations

from dataclasses import replace

from prodcheck.model import (
    Category,
    Evidence,
    Gate,
    GitState,
    Location,
    Report,
    RunError,
    Severity,
    Skipped,
    Status,
    Suppression,
    UnusedIgnore,
)
from reports import finding, report, result, rule

NAMES = (
    "a|b`c``d<script>alert(1)</script>.py",
    "::error file=x,line=1::pwned",
    "##vso[task.setvariable variable=x]y",
    "x\n::warning::y\r\n##[error]z.py",
    "@everyone #1 www.evil.example https://evil.example [x](https://evil.example) ![i](https://evil.example/i.png).py",
    "\x1b[31mred\x1b]0;title\x07\u202egnp.py",
    b"caf\xe9 100%.py".decode("utf-8", "surrogateescape"),
    "</details></li></table><h1>x",
    "a&b;c]d,e:f%25\"g'h.py",
    "\ufffe\x00\x0b\ud800.py",
    "🦊/größe {{ 7 * 7 }} {% raw %}.py",
    " - * + 1. _x_ **y** ~~z~~ $w$ \\ .py",
    "n" * 5000 + ".py",
)
"""What a file of somebody's pull request may be called (a few of these cannot be, and only messages hold them)."""


def hostile() -> Report:
    """Every name as path, message, reason, evidence, suppression, branch and error."""
    bad = rule("repository-litter", category=Category.QUALITY, severity=Severity.CRITICAL)
    results = [
        result(
            bad,
            Status.FAIL,
            *(
                finding(bad, f"found {name}", Location(name, 3, column=2), fingerprint=f"{number:020x}")
                for number, name in enumerate(NAMES)
            ),
            reason=NAMES[0],
        )
    ]
    for number, name in enumerate(NAMES):
        seen = rule(f"seen-{number}", category=Category.CI)
        hidden = finding(seen, name, Location(name), suppression=Suppression(name, f"{name}:3"))
        results += [
            result(seen, Status.PASS, hidden, reason=name, evidence=(Evidence(name, Location(name, 1)),)),
            result(rule(f"other-{number}", category=Category.DATA), Status.NOT_APPLICABLE, reason=name),
            result(rule(f"unknown-{number}"), Status.UNKNOWN, reason=name),
            result(rule(f"partly-{number}", severity=Severity.MINOR), Status.PARTIAL, reason=name),
        ]
    made = report(*results)
    return replace(
        made,
        name=NAMES[7],
        git=GitState(state="ok", branch=NAMES[0], commit="0" * 40, remotes=(("origin", "https://github.com/a/b.git"),)),
        project=replace(made.project, evidence=tuple(Evidence(n, Location(n, 1)) for n in NAMES[:2])),
        gate=Gate(False, NAMES),
        skipped=tuple(Skipped(name, name) for name in NAMES),
        unused_ignores=tuple(UnusedIgnore(name, name) for name in NAMES),
        errors=tuple(RunError(name, name) for name in NAMES),
        fail_under=70.0,
        anchor="README.md",
    )
