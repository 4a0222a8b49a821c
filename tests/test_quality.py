"""The rules of the category `quality`: what their examples do not show."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pytest

from conftest import GitRepoFactory
from prodcheck import audit
from prodcheck.checks.litter import KINDS
from prodcheck.checks.readme import ENOUGH
from prodcheck.checks.readme_words import count_words, headings_of
from prodcheck.config import Config
from prodcheck.engine import run
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.model import Kind, Result, Severity, Status
from prodcheck.rules import Ruleset, load_ruleset
from prodcheck.suppress import Suppressions
from prodcheck.testing import repository


@lru_cache
def ruleset() -> Ruleset:
    return load_ruleset()


def result(
    rule_id: str,
    files: Mapping[str, object],
    kind: Kind = Kind.TRAINING,
    git: Mapping[str, object] | None = None,
) -> Result:
    """What one rule says about a repository in memory."""
    repo = repository(files, git)
    facts = Facts(repo, extract_all(repo), Config(kind=kind), ruleset().signatures)
    rule = ruleset().rule(rule_id)
    assert rule is not None
    results, errors = run([rule], facts, Suppressions(Config(), facts.files))
    assert errors == ()
    return results[0]


# --- not-version-controlled --------------------------------------------------------------------------------------


def test_each_step_towards_version_control_is_worth_something(git_repo: GitRepoFactory, tmp_path: Any) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "train.py").write_text("x = 1\n")
    repo = git_repo()
    repo.write({"train.py": "x = 1\n"})
    scores = []
    for step in (
        lambda: tmp_path / "plain",
        lambda: repo.path,
        lambda: (repo.commit(), repo.path)[1],
        lambda: (repo.git("remote", "add", "origin", "https://dev.azure.com/acme/ml/_git/churn"), repo.path)[1],
    ):
        scores.append(audit(step()).result("not-version-controlled").score)
    assert scores == [0.0, 0.5, 0.6, 1.0]


def test_code_that_was_never_added_is_not_versioned(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"README.md": "x", ".gitignore": ""})
    repo.git("remote", "add", "origin", "https://github.com/acme/churn")
    repo.write({"train.py": "x = 1\n", "model.ipynb": "{}"})
    found = audit(repo.path).result("not-version-controlled")
    assert (found.score, found.reason) == (0.5, "git tracks none of the 2 code files here")


def test_no_version_control_holds_the_score_down() -> None:
    rule = ruleset().rule("not-version-controlled")
    assert rule is not None and rule.cap is not None
    assert rule.cap.ceiling == 54
    assert result(rule.id, {"a.py": "x = 1"}, git={"state": "none"}).confidence.value == "high"


def test_the_remote_is_the_evidence() -> None:
    found = result("not-version-controlled", {"a.py": "x = 1"})
    assert any("https://github.com/acme/project" in e.detail for e in found.evidence)


# --- no-formatter, no-linter -------------------------------------------------------------------------------------

LINES = {"train.py": {"lines": 120}}


def workflow(*commands: str) -> str:
    steps = "".join(f"      - run: {command}\n" for command in commands)
    return f"on: [push, pull_request]\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"


@pytest.mark.parametrize(
    ("files", "score"),
    [
        ({}, 0.0),
        ({".editorconfig": "root = true\n"}, 0.2),
        ({"pyproject.toml": "[tool.black]\n"}, 0.5),
        ({"requirements-dev.txt": "yapf==0.40\n"}, 0.6),
        ({".github/workflows/ci.yml": workflow("black --check .")}, 1.0),
        ({".github/workflows/ci.yml": workflow("ruff format --check .")}, 1.0),
        ({".github/workflows/ci.yml": workflow('echo "black --check ."')}, 0.0),
    ],
)
def test_how_firmly_a_formatter_is_in_place(files: Mapping[str, object], score: float) -> None:
    assert result("no-formatter", {**LINES, **files}).score == pytest.approx(score)


@pytest.mark.parametrize(
    ("files", "training", "library"),
    [
        ({}, 0.0, 0.0),
        ({"requirements-dev.txt": "flake8==7.0\n"}, 0.5, 0.4),
        ({"setup.cfg": "[flake8]\nmax-line-length = 100\n"}, 0.7, 0.56),
        ({".github/workflows/ci.yml": workflow("flake8 .")}, 1.0, 0.8),
        ({".github/workflows/ci.yml": workflow("flake8 . || true")}, 0.7, 0.56),
        ({".github/workflows/ci.yml": workflow("flake8 .", "mypy .")}, 1.0, 1.0),
        ({".github/workflows/ci.yml": workflow("flake8 ."), "pkg/py.typed": ""}, 1.0, 0.94),
        ({"ruff.toml": "[lint]\nselect = []\n"}, 0.2, 0.16),
        ({"tox.ini": "[flake8]\nignore = E, F,\n  W\n"}, 0.2, 0.16),
        ({"sonar-project.properties": "sonar.projectKey=x\n"}, 0.7, 0.56),
    ],
)
def test_how_firmly_a_linter_is_in_place(files: Mapping[str, object], training: float, library: float) -> None:
    assert result("no-linter", {**LINES, **files}).score == pytest.approx(training)
    assert result("no-linter", {**LINES, **files}, Kind.LIBRARY).score == pytest.approx(library)


def test_the_reason_names_the_tool_and_what_is_missing() -> None:
    found = result("no-linter", {**LINES, "setup.cfg": "[flake8]\nmax-line-length = 100\n"}, Kind.SERVICE)
    assert found.reason == "Flake8 is set up but not run by a hook or by CI; no type checker"
    assert found.evidence[0].location is not None and found.evidence[0].location.path == "setup.cfg"


# --- repository-litter -------------------------------------------------------------------------------------------

LITTER = {
    "bytecode": "pkg/__pycache__/a.cpython-311.pyc",
    "checkpoints": "nb/.ipynb_checkpoints/a-checkpoint.ipynb",
    "desktop": "data/.DS_Store",
    "package": "churn.egg-info/PKG-INFO",
    "runs": "logs/events.out.tfevents.1700000000.host",
    "coverage": "htmlcov/index.html",
    "editor": ".idea/workspace.xml",
    "logs": "train.log",
}
IGNORE = {".gitignore": "__pycache__/\n.venv/\n", "train.py": "x = 1\n"}


def test_every_kind_of_litter_has_an_example() -> None:
    assert {kind.id for kind in KINDS} == set(LITTER)


@pytest.mark.parametrize("kind", [*LITTER])
def test_each_kind_of_litter_costs_the_same_and_is_named(kind: str) -> None:
    found = result("repository-litter", {**IGNORE, LITTER[kind]: "x"})
    assert found.score == pytest.approx(0.9)
    assert [f.location.path for f in found.findings if f.location] == [LITTER[kind]]
    assert found.findings[0].severity is Severity.MINOR


def test_untracked_litter_is_nobodys_business(git_repo: GitRepoFactory) -> None:
    repo = git_repo({".gitignore": "__pycache__/\n.venv/\n", "train.py": "x = 1\n"})
    repo.git("remote", "add", "origin", "https://github.com/acme/churn")
    repo.write({"train.log": "x", ".DS_Store": "x"})
    assert audit(repo.path).result("repository-litter").status is Status.PASS


@pytest.mark.parametrize(
    "path",
    [
        "tests/data/server.log", "configs/runs/base.yaml", "pkg/build/__init__.py", "web/dist/app.js",
        "docs/.vscode/settings.json", "src/logs/__init__.py", "wandb/config.yaml", "logging.py",
    ],
)  # fmt: skip
def test_what_only_looks_like_litter(path: str) -> None:
    assert result("repository-litter", {**IGNORE, path: "x"}).status is Status.PASS


@pytest.mark.parametrize(
    ("names", "litter"),
    [
        (["train.py", "train_old.py"], True),
        (["train.py", "train (1).py"], True),
        (["a.ipynb", "a-Copy1.ipynb"], True),
        (["model_v1.py", "model_v2.py"], False),  # neither is the plain name
        (["pkg/__init__.py", "pkg/resnet.py", "pkg/resnet_v2.py"], False),
        (["threshold.py", "old.py"], False),
        (["final_report.py"], False),
    ],
)
def test_versions_kept_by_renaming(names: list[str], litter: bool) -> None:
    found = result("repository-litter", {**IGNORE, **dict.fromkeys(names, "x = 1")})
    assert (found.status is not Status.PASS) is litter


# --- readme-insufficient -----------------------------------------------------------------------------------------

PROSE = "This project predicts which customers leave within the next thirty days and tells the team. " * 8
WHOLE = f"""# Churn
{PROSE}

