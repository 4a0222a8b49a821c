"""Markdown for job summaries and comments: complete, small enough, and nothing from a repository is markup in it."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

import prodcheck
from golden import Golden
from hostile_report import NAMES, hostile
from prodcheck.model import GitState, Location, Report, Score, Severity, Status
from prodcheck.report import Options, render
from prodcheck.report.markdown import LIMIT, MARK, code, text
from reports import finding, report, result, rich, rule

IN_CI = Options(ci="github-actions")


def markdown(made: Report, options: Options | None = None) -> str:
    return render(made, "markdown", options or Options())


def as_html(source: str) -> str:
    """What GitHub would show: CommonMark with tables and strikethrough."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source))


def test_the_whole_report(golden: Golden) -> None:
    golden("report.md", markdown(rich()).replace(f"prodcheck {prodcheck.__version__}", "prodcheck VERSION"))


def test_a_comment_can_be_found_again() -> None:
    assert markdown(rich()).startswith(MARK + "\n")


def test_the_verdict_is_at_the_top() -> None:
    top = "\n".join(markdown(rich()).splitlines()[:12])
    assert f"{rich().score.grade} · {int(rich().score.value)} / 100" in top
    assert "Gate failed" in top
    assert "score incomplete" in top
    capped = report(score=Score(39.0, 90.9, "F", 0.9, cap=("hardcoded-secret", 39)))
    assert "raw 90, **held at 39** by hardcoded-secret" in markdown(capped)


def test_findings_have_their_place_what_to_do_and_what_they_block() -> None:
    shown = markdown(rich())
    assert "`notebooks/model.ipynb cell 2:6` Hugging Face token hf_A… (37 characters)" in shown
    assert "**What to do.** Write a first test" in shown
    assert "Blocks: ci-does-not-run-tests, thin-or-vacuous-tests" in shown
    assert "… and 12 more" in shown  # seventeen pieces of litter, five shown


def test_nothing_is_silent() -> None:
    shown = markdown(rich())
    for told in (
        "undecided: no-container",
        "suppressed: no-lockfile",
        "unused ignore: no-license",
        "KeyError",
        "not read",
    ):
        assert told in shown


def test_places_link_to_the_commit_in_ci_only() -> None:
    made = replace(rich(), git=replace(rich().git, commit="c" * 40))
    url = f"https://github.com/acme/churn/blob/{'c' * 40}/notebooks/model.ipynb?plain=1#L88"
    assert url in markdown(made, IN_CI)
    assert url not in markdown(made)  # a commit on a laptop may never have been pushed


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("git@github.com:acme/churn.git", "https://github.com/acme/churn/blob/cc/a%20b.py#L3"),
        ("ssh://git@github.acme.io/ml/churn.git", "https://github.acme.io/ml/churn/blob/cc/a%20b.py#L3"),
        ("https://gitlab.com/acme/ml/churn", "https://gitlab.com/acme/ml/churn/-/blob/cc/a%20b.py#L3"),
        ("git@bitbucket.org:acme/churn.git", "https://bitbucket.org/acme/churn/src/cc/a%20b.py#lines-3"),
    ],
)
def test_addresses_of_the_hosts(remote: str, url: str) -> None:
    of = rule("bad-thing")
    made = report(
        result(of, Status.FAIL, finding(of, "x", Location("a b.py", 3))),
        git=GitState(state="ok", commit="cc", remotes=(("origin", remote),)),
    )
    assert f"]({url})" in markdown(made, IN_CI)


@pytest.mark.parametrize(
    "remote", ["", "/srv/git/churn.git", "https://git.example.org/x", "javascript:alert(1)//github.com/a"]
)
def test_no_address_for_hosts_that_are_not_known(remote: str) -> None:
    of = rule("bad-thing")
    made = report(
        result(of, Status.FAIL, finding(of, "x", Location("a.py", 3))),
        git=GitState(state="ok", commit="cc", remotes=(("origin", remote),)),
    )
    assert "`a.py:3` x" in markdown(made, IN_CI)


def test_a_report_of_any_size_fits_into_a_comment() -> None:
    rules = [
        rule(f"rule-{i:03}", severity=list(Severity)[i % 4], remediation="Do it.\n\n" + "x" * 900) for i in range(200)
    ]
    made = report(
        *(
            result(of, Status.FAIL, *(finding(of, "m" * 900, Location(f"{'d' * 400}/{i}.py", i + 1)) for i in range(9)))
            for of in rules
        )
    )
    shown = markdown(made)
    assert len(shown.encode()) <= LIMIT < 65_536
    assert "left out here" in shown
    kept = re.findall(r"<b>(rule-\d+)</b>", shown)
    assert {int(name[-3:]) % 4 for name in kept} == {0}  # the critical ones
    assert shown.count("<details") == shown.count("</details>")


def test_the_last_bytes_of_a_hostile_report_fit_too() -> None:
    assert len(markdown(hostile()).encode()) <= 65_536


def test_hostile_names_make_no_element_no_link_and_no_mention() -> None:
    shown = markdown(hostile(), IN_CI)
    page = as_html(shown)
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z][\w-]*)", page))
    assert tags <= {
        "h2", "h3", "p", "strong", "em", "a", "code", "ul", "li", "details", "summary", "b", "table", "thead", "tbody",
        "tr", "th", "td", "hr", "sub", "blockquote", "del", "br",
    }  # fmt: skip
    for address in re.findall(r'href="([^"]*)"', page):
        assert address.startswith(("https://github.com/prodcheck/", "https://github.com/a/b/blob/"))
    # Outside of code spans nothing that GitHub would turn into a mention or a link of its own accord.
    prose = html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(code|a)\b.*?</\1>", "", page, flags=re.DOTALL)))
    assert not re.search(r"@\w|#\d|https?://\w|www\.\w", prose)
    assert "\x1b" not in shown and "\u202e" not in shown
    assert page.count("<details") == page.count("</details>")


@pytest.mark.parametrize("name", NAMES)
def test_each_hostile_name_is_shown_as_it_is(name: str) -> None:
    from prodcheck.report.sanitize import plain

    wanted = " ".join(plain(name)[:300].split())
    for shown in (as_html(f"- {text(name)}"), as_html(f"- {code(name)}")):
        seen = html.unescape(re.sub(r"</?(?:ul|li|p|code)>", "", shown)).replace("\u2060", "")
        assert wanted in " ".join(seen.split())
    row = as_html(f"| a | b |\n|---|---|\n| {text(name)} | {code(name, table=True)} |")
    assert row.count("<td>") == 2


def test_known_findings_say_so() -> None:
    of = rule("bad-thing")
    fresh = rule("other-thing", severity=Severity.MINOR)
    old = result(of, Status.FAIL, finding(of, "x", baseline_state="unchanged"))
    shown = markdown(report(old, result(fresh, Status.FAIL, finding(fresh, "y")), baseline="known.txt"))
    assert "x (known)" in shown
    assert "1 new finding, 1 known" in shown
    assert shown.index("minor") < shown.index("### Known") < shown.index("bad-thing</b>")


def test_a_gate_that_passed_says_what_it_asked() -> None:
    made = report(fail_under=70.0, fail_on=Severity.MAJOR)
    assert "Gate passed: score at least 70, no finding of severity major or worse" in markdown(made)
