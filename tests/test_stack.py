"""Tools are recognised by use, and by no more than what is there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from prodcheck.config import Config
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.facts.signatures import Mark, Signature
from prodcheck.model import GitState, Strength, ToolUse
from prodcheck.repository.memory import CLONED, MemoryRepository
from prodcheck.rules import load_ruleset

SIGNATURES = load_ruleset(examples=True).signatures


def stack_of(
    files: Mapping[str, str], signatures: tuple[Signature, ...] = SIGNATURES, git: GitState = CLONED
) -> dict[str, ToolUse]:
    repository = MemoryRepository(files, git)
    stack = Facts(repository, extract_all(repository), Config(), signatures).stack
    return {f"{use.topic}/{use.tool}": use for use in stack}


def one(mark: Mark, topic: str = "x") -> tuple[Signature, ...]:
    return (Signature(topic, "tool", "Tool", (mark,)),)


def test_the_strongest_evidence_decides_and_comes_first() -> None:
    files = {
        "requirements-dev.txt": "black\n",
        "pyproject.toml": "[tool.black]\nline-length = 100\n",
        ".pre-commit-config.yaml": "repos:\n- repo: x\n  hooks:\n  - id: black\n",
    }
    use = stack_of(files)["formatter/black"]
    assert use.strength is Strength.ENFORCED
    assert [str(e.location) for e in use.evidence] == [
        ".pre-commit-config.yaml:4",
        "pyproject.toml:1",
        "requirements-dev.txt:1",
    ]


def test_a_target_of_a_task_runner_uses() -> None:
    makefile = "lint:\n\t@poetry run flake8 src\n\techo black .\n\t$(PYTHON) -m pylint src\n"
    found = stack_of({"Makefile": makefile})
    assert found["linter/flake8"].strength is Strength.USED
    assert str(found["linter/flake8"].evidence[0].location) == "Makefile:2"
    assert found["linter/pylint"].strength is Strength.USED
    assert "formatter/black" not in found


def test_a_dependency_alone_is_declared() -> None:
    assert stack_of({"requirements.txt": "mlflow\n"})["tracking/mlflow"].strength is Strength.DECLARED


def test_a_command_that_ci_reaches_enforces() -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: make lint\n"
    files = {".github/workflows/ci.yml": workflow, "Makefile": "lint:\n\tpython -m flake8 src\n\techo black .\n"}
    found = stack_of(files)
    assert found["linter/flake8"].strength is Strength.ENFORCED
    assert "formatter/black" not in found


@pytest.mark.parametrize("folder", ["docs", "examples", "vendor", "{{ cookiecutter.name }}"])
def test_documentation_and_other_peoples_code_prove_nothing(folder: str) -> None:
    files = {f"{folder}/train.py": "import mlflow\nmlflow.start_run()\n", f"{folder}/Dockerfile": "FROM python\n"}
    assert "tracking/mlflow" not in stack_of(files)
    assert "container/docker" not in stack_of(files)


def test_tests_prove_the_test_runner_alone() -> None:
    found = stack_of({"tests/test_a.py": "import pytest\nimport mlflow\n\ndef test_a():\n    mlflow.start_run()\n"})
    assert found["test-runner/pytest"].strength is Strength.USED
    assert "tracking/mlflow" not in found


@pytest.mark.parametrize(
    ("pattern", "source", "found"),
    [
        ("lib.run", "import lib\nlib.run()\n", True),
        ("lib.run", "from lib import run as r\nr()\n", True),
        ("lib.run", "import other\nother.run()\n", False),
        ("*.run", "import other\nother.run()\n", True),
        ("lib.*.save", "import lib.x\nlib.x.save()\n", True),
        ("lib.run(name)", "import lib\nlib.run()\n", False),
        ("lib.run(name)", "import lib\nlib.run(name='a')\n", True),
        ("lib.run(name)", "import lib\nlib.run(name=None)\n", False),
        ("lib.run(kind=data*)", "import lib\nlib.run(kind='dataset')\n", True),
        ("lib.run(kind=data*)", "import lib\nlib.run(kind='model')\n", False),
        ('*("s3://*")', "import lib\nlib.read('s3://b/x')\n", True),
        ('*("s3://*")', "import lib\nlib.read('/local')\n", False),
    ],
)
def test_calls(pattern: str, source: str, found: bool) -> None:
    assert bool(stack_of({"a.py": source}, one(Mark("call", pattern, Strength.USED)))) is found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("kind=Job", "kind: Job\n", True),
        ("kind=Job", "kind: CronJob\n", False),
        ("kind=Job", "a: 1\n---\nkind: Job\n", True),
        ("kinds=Job", "kinds: [Pod, Job]\n", True),
        ("$schema=*data.schema.json", "$schema: https://x/data.schema.json\n", True),
        ("a.*.b", "a:\n  x:\n    b: 1\n", True),
        ("a.*.b", "a:\n  x:\n    c: 1\n", False),
    ],
)
def test_keys(pattern: str, text: str, found: bool) -> None:
    mark = Mark("key", pattern, Strength.USED, files="*.yaml")
    assert bool(stack_of({"k/a.yaml": text}, one(mark))) is found


def test_a_condition_on_the_same_file() -> None:
    mark = Mark("call", "*.log_artifact", Strength.USED, also=r"\bwandb\b")
    assert stack_of({"a.py": "import wandb\nx.log_artifact()\n"}, one(mark))
    assert not stack_of({"a.py": "import mlflow\nx.log_artifact()\n"}, one(mark))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://dev.azure.com/acme/churn/_git/churn", True),
        ("git@ssh.dev.azure.com:v3/acme/churn/churn", True),
        ("https://github.com/acme/dev.azure.com", False),
        ("https://notdev.azure.com/x", False),
    ],
)
def test_remotes_are_compared_by_host(url: str, found: bool) -> None:
    git = GitState(state="ok", remotes=(("origin", url),))
    assert bool(stack_of({"a.py": ""}, one(Mark("remote", "dev.azure.com", Strength.USED)), git)) is found


def test_notebooks_show_the_cell() -> None:
    book = '{"cells": [{"cell_type": "code", "source": "import wandb\\nwandb.init()"}], "nbformat": 4, "metadata": {}}'
    use = stack_of({"a.ipynb": book})["tracking/wandb"]
    assert str(use.evidence[0].location) == "a.ipynb cell 1:2"


def test_ids_are_unique_and_every_tool_is_shown_to_work() -> None:
    seen = [(s.topic, s.tool) for s in SIGNATURES]
    assert len(seen) == len(set(seen))
    assert len(seen) > 150
    assert [s.tool for s in SIGNATURES if not s.examples] == []
    assert [s.tool for s in SIGNATURES if not s.url.startswith("https://")] == []
