"""Monorepos: which folders are projects of their own, and which findings are theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import pytest

from prodcheck._audit import audit_repository
from prodcheck.config import Config, Ignore
from prodcheck.model import Location, Report, Severity, SubProject
from prodcheck.report import Options, render
from prodcheck.report.pen import cells
from prodcheck.rules import Ruleset, load_ruleset
from prodcheck.testing import repository
from reports import finding, rich, rule

TRAIN = """\
import joblib
import pandas as pd

frame = pd.read_csv("data.csv")
joblib.dump(frame.mean(), "mean.joblib")
"""
SERVE = """\
import pickle
from fastapi import FastAPI

app = FastAPI()
model = pickle.load(open("/home/ann/model.pkl", "rb"))
"""
INSTALLER = "from setuptools import setup\nsetup(name='all', install_requires=['pandas'])\n"
SETUP = "[metadata]\nname = api\n[options]\ninstall_requires =\n    fastapi\n"
SERVICES: Mapping[str, object] = {
    "README.md": "# Two services\n",
    "services/churn/requirements.txt": "pandas\njoblib\n",
    "services/churn/train.py": TRAIN,
    "services/api/pyproject.toml": "[project]\nname = 'api'\nversion = '1'\ndependencies = ['fastapi']\n",
    "services/api/requirements-dev.txt": "pytest\n",
    "services/api/src/api/app.py": SERVE,
    "services/api/tests/test_app.py": "def test_it():\n    assert 1 + 1 == 2\n",
}


@lru_cache
def ruleset() -> Ruleset:
    return load_ruleset()


def look(files: Mapping[str, object], config: Config | None = None) -> Report:
    return audit_repository(repository(files), config or Config(), ruleset())


def paths(files: Mapping[str, object]) -> list[str]:
    return [project.path for project in look(files).projects]


def test_two_services_are_two_projects_with_their_findings() -> None:
    found = look(SERVICES)
    assert [(p.path, p.manifest, p.code_lines) for p in found.projects] == [
        ("services/api", "services/api/pyproject.toml", 4),
        ("services/churn", "services/churn/requirements.txt", 4),
    ]
    for project in found.projects:
        inside = [f for f in found.open_findings if f.location and f.location.path.startswith(f"{project.path}/")]
        assert inside
        assert project.findings == {s: sum(f.severity is s for f in inside) for s in Severity}
    assert any(f.location is None for f in found.open_findings)
    assert sum(sum(p.findings.values()) for p in found.projects) < len(found.open_findings)


def test_an_ignored_finding_is_not_counted() -> None:
    before = look(SERVICES)
    hidden = [f for f in before.open_findings if f.location and f.location.path == "services/api/src/api/app.py"]
    ignore = tuple(Ignore(rule_id, "known", ("services/api/**",)) for rule_id in {f.rule_id for f in hidden})
    after = look(SERVICES, Config(ignore=ignore))
    assert sum(after.projects[0].findings.values()) < sum(before.projects[0].findings.values())
    assert after.projects[1] == before.projects[1]


ONE_PROJECT: dict[str, Mapping[str, object]] = {
    "the only manifest is in a folder": {"src/requirements.txt": "pandas\njoblib\n", "src/train.py": TRAIN},
    "code beside the only project": {"src/requirements.txt": "pandas\n", "src/train.py": TRAIN, "app/serve.py": SERVE},
    "docs and examples have manifests": {
        "pyproject.toml": "[project]\nname = 'lib'\ndependencies = ['pandas', 'joblib']\n",
        "lib/__init__.py": "",
        "lib/train.py": TRAIN,
        "docs/requirements.txt": "sphinx\n",
        "docs/conf.py": "import sphinx\n",
        "examples/churn/requirements.txt": "pandas\njoblib\n",
        "examples/churn/train.py": TRAIN,
        "examples/api/requirements.txt": "fastapi\n",
        "examples/api/app.py": SERVE,
    },
    "tests and benchmarks have manifests": {
        "requirements.txt": "pandas\njoblib\n",
        "train.py": TRAIN,
        "tests/requirements.txt": "pandas\n",
        "tests/helper.py": TRAIN,
        "benchmarks/requirements.txt": "pandas\n",
        "benchmarks/speed.py": TRAIN,
    },
    "vendored and templates": {
        "requirements.txt": "pandas\njoblib\n",
        "train.py": TRAIN,
        "third_party/other/setup.py": INSTALLER,
        "third_party/other/other.py": TRAIN,
        "{{cookiecutter.slug}}/requirements.txt": "pandas\n",
        "{{cookiecutter.slug}}/train.py": TRAIN,
    },
    "a folder of requirements": {
        "requirements/base.txt": "pandas\njoblib\n",
        "requirements/prod.txt": "-r base.txt\ngunicorn\n",
        "train.py": TRAIN,
    },
    "only tools for developers in the folder": {
        "requirements.txt": "pandas\njoblib\n",
        "train.py": TRAIN,
        "service/requirements-dev.txt": "pytest\nruff\n",
        "service/app.py": SERVE,
    },
    "a part of the package with an image of its own": {
        "pyproject.toml": "[project]\nname = 'lib'\ndependencies = ['pandas', 'joblib']\n",
        "lib/__init__.py": "",
        "lib/train.py": TRAIN,
        "lib/server/__init__.py": "",
        "lib/server/requirements.txt": "fastapi\n",
        "lib/server/app.py": SERVE,
    },
    "a saved model": {
        "requirements.txt": "pandas\njoblib\n",
        "train.py": TRAIN,
        "model/MLmodel": "flavors:\n  python_function:\n    loader_module: loader\n",
        "model/conda.yaml": "dependencies:\n- python=3.11\n- pandas\n",
        "model/loader.py": TRAIN,
    },
    "an installer at the root of a workspace's only package": {
        "setup.py": INSTALLER,
        "packages/a/pyproject.toml": "[project]\nname = 'a'\ndependencies = ['pandas', 'joblib']\n",
        "packages/a/a.py": TRAIN,
    },
    "a list of requirements for a lesson without code": {
        "notes.py": TRAIN,
        "lesson/requirements.txt": "pandas\njoblib\n",
        "lesson/README.md": "# Lesson\n",
        "api/requirements.txt": "fastapi\n",
        "api/app.py": SERVE,
    },
    "compiled for another folder": {
        "pyproject.toml": "[project]\nname = 'lib'\ndependencies = ['pandas', 'joblib']\n",
        "release.py": TRAIN,
        "sdk/requirements/ci.txt": "# This file is autogenerated by pip-compile with Python 3.11\npandas==2.2.0\n",
        "sdk/lib/train.py": TRAIN,
    },
    "nothing": {},
}


@pytest.mark.parametrize("name", ONE_PROJECT)
def test_is_not_a_monorepo(name: str) -> None:
    assert paths(ONE_PROJECT[name]) == []


def test_the_root_is_a_project_when_it_has_a_manifest_and_code() -> None:
    found = look(
        {"requirements.txt": "pandas\njoblib\n", "train.py": TRAIN, "api/setup.cfg": SETUP, "api/app.py": SERVE}
    )
    assert [(p.path, p.manifest, p.code_lines) for p in found.projects] == [
        ("", "requirements.txt", 4),
        ("api", "api/setup.cfg", 4),
    ]


def test_a_named_package_needs_no_third_party_code_to_be_a_project() -> None:
    files = {
        "packages/core/pyproject.toml": "[project]\nname = 'core'\n",
        "packages/core/core/sums.py": "def add(a, b):\n    return a + b\n",
        "packages/train/requirements/base.txt": "pandas\njoblib\n",
        "packages/train/train.py": TRAIN,
    }
    assert paths(files) == ["packages/core", "packages/train"]


def test_a_project_inside_another_has_its_own_lines_and_findings() -> None:
    found = look(
        {
            "team/requirements.txt": "pandas\njoblib\n",
            "team/train.py": TRAIN,
            "team/api/requirements.txt": "fastapi\n",
            "team/api/app.py": SERVE,
        }
    )
    assert [(p.path, p.code_lines) for p in found.projects] == [("team", 4), ("team/api", 4)]
    in_api = sum(f.location is not None and f.location.path.startswith("team/api/") for f in found.open_findings)
    assert sum(found.projects[1].findings.values()) == in_api > 0


def test_folders_that_only_begin_alike_are_different() -> None:
    files = {
        "api/requirements.txt": "fastapi\n",
        "api/app.py": SERVE,
        "api-client/requirements.txt": "pandas\njoblib\n",
        "api-client/train.py": TRAIN,
    }
    found = look(files)
    for project in found.projects:
        inside = [f for f in found.open_findings if f.location and f.location.path.split("/")[0] == project.path]
        assert sum(project.findings.values()) == len(inside) > 0


def with_projects(*projects: SubProject) -> Report:
    return replace(rich(), projects=projects)


def project(path: str, critical: int = 0, major: int = 0, lines: int = 1200) -> SubProject:
    numbers = {**dict.fromkeys(Severity, 0), Severity.CRITICAL: critical, Severity.MAJOR: major}
    return SubProject(path, f"{path}/pyproject.toml", lines, numbers)


def section(shown: str) -> list[str]:
    lines = shown.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Projects"))
    return lines[start : lines.index("", start)]


def test_the_text_report_lists_the_worst_project_first() -> None:
    shown = section(render(with_projects(project("a"), project("b", 0, 2), project("c", 1)), "text", Options()))
    assert [line.split()[0] for line in shown[1:-1]] == ["c", "b", "a"]
    assert shown[1].split() == ["c", "1,200", "1", "critical"]
    assert shown[3].endswith("none")


def test_the_rest_belongs_to_the_repository_as_a_whole() -> None:
    bad = rule("bad")
    some = [finding(bad, "here", Location("a/x.py", 1)), finding(bad, "no place")]
    shown = replace(rich(), results=(replace(rich().results[0], findings=tuple(some)),), projects=(project("a", 0, 1),))
    assert section(render(shown, "text", Options()))[-1].split() == "repository as a whole 1 major".split()


@pytest.mark.parametrize("width", [50, 60, 80, 100])
def test_many_projects_with_long_paths_fit_the_page(width: int) -> None:
    many = [project(f"platform/services/machine-learning/recommendation-{i}", 123, 4567 + i) for i in range(12)]
    shown = section(render(with_projects(*many), "text", Options(width=width)))
    assert [line for line in shown if cells(line) > width] == []
    assert any("and 4 more" in line for line in shown)


def test_an_ordinary_report_has_no_such_section() -> None:
    assert "Projects" not in render(rich(), "text", Options(verbose=True))


def test_json_tells_the_projects_as_evidence_of_the_project() -> None:
    shown = json.loads(render(with_projects(project("", 1, 2), project("api")), "json", Options()))
    assert shown["schema_version"] == 1
    assert shown["project"]["evidence"][-2:] == [
        {"path": ".", "line": None, "detail": "project of its own, 1,200 code lines, findings: 1 critical, 2 major"},
        {"path": "api", "line": None, "detail": "project of its own, 1,200 code lines, findings: none"},
    ]


def test_markdown_has_a_table_of_them() -> None:
    shown = render(with_projects(project("a|b", 0, 2), *(project(f"p{i}") for i in range(25))), "markdown", Options())
    table = shown.split("### Projects")[1].split("###")[0]
    assert "| `a\\|b` | 1,200 | 2 major |" in table
    assert "| … and 6 more | | |" in table
    assert "### Projects" not in render(rich(), "markdown", Options())
