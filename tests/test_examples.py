"""The whole tool on two repositories: the notebook of the article, and a project that is ready for production."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from conftest import GitRepo
from golden import Golden
from prodcheck import Report, audit
from prodcheck.model import GitState, Status
from prodcheck.report import Options, render
from prodcheck.report.json_schema import schema
from prodcheck.testing import fill

EXAMPLES = Path(__file__).parent.parent / "examples"
SECRET_RULES = ("hardcoded-secret", "secret-in-notebook", "secret-file-committed")
ORIGIN = "https://github.com/acme/churn-service"


def settled(report: Report) -> Report:
    """The report without what differs between two runs or two machines."""
    git: GitState = replace(report.git, commit="0" * 40 if report.git.commit else None)
    return replace(report, git=git, root="project", started_at="2026-11-24T10:00:00Z", duration_ms=500)


def statuses(report: Report) -> dict[str, Status]:
    return {result.rule.id: result.status for result in report.results}


@pytest.fixture
def article(tmp_path: Path) -> Path:
    """The repository of the article: one notebook with a token in it, and nothing else."""
    folder = tmp_path / "churn"
    folder.mkdir()
    book = json.loads((EXAMPLES / "notebook-only" / "churn_final_v3.ipynb").read_text(encoding="utf-8"))
    settings = next(cell for cell in book["cells"] if "CRM_URL" in "".join(cell["source"]))
    settings["source"].append("\n" + fill('HF_TOKEN = "${secret:huggingface}"'))
    (folder / "churn_final_v3.ipynb").write_text(json.dumps(book, indent=1) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    """The healthy example as its own clone."""
    folder = tmp_path / "churn-service"
    shutil.copytree(EXAMPLES / "churn-service", folder)
    repo = GitRepo(folder)
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("remote", "add", "origin", ORIGIN)
    repo.commit(message="Import")
    return folder


def test_the_repository_of_the_article_gets_an_f_with_every_anti_pattern_named(article: Path) -> None:
    report = audit(article)
    assert report.score.grade == "F"
    assert report.score.value < 20
    assert report.project.kind.value == "training"
    found = statuses(report)
    for rule_id in (
        "single-notebook-architecture",
        "secret-in-notebook",
        "no-tests",
        "no-dependency-manifest",
        "no-ci",
        "not-version-controlled",
    ):
        assert found[rule_id] is Status.FAIL, rule_id
    for rule_id in ("ci-does-not-run-tests", "data-not-versioned", "unpinned-dependencies", "no-lockfile"):
        assert found[rule_id] is Status.BLOCKED, rule_id
    shown = render(report, "text", Options())
    for rule_id, status in found.items():
        if status in (Status.FAIL, Status.BLOCKED):
            assert rule_id in shown, rule_id
    assert report.errors == ()
    assert report.skipped == ()


def test_the_token_is_found_in_its_cell_and_never_shown(article: Path) -> None:
    report = audit(article)
    place = report.result("secret-in-notebook").findings[0].location
    assert place is not None
    assert str(place) == "churn_final_v3.ipynb cell 5:11"
    raw = (article / "churn_final_v3.ipynb").read_text(encoding="utf-8").splitlines()
    assert place.line is not None
    assert "HF_TOKEN" in raw[place.line - 1]
    token = re.search(r"hf_\w+", raw[place.line - 1])
    assert token is not None
    for format_ in ("text", "json"):
        assert token[0][:8] not in render(report, format_, Options(verbose=True))


def test_the_repository_of_the_article_as_text(article: Path, golden: Golden) -> None:
    golden("article.txt", render(settled(audit(article)), "text", Options()))


def test_the_repository_of_the_article_as_json(article: Path, golden: Golden) -> None:
    golden("article.json", _without_version(render(settled(audit(article)), "json", Options())))


def _without_version(text: str) -> str:
    return re.sub(r'("name": "prodcheck",\s+"version": )"[^"]+"', r'\1"VERSION"', text)


def test_the_healthy_example_gets_an_a(healthy: Path) -> None:
    report = audit(healthy)
    assert report.score.grade == "A"
    assert report.score.cap is None
    bad = {id_: s.value for id_, s in statuses(report).items() if s in (Status.FAIL, Status.BLOCKED, Status.ERROR)}
    assert bad == {}
    assert report.errors == ()


def test_every_pass_of_the_healthy_example_shows_where_it_comes_from(healthy: Path) -> None:
    report = audit(healthy)
    silent = [
        r.rule.id
        for r in report.results
        if r.status is Status.PASS and r.rule.polarity.value == "practice" and not r.evidence
    ]
    assert silent == []


def test_the_healthy_example_as_text(healthy: Path, golden: Golden) -> None:
    golden("healthy.txt", render(settled(audit(healthy)), "text", Options(verbose=True)))


def test_the_healthy_example_as_json(healthy: Path, golden: Golden) -> None:
    golden("healthy.json", _without_version(render(settled(audit(healthy)), "json", Options())))


@pytest.mark.parametrize("name", ["article", "healthy"])
def test_json_of_real_runs_satisfies_the_schema_and_is_the_same_twice(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(name)
    shown = [_run(folder) for _ in range(2)]
    Draft202012Validator(schema()).validate(json.loads(shown[0]))
    one, two = (re.sub(r'"(started_at|duration_ms)": .*', "", text) for text in shown)
    assert one == two


def _run(folder: Path) -> str:
    command = [sys.executable, "-m", "prodcheck", str(folder), "--format", "json"]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout


def test_taking_the_tests_out_of_ci_costs_the_a(healthy: Path) -> None:
    for workflow in (healthy / ".github" / "workflows").iterdir():
        workflow.write_text(workflow.read_text().replace("run: make test", 'run: echo "Running tests"'))
    report = audit(healthy)
    assert report.result("ci-does-not-run-tests").status is Status.FAIL
    assert report.score.grade != "A"


def test_the_bundled_examples_hold_no_credentials_and_score_as_the_readme_says() -> None:
    poor, good = audit(EXAMPLES / "notebook-only"), audit(EXAMPLES / "churn-service")
    assert poor.score.grade == "F"
    assert good.score.grade == "A"
    for report in (poor, good):
        assert [f for f in report.findings if f.rule_id in SECRET_RULES] == []
