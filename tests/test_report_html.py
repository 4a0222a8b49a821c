"""The HTML report: self-contained, forbidden to load or run anything, and proof against hostile names."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

import prodcheck
from golden import Golden
from hostile_report import NAMES, hostile
from prodcheck.model import Evidence, FixStep, Location, Report, Score, Severity, Status, SubProject
from prodcheck.report import Options, render
from prodcheck.report.html.chart import gauge, steps
from prodcheck.report.html.prose import names, prose
from prodcheck.report.sanitize import plain
from reports import finding, report, result, rich, rule

VOID = {"meta", "link", "input", "br", "hr", "path", "line", "circle", "rect"}
BLOCKS = {"dt", "dd", "li", "p", "td", "th", "h1", "h2", "h3", "h4", "pre", "div"}
ALLOWED = {
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "div", "svg", "path", "line", "text",
    "tspan", "p", "h1", "h2", "h3", "h4", "code", "ul", "ol", "li", "strong", "b", "nav", "main", "section", "table",
    "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "span", "rect", "circle", "form", "fieldset", "legend",
    "label", "input", "details", "summary", "pre", "i", "em", "dl", "dt", "dd", "footer", "time",
}  # fmt: skip


class Page(HTMLParser):
    """Elements, attributes and text of a page; complains about elements that are not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in BLOCKS:
            self.text += " "
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def page(made: Report, options: Options | None = None) -> Page:
    return Page(render(made, "html", options or Options()))


def test_the_whole_report(golden: Golden) -> None:
    shown = re.sub(r"<style>.*?</style>", "<style></style>", render(rich(), "html", Options()), flags=re.DOTALL)
    golden("report.html", shown.replace(f"prodcheck</a> {prodcheck.__version__}", "prodcheck</a> VERSION").replace(
        f'content="prodcheck {prodcheck.__version__}"', 'content="prodcheck VERSION"'))  # fmt: skip


@pytest.mark.parametrize("made", [rich(), hostile(), report()])
def test_it_loads_and_runs_nothing(made: Report) -> None:
    found = page(made)
    policy = next(m["content"] for m in found.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert {tag for tag, _ in found.elements} <= ALLOWED
    assert [link["rel"] for link in found.all("link")] == ["icon"]
    assert found.all("link")[0]["href"].startswith("data:image/svg+xml,")
    for tag, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "action", "data")]
        if tag == "a":
            assert attributes["href"].startswith(("#", "https://github.com/prodcheck/prodcheck"))


def test_hostile_names_are_shown_as_text() -> None:
    source = render(hostile(), "html", Options())
    found = Page(source)
    for name in NAMES:
        wanted = " ".join(plain(name)[:400].replace("`", "").split())
        assert wanted in found.words.replace("`", "")
    assert "\x1b" not in source and "\u202e" not in source and "\x00" not in source
    assert "{{ 7 * 7 }}" in source  # not evaluated


def test_ids_are_unique_and_links_inside_of_the_page_lead_somewhere() -> None:
    for made in (rich(), hostile(), report()):
        found = page(made)
        ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        for tag, attributes in found.elements:
            if tag == "a" and attributes["href"].startswith("#"):
                assert attributes["href"][1:] in ids
            for reference in attributes.get("aria-labelledby", "").split():
                assert reference in ids


def test_everything_a_person_asks_for_is_there() -> None:
    words = page(rich()).words
    for told in (
        "acme/churn",
        "training project · prototype · 214 files in 0.8 s",
        "Gate failed: score 13.2 is below 70",
        "Score incomplete",
        "train.py:41 calls sklearn.ensemble.RandomForestClassifier().fit",
        "notebooks/model.ipynb cell 2:6 Hugging Face token hf_A… (37 characters)",
        "Revoke the token at the provider",
        "medium confidence",
        "Until then these cannot be met: ci-does-not-run-tests, thin-or-vacuous-tests.",
        "… and 7 more; the JSON report has all of them.",
        "no-container the Dockerfile is a template",
        "no-pipeline-definition a library has no pipeline of its own",
        "no-lockfile the platform team builds the image prodcheck.toml",
        "no-license suppresses nothing: prodcheck.toml",
        "bloated-notebook KeyError in bloated-notebook",
        "data/big.csv 812 MB, larger than any source file",
        "GitHub Actions enforced .github/workflows/ci.yml:3",
        "no-ci The project has continuous integration GitHub Actions",
        "Grades: A from 85, B from 70, C from 55, D from 40, F from 0.",
    ):
        assert told in words, told


def test_a_cap_is_explained_where_the_score_is() -> None:
    of = rule("hardcoded-secret", severity=Severity.CRITICAL)
    score = Score(39.0, 90.9, "F", 0.9, cap=("hardcoded-secret", 39))
    words = page(report(result(of, Status.FAIL, finding(of, "x")), score=score)).words
    assert "Held at 39 by hardcoded-secret; the raw score is 90" in words
    assert "Score 39 of 100, grade F; 90 before a cap" in words


def test_a_repository_with_nothing_to_say_against_it() -> None:
    of = rule("no-tests")
    words = page(report(result(of, Status.PASS, evidence=(Evidence("a test", Location("tests/test_a.py", 1)),)))).words
    assert "No rule has anything to say against this repository." in words
    assert "Nothing that would raise the score is left to fix." in words


