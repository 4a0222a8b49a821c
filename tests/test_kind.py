"""What a repository is, told from what it is made of and never from what it lacks."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from prodcheck.config import Config
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.model import Kind, Project, Stage
from prodcheck.repository.memory import MemoryRepository
from prodcheck.rules import load_ruleset

SIGNATURES = load_ruleset().signatures
TRAIN = """\
import pandas as pd
from sklearn.linear_model import LogisticRegression

frame = pd.read_csv("data/train.csv")
model = LogisticRegression()
model.fit(frame[["x"]], frame["y"])
"""
SERVE = """\
from fastapi import FastAPI

app = FastAPI()

@app.post("/predict")
def predict(row: dict):
    return {}
"""
SCHEDULED = """\
on:
  schedule:
  - cron: "0 3 * * 1"
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
    - run: COMMAND
"""
WORKFLOW = ".github/workflows/t.yml"
REGISTER = "import mlflow\nmlflow.register_model('runs:/a/m', 'c')\n"
LOOK = "import pandas as pd\npd.read_csv('x.csv')"
PYPROJECT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n[project]\nname = "acme"\n'
CLASSIFIERS = 'classifiers = ["Programming Language :: Python :: 3"]\n'


def book(*cells: str) -> str:
    rows = [{"cell_type": "code", "source": c, "metadata": {}, "outputs": [], "execution_count": None} for c in cells]
    return json.dumps({"cells": rows, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def project(files: Mapping[str, str], config: Config | None = None, name: str = "acme/project") -> Project:
    repository = MemoryRepository(files, name=name)
    return Facts(repository, extract_all(repository), config or Config(), SIGNATURES).project


LIBRARY = {
    "pyproject.toml": PYPROJECT + CLASSIFIERS,
    "acme/__init__.py": "from acme.core import run\n",
    "acme/core.py": "def run():\n    return 1\n",
    "README.md": "# acme\n\n    pip install acme\n",
}
TRAINING = {"train.py": TRAIN, "requirements.txt": "pandas\nscikit-learn\n"}
SERVICE = {"app.py": SERVE, "Dockerfile": 'FROM python:3.11\nCMD ["uvicorn", "app:app"]\n'}


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        pytest.param(LIBRARY, Kind.LIBRARY, id="library"),
        pytest.param(
            {"setup.py": "from setuptools import setup\nsetup()\n", "acme/__init__.py": ""}, Kind.LIBRARY, id="setup.py"
        ),
        pytest.param(TRAINING, Kind.TRAINING, id="training script"),
        pytest.param({"model.ipynb": book(TRAIN)}, Kind.TRAINING, id="one notebook that trains"),
        pytest.param({"eda.ipynb": book(LOOK)}, Kind.NOTEBOOKS, id="one notebook that looks"),
        pytest.param(SERVICE, Kind.SERVICE, id="service"),
        pytest.param({**TRAINING, **SERVICE}, Kind.TRAINING, id="trains and serves: the stricter one"),
        pytest.param(
            {**TRAINING, "pyproject.toml": PYPROJECT, "acme/__init__.py": ""},
            Kind.TRAINING,
            id="installable, and trains",
        ),
        pytest.param(
            {**LIBRARY, "acme/train.py": TRAIN + "\nif __name__ == '__main__':\n    pass\n"},
            Kind.LIBRARY,
            id="library with a train command",
        ),
        pytest.param({**LIBRARY, "examples/train.py": TRAIN}, Kind.LIBRARY, id="library with examples that train"),
        pytest.param(
            {f"{i:02}_topic/lesson.ipynb": book(TRAIN) for i in range(1, 10)}
            | {"README.md": "# A course\n\nLectures.\n"},
            Kind.COURSE,
            id="course",
        ),
        pytest.param(
            {"01_load.py": TRAIN, "02_train.py": TRAIN, "03_evaluate.py": TRAIN, "README.md": "# Churn\n"},
            Kind.TRAINING,
            id="numbered scripts are no course",
        ),
        pytest.param(
            {**TRAINING, "README.md": "# Churn\n\nMade in a workshop, after a tutorial.\n"},
            Kind.TRAINING,
            id="words are no course",
        ),
        pytest.param(
            {"cookiecutter.json": "{}", "{{ cookiecutter.name }}/train.py": TRAIN}, Kind.TEMPLATE, id="cookiecutter"
        ),
        pytest.param({f"nb{i}.ipynb": book(LOOK) for i in range(9)}, Kind.NOTEBOOKS, id="notebooks"),
        pytest.param({"main.py": "print(1)\n"}, Kind.GENERIC, id="anything else"),
        pytest.param({}, Kind.GENERIC, id="nothing"),
    ],
)
def test_kinds(files: dict[str, str], kind: Kind) -> None:
    assert project(files).kind is kind


def test_a_person_can_check_the_evidence() -> None:
    found = project(TRAINING)
    assert str(found.evidence[0].location) == "train.py:6"
    library = project(LIBRARY)
    assert library.evidence[0].detail == "builds the package acme"
    assert str(library.evidence[0].location) == "pyproject.toml:6"


def test_what_else_it_is() -> None:
    assert Kind.SERVICE in project({**TRAINING, **SERVICE}).secondary


def test_a_project_in_a_known_layout_trains_even_when_it_can_be_installed() -> None:
    files = {
        "pyproject.toml": PYPROJECT + CLASSIFIERS,
        "mkdocs.yml": "site_name: acme\n",
        "acme/__init__.py": "from acme import config\n",
        "acme/config.py": "from pathlib import Path\n\nPROJ_ROOT = Path(__file__).resolve().parents[1]\n",
        "acme/modeling/train.py": "def main():\n    return 1\n",
    }
    assert project(files).kind is Kind.TRAINING
    assert project({**files, "README.md": "pip install acme\n"}).kind is Kind.LIBRARY


def test_a_package_called_src_is_no_library() -> None:
    setup = "from setuptools import find_packages, setup\nsetup(name='src', packages=find_packages())\n"
    files = {"setup.py": setup, "src/__init__.py": "", "src/models/__init__.py": "", "src/models/fit.py": TRAIN}
    assert project(files).kind is Kind.TRAINING


def test_a_library_may_bring_training_scripts() -> None:
    files = {**LIBRARY, "docs/conf.py": "extensions = []\n", "tools/train_net.py": TRAIN}
    assert project(files).kind is Kind.LIBRARY
    assert Kind.TRAINING not in project(files).secondary


def test_many_folders_alone_are_no_course() -> None:
    files = {f"team/{i}/model.ipynb": book(TRAIN) for i in range(12)}
    files |= {f"team/{i}/requirements.txt": "pandas\n" for i in range(12)}
    assert project(files).kind is not Kind.COURSE
    assert project({**files, "README.md": "# Workshop\n"}).kind is Kind.COURSE


@pytest.mark.parametrize(
    "added",
    [
        {"tests/test_a.py": "def test_a():\n    assert 1\n"},
        {".github/workflows/ci.yml": "on: push\njobs: {a: {runs-on: x, steps: [{run: pytest}]}}\n"},
        {"requirements.txt": "pandas==2.2\n"},
        {".dvc/config": "[core]\n    remote = s\n", "data/train.csv.dvc": "outs:\n- md5: abc\n  path: train.csv\n"},
        {"Dockerfile": "FROM python:3.11\n"},
        {"README.md": "# Churn\n", "LICENSE": "MIT\n"},
    ],
)
@pytest.mark.parametrize("base", [LIBRARY, TRAINING, SERVICE], ids=["library", "training", "service"])
def test_adopting_a_practice_changes_no_kind(base: dict[str, str], added: dict[str, str]) -> None:
    assert project({**base, **added}).kind is project(base).kind


def test_settings_win() -> None:
    found = project(TRAINING, Config(kind=Kind.COURSE, stage=Stage.PRODUCTION))
    assert (found.kind, found.kind_source) == (Kind.COURSE, "configured")
    assert (found.stage, found.stage_source) == (Stage.PRODUCTION, "configured")


@pytest.mark.parametrize(
    ("files", "stage"),
    [
        pytest.param(TRAINING, Stage.PROTOTYPE, id="a script"),
        pytest.param(SERVICE, Stage.PRODUCTION, id="served"),
        pytest.param(
            {**TRAINING, WORKFLOW: SCHEDULED.replace("COMMAND", "python train.py")}, Stage.PRODUCTION, id="training"
        ),
        pytest.param({**TRAINING, WORKFLOW: SCHEDULED.replace("COMMAND", "pytest")}, Stage.PROTOTYPE, id="tests"),
        pytest.param({**TRAINING, "r.py": REGISTER}, Stage.PRODUCTION, id="registered"),
    ],
)
def test_stages(files: dict[str, str], stage: Stage) -> None:
    assert project(files).stage is stage


def test_names_of_templates_count() -> None:
    files = {"README.md": "# x\n\nThis is a template for training projects.\n", "src/a.py": "x = 1\n"}
    assert project(files, name="acme/ml-project-template").kind is Kind.TEMPLATE