## Setup
```bash
pip install -r requirements.txt
```

## Train
```bash
python train.py
```
The dataset is the monthly extract. Accuracy is 0.9. Contact: ml@acme.example
"""


def test_a_whole_readme_passes_and_one_without_a_section_says_which() -> None:
    files = {"train.py": "x = 1\n"}
    assert result("readme-insufficient", {**files, "README.md": WHOLE}).status is Status.PASS
    found = result("readme-insufficient", {**files, "README.md": WHOLE.split("## Setup")[0]})
    assert found.findings[0].message.startswith("README.md lacks how to set it up, how to run or use it")
    assert found.score is not None and found.score < ENOUGH


@pytest.mark.parametrize(
    "name", "README.md readme.rst README Readme.txt README.zh-CN.md docs/README.md .github/README.md".split()
)
def test_wherever_a_hosting_service_finds_it(name: str) -> None:
    assert result("readme-insufficient", {"train.py": "x = 1\n", name: WHOLE}).status is Status.PASS


@pytest.mark.parametrize("name", ["src/README.md", "readme.py", "read.md", "tests/readme.txt"])
def test_what_is_not_the_readme(name: str) -> None:
    assert result("readme-insufficient", {"train.py": "x = 1\n", name: WHOLE}).reason == "there is no README"


def test_the_line_of_a_dead_command_counts_the_front_matter() -> None:
    front = "---\nlicense: mit\ntags: [x]\n---\n"
    dead = WHOLE.replace("python train.py", "python fit.py")
    found = result("readme-insufficient", {"train.py": "x = 1\n", "README.md": front + dead})
    line = (front + dead).split("\n").index("python fit.py") + 1
    assert [str(f.location) for f in found.findings] == [f"README.md:{line}"]


@pytest.mark.parametrize(
    "command",
    [
        "python your_script.py", "python <script>.py", "python path/to/train.py", "git clone https://x/y\npython z.py",
        "python train.py", "python src/train.py", "cd ..\npython other.py", "python -m churn.fit", "python -c 'x'",
    ],
)  # fmt: skip
def test_commands_that_are_not_called_dead(command: str) -> None:
    text = WHOLE.replace("python train.py", command)
    found = result("readme-insufficient", {"train.py": "x = 1\n", "README.md": text})
    assert not [f for f in found.findings if "does not exist" in f.message]


def test_headings_and_words_in_every_markup() -> None:
    assert headings_of("# A\n\nB\n---\n\n<h2>C</h2>\n\n**D**\n\n== E\n* F\n").split("\n") == [
        "A",
        "B",
        "C",
        "D",
        "E",
        "F",
    ]
    assert count_words("one [two](http://three.four) `five`\n├── six\n```\nseven\n```\n") == 3
    assert count_words("数据来自客户数据仓库") == 6


# --- unparsable-code ---------------------------------------------------------------------------------------------


def test_one_broken_file_of_many_is_told_and_costs_little() -> None:
    files = {f"m{i}.py": "x = 1\n" for i in range(99)}
    found = result("unparsable-code", {**files, "broken.py": "x = 1\ndef f(:\n"})
    assert [str(f.location) for f in found.findings] == ["broken.py:2"]
    assert found.reason == "1 of 100 Python files and notebooks do not parse"
    assert found.score is not None and 0.8 < found.score < 1


@pytest.mark.parametrize(
    ("path", "text", "status"),
    [
        ("train.py", 'print "x"\n', Status.PARTIAL),
        ("train.py", "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b\n", Status.PARTIAL),
        ("train.py", "x = '{{ cookiecutter.x }}'\nfrom {{ cookiecutter.y }} import z\n", Status.PASS),
        ("tests/fixtures/broken.py", "def f(:\n", Status.PASS),
        ("third_party/old.py", 'print "x"\n', Status.PASS),
        ("model.ipynb", "<html></html>", Status.PARTIAL),
        ("model.ipynb", '{"cells": [', Status.PARTIAL),
    ],
)
def test_what_counts_as_unparsable(path: str, text: str, status: Status) -> None:
    assert result("unparsable-code", {"ok.py": "x = 1\n", path: text}).status is status


def test_broken_code_in_the_documentation_is_said_softly() -> None:
    found = result("unparsable-code", {"ok.py": "x = 1\n", "docs/example.py": 'print "x"\n'})
    assert [f.severity for f in found.findings] == [Severity.MINOR]


# --- no-license --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["LICENSE", "LICENCE.md", "license.txt", "COPYING", "COPYING.LESSER", "LICENSE-MIT", "MIT-LICENSE.txt", "UNLICENSE",
     "LICENSES/Apache-2.0.txt", "LICENSE_APACHE2", "LICENSE-CODE"],
)  # fmt: skip
def test_names_of_licence_files(name: str) -> None:
    assert result("no-license", {"a.py": "x = 1", name: "Permission is hereby granted"}).status is Status.PASS


@pytest.mark.parametrize("name", "license.py LICENSE.json license-checker.md src/LICENSE licensing/a.txt".split())
def test_names_that_are_no_licence_files(name: str) -> None:
    assert result("no-license", {"a.py": "x = 1", name: "text"}).status is Status.FAIL


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "[project]\nname = 'a'\nlicense = {text = 'MIT'}\n"),
        ("pyproject.toml", "[tool.poetry]\nlicense = 'MIT'\n"),
        ("setup.cfg", "[metadata]\nlicense = MIT\n"),
        ("setup.py", "from setuptools import setup\nsetup(name='a', license='MIT')\n"),
        ("README.md", "---\nlicense: mit\n---\n# Model\n"),
    ],
)
def test_where_a_licence_may_be_declared(path: str, text: str) -> None:
    assert result("no-license", {"a.py": "x = 1", path: text}).status is Status.PASS


@pytest.mark.parametrize(
    ("remote", "status"),
    [
        ("https://github.com/acme/churn", Status.FAIL),
        ("git@gitlab.com:acme/churn.git", Status.FAIL),
        ("https://github.acme.example/ml/churn", Status.NOT_APPLICABLE),
        ("https://dev.azure.com/acme/ml/_git/churn", Status.NOT_APPLICABLE),
    ],
)
def test_private_hosts_are_not_asked_for_a_licence(remote: str, status: Status) -> None:
    assert result("no-license", {"a.py": "x = 1"}, git={"remotes": [["origin", remote]]}).status is status


def test_a_long_licence_may_hold_placeholders_in_its_appendix() -> None:
    text = "GNU AFFERO GENERAL PUBLIC LICENSE\n" + "x" * 5000 + "\nCopyright (C) <year>  <name of author>\n"
    assert result("no-license", {"a.py": "x = 1", "LICENSE": text}).status is Status.PASS