def test_the_projects_of_a_monorepo_are_a_table_worst_first() -> None:
    quiet = SubProject("libs/<b>", "libs/<b>/setup.py", 1200, {})
    loud = SubProject("apps/churn", "apps/churn/pyproject.toml", 80, {Severity.CRITICAL: 1, Severity.MINOR: 2})
    words = page(report(projects=(quiet, loud))).words
    assert "apps/churn 80 1 critical, 2 minor libs/<b> 1,200 none repository as a whole" in words
    assert "several projects" not in page(rich()).words


def test_no_letter_is_no_verdict() -> None:
    words = page(report(score=Score(80.0, 80.0, None, 0.2))).words
    assert "not graded" in words and "too few for a letter" in words


def test_known_findings_can_be_hidden_when_there_is_a_baseline() -> None:
    of, other = rule("bad-thing"), rule("other-thing")
    old = finding(of, "x", baseline_state="unchanged")
    made = page(report(result(of, Status.FAIL, old), result(other, Status.FAIL, finding(other, "y"))))
    assert any(i.get("id") == "only-new" for i in made.all("input"))
    classes = {d["id"]: d["class"].split() for d in made.all("details") if "id" in d}
    assert "known" in classes["rule-bad-thing"] and "known" not in classes["rule-other-thing"]
    assert not any(i.get("id") == "only-new" for i in page(rich()).all("input"))
    assert "1 known finding in known.txt" in page(report(result(of, Status.FAIL, old), baseline="known.txt")).words


def test_code_around_a_finding_is_shown_with_its_numbers() -> None:
    of, where = rule("bad-thing"), Location("a.py", 7)
    made = report(result(of, Status.FAIL, finding(of, "x", where)))
    found = page(made, Options(excerpts={where: ((6, "def f():"), (7, "    <b>go</b>()"), (8, ""))}))
    assert "6def f(): 7 <b>go</b>()" in found.words
    assert [s["class"] for s in found.all("span") if s.get("class") in ("hit", "near")] == ["near", "hit", "near"]


def test_places_link_to_the_host_in_ci_only() -> None:
    address = "https://github.com/acme/churn/blob/" + "2f1c" * 10 + "/notebooks/model.ipynb?plain=1#L88"
    assert address in {a["href"] for a in page(rich(), Options(ci="github-actions")).all("a")}
    assert address not in {a["href"] for a in page(rich()).all("a")}


@pytest.mark.parametrize("score", [0.0, 0.3, 39.0, 66.6, 66.7, 99.9, 100.0])
def test_the_gauge_stays_on_its_circle(score: float) -> None:
    drawn = gauge(score, min(100.0, score + 20))
    assert bool(drawn.value) == (score > 0)
    assert bool(drawn.raw) == (score < 100)
    for path in filter(None, (drawn.value, drawn.raw, drawn.track)):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path)]
        for x, y in (numbers[:2], numbers[-2:]):
            assert abs((x - 100) ** 2 + (y - 100) ** 2 - 80**2) < 5
    assert (" 1 1 " in drawn.value) == (score > 66.67)  # the long way round only beyond half a circle


def test_the_staircase_rises_from_left_to_right_and_tells_its_numbers() -> None:
    drawn = steps(38.0, (FixStep("a", 12.0, 10, 50.0), FixStep("b", 30.0, 10, 80.5)))
    assert drawn is not None
    assert [p.label for p in drawn.points] == ["38", "50", "80"]
    assert [p.below for p in drawn.points] == ["now", "1", "2"]
    assert [p.x for p in drawn.points] == sorted(p.x for p in drawn.points)
    assert [p.y for p in drawn.points] == sorted((p.y for p in drawn.points), reverse=True)
    assert "from 38 now to 50, 80" in drawn.summary
    assert steps(100.0, ()) is None


def test_the_prose_of_rule_files() -> None:
    shown = prose(
        "Pin *every* requirement\nwith `pip-compile`, **now**.\n\n```bash\npip install -r <a & b>\n  indented\n```\n"
        "Then:\n\n- one\n- two `x|y`\n  goes on\n\nSee <https://a.example/x>, [here](https://b.example) and <script>."
    )
    assert shown == (
        "<p>Pin <em>every</em> requirement with <code>pip-compile</code>, <strong>now</strong>.</p>\n"
        '<pre tabindex="0"><code>pip install -r &lt;a &amp; b&gt;\n  indented</code></pre>\n<p>Then:</p>\n'
        "<ul><li>one</li><li>two <code>x|y</code> goes on</li></ul>\n"
        '<p>See <a href="https://a.example/x">https://a.example/x</a>, <a href="https://b.example">here</a> and '
        "&lt;script&gt;.</p>"
    )


def test_prose_makes_no_link_that_could_run() -> None:
    for text in ("[x](javascript:alert(1))", "<javascript:alert(1)>", '[x](https://a"onclick=b)', '<https://a"b>'):
        Page(f"<p>{prose(text)}</p>")
        assert "javascript:" not in re.sub(r">[^<]*<", "><", str(prose(text)))
        assert "onclick" not in re.sub(r'"[^"]*"|>[^<]*<', "", str(prose(text)))


def test_names_in_backticks_are_code_and_nothing_else_is_markup() -> None:
    assert names("`a<b` is **bad** [x](https://y)") == "<code>a&lt;b</code> is **bad** [x](https://y)"


def test_two_reports_of_one_run_are_the_same() -> None:
    assert render(rich(), "html", Options()) == render(rich(), "html", Options())
    shuffled = replace(rich(), results=rich().results[::-1])
    assert render(shuffled, "html", Options()).count("<details") == render(rich(), "html", Options()).count("<details")
