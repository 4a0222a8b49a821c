"""The text report: what a person sees of a report made by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import Golden
from prodcheck.model import (
    Evidence,
    Gate,
    Kind,
    Location,
    Polarity,
    Project,
    Result,
    RunError,
    Score,
    Severity,
    Stage,
    Status,
    Suppression,
)
from prodcheck.report import SYMBOLS, Options, render
from prodcheck.report.pen import Pen, cells
from prodcheck.report.sanitize import plain
from reports import finding, report, result, rich, rule

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def text(*results: Result, verbose: bool = False, **changes: object) -> str:
    return render(report(*results, **changes), "text", Options(verbose=verbose))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("text-80.txt", Options()),
        ("text-verbose-100.txt", Options(width=100, verbose=True)),
        ("text-ascii-60.txt", Options(width=60, unicode=False)),
        ("text-colour.txt", Options(color=True)),
        ("text-quiet.txt", Options(quiet=True)),
    ],
)
def test_the_whole_report(golden: Golden, name: str, options: Options) -> None:
    golden(name, render(rich(), "text", options))


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_the_page(width: int, verbose: bool) -> None:
    shown = render(rich(), "text", Options(width=width, verbose=verbose))
    assert [line for line in shown.splitlines() if cells(line) > width] == []


def test_colour_adds_nothing_but_colour() -> None:
    colourful = render(rich(), "text", Options(color=True))
    assert ANSI.search(colourful)
    assert ANSI.sub("", colourful) == render(rich(), "text", Options())


def test_without_unicode_the_report_is_ascii_and_loses_no_line() -> None:
    plain_text = render(rich(), "text", Options(unicode=False))
    assert plain_text.isascii()
    assert len(plain_text.splitlines()) == len(render(rich(), "text", Options()).splitlines())


def test_symbols_are_all_that_the_report_itself_draws() -> None:
    shown = render(rich(), "text", Options(verbose=True))
    assert {c for c in shown if not c.isascii()} <= set(SYMBOLS)


def test_quiet_is_one_line_with_score_numbers_and_gate() -> None:
    shown = render(rich(), "text", Options(quiet=True))
    assert shown.count("\n") == 1
    assert shown.startswith("acme/churn: 30 / 100 F · 2 critical, 2 major, 17 minor")
    assert "gate failed: score 13.2 is below 70" in shown


def test_the_score_is_never_rounded_up() -> None:
    score = Score(value=84.9, raw=84.9, grade="B", coverage=0.999)
    assert "  84 / 100  B" in text(score=score)
    assert "judged on 99 % of the rules" in text(score=score)


def test_the_cap_that_binds_is_named_with_the_raw_score() -> None:
    score = Score(value=39.0, raw=71.2, grade="F", coverage=0.9, cap=("secret-in-notebook", 39))
    assert "raw 71, held at 39 by secret-in-notebook" in text(score=score)


def test_without_a_letter_the_report_says_why() -> None:
    shown = text(
        score=Score(value=80.0, raw=80.0, grade=None, coverage=0.24),
        project=Project(Kind.COURSE, Stage.PROTOTYPE, (Evidence("chapters", Location("chapter1")),)),
    )
    assert "80 / 100  not graded" in shown
    assert "hygiene only: judged on 24 % of the rules, too few for a letter" in " ".join(shown.split())


def test_a_detected_kind_says_why_and_how_to_override_it() -> None:
    shown = " ".join(text().split())
    assert "train.py:57 a model is written" in shown
    assert "--kind or --stage" in shown


def test_a_given_kind_says_where_it_comes_from() -> None:
    project = Project(Kind.LIBRARY, Stage.PROTOTYPE, (), kind_source="given")
    assert "kind given, stage detected" in text(project=project)


def test_more_than_five_findings_of_one_rule_are_folded_with_their_number() -> None:
    of = rule("bad-thing", polarity=Polarity.DEFECT)
    five = [finding(of, f"bad {i}", Location("a.py", i)) for i in range(1, 6)]
    six = [*five, finding(of, "bad 6", Location("a.py", 6))]
    assert "more, see --format json" not in text(result(of, Status.FAIL, *five))
    shown = text(result(of, Status.FAIL, *six))
    assert "a.py:5" in shown
    assert "a.py:6" not in shown
    assert "… and 1 more, see --format json" in shown


def test_findings_in_notebooks_are_shown_as_a_person_finds_them_in_jupyter() -> None:
    of = rule("bad-thing")
    shown = text(result(of, Status.FAIL, finding(of, "bad", Location("a.ipynb", 88, cell=2, cell_line=6))))
    assert "a.ipynb cell 2:6" in shown
    assert "88" not in shown


def test_blocked_rules_are_folded_under_the_rule_at_the_root_of_the_block() -> None:
    parent, child, grandchild = rule("no-manifest"), rule("no-lock"), rule("stale-lock")
    shown = text(
        result(parent, Status.FAIL, finding(parent, "none")),
        result(child, Status.BLOCKED, blocked_by="no-manifest"),
        result(grandchild, Status.BLOCKED, blocked_by="no-lock"),
    )
    assert "blocks: no-lock, stale-lock" in shown
    assert "✗ no-lock" not in shown
    assert "⊘ 2 blocked" in shown


def test_a_finding_softer_than_its_rule_is_shown_under_its_own_severity() -> None:
    of = rule("hardcoded-secret", severity=Severity.CRITICAL)
    shown = text(result(of, Status.PARTIAL, finding(of, "password in a test", severity=Severity.MINOR)))
    assert "CRITICAL" not in shown
    assert "MINOR" in shown


def test_suppressed_findings_are_counted_and_explained_under_verbose_only() -> None:
    of = rule("no-lockfile")
    hidden = finding(of, "none", suppression=Suppression("the image is the lock", "prodcheck.toml"))
    shown = text(result(of, Status.PASS, hidden))
    assert "1 suppressed" in shown
    assert "MAJOR" not in shown
    assert "the image is the lock (prodcheck.toml)" in text(result(of, Status.PASS, hidden), verbose=True)


def test_what_passed_shows_its_evidence_under_verbose() -> None:
    passed = result(rule("no-ci"), Status.PASS, evidence=(Evidence("runs on push", Location("ci.yml", 3)),))
    assert "ci.yml:3" not in text(passed)
    assert "ci.yml:3  runs on push" in text(passed, verbose=True)


def test_undecided_rules_are_listed_with_their_reason() -> None:
    shown = text(result(rule("no-ci"), Status.UNKNOWN, reason="the pipeline is in another repository"))
    assert "? no-ci  the pipeline is in another repository" in shown


def test_an_error_makes_the_score_incomplete_and_names_the_place() -> None:
    shown = text(
        result(rule("no-ci"), Status.ERROR),
        errors=(RunError("no-ci", "KeyError in the check"),),
        score=Score(50.0, 50.0, "D", 0.5, complete=False),
    )
    assert "score incomplete" in shown
    assert "no-ci: KeyError in the check" in shown


def test_the_gate_is_told_only_when_there_is_one() -> None:
    assert "gate" not in text()
    assert "✓ gate passed: score at least 70" in text(fail_under=70.0)
    assert "✗ gate failed: too low" in text(fail_under=70.0, gate=Gate(False, ("too low",)))


def test_fix_first_shows_decimals_where_whole_points_would_hide_the_step() -> None:
    base = report(*rich().results)
    step = replace(base.score.fix_first[0], gain=0.3, score_after=38.6)
    assert "38.3 → 38.6" in text(score=replace(base.score, fix_first=(step,)))


HOSTILE = "evil\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x9b31m\u2066\r\nSecond line\x00\udcff.ipynb"


def test_hostile_names_cannot_move_the_cursor_or_turn_the_text() -> None:
    of = rule("bad-thing")
    evidence = (Evidence(HOSTILE, Location(HOSTILE, 3)),)
    shown = render(
        report(
            result(of, Status.FAIL, finding(of, HOSTILE, Location(HOSTILE, 1)), reason=HOSTILE),
            result(rule("good-thing"), Status.PASS, evidence=evidence, reason=HOSTILE),
            result(rule("other-thing"), Status.NOT_APPLICABLE, reason=HOSTILE),
            result(rule("what-thing"), Status.UNKNOWN, reason=HOSTILE),
            name=HOSTILE,
            gate=Gate(False, (HOSTILE,)),
            errors=(RunError(HOSTILE, HOSTILE),),
            project=Project(Kind.TRAINING, Stage.PROTOTYPE, evidence),
        ),
        "text",
        Options(verbose=True, width=110),
    )
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert "owned" not in shown
    assert "\\xff.ipynb" in shown
    shown.encode()


@given(st.text())
def test_plain_text_is_one_printable_line_and_stays_so(value: str) -> None:
    once = plain(value)
    assert "\n" not in once
    assert "\x1b" not in once
    assert plain(once) == once
    once.encode()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("naïve/データ/файл.py", "naïve/データ/файл.py"),
        ("a\tb\nc", "a b c"),
        ("bad\udcff.txt", "bad\\xff.txt"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("half\x1b", "half"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_plain_text_keeps_letters_and_drops_controls(value: str, shown: str) -> None:
    assert plain(value) == shown


def test_a_long_path_keeps_its_folder_and_its_name() -> None:
    path = "src/" + "very-deep-folder/" * 8 + "train.py"
    short = Pen(Options()).shorten_middle(path, 40)
    assert cells(short) == 40
    assert short.startswith("src/")
    assert short.endswith("train.py")


def test_a_report_on_nothing_is_still_a_report() -> None:
    shown = text(files=0)
    assert "0 files" in shown
    assert "0 passed" in shown


def test_text_report_needs_no_terminal_library() -> None:
    import subprocess
    import sys

    code = "import sys, prodcheck.report; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent).returncode == 0
