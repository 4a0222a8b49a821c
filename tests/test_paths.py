"""What a file is for, told from its path."""

from __future__ import annotations

import pytest

from prodcheck.facts.paths import Glob, Role, build, classify


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/acme/train.py", Role.CODE),
        ("train.py", Role.CODE),
        ("tests/helpers.py", Role.TEST),
        ("src/acme/test_train.py", Role.TEST),
        ("src/acme/train_test.py", Role.TEST),
        ("conftest.py", Role.TEST),
        ("train_test_split.py", Role.CODE),
        ("testset/train.py", Role.CODE),
        ("Docs/conf.py", Role.DOCS),
        (" examples /a.py", Role.DOCS),
        ("docs/tests/test_a.py", Role.TEST),
        ("vendor/lib/a.py", Role.VENDORED),
        ("node_modules/a/index.js", Role.VENDORED),
        ("{{ cookiecutter.name }}/train.py", Role.TEMPLATE),
        ("{% if x %}a{% endif %}/train.py", Role.TEMPLATE),
        ("Dockerfile.jinja", Role.TEMPLATE),
        ("pkg/_version.py", Role.GENERATED),
        ("tools/update_version.py", Role.CODE),
        ("proto/service_pb2.py", Role.GENERATED),
        ("build/lib/acme/a.py", Role.GENERATED),
        ("build/azure-pipelines.yml", Role.CODE),
        ("docs/build/html/a.html", Role.GENERATED),
        ("dist/a.whl", Role.GENERATED),
    ],
)
def test_roles(path: str, role: Role) -> None:
    assert classify(path) is role


def test_an_environment_is_known_by_what_it_holds() -> None:
    paths = build(["myenv/pyvenv.cfg", "myenv/lib/a.py", "ml/conda-meta/history", "ml/x.py", "mlops/x.py", "a.py"])
    assert paths.of(Role.VENDORED) == ("myenv/pyvenv.cfg", "myenv/lib/a.py", "ml/conda-meta/history", "ml/x.py")
    assert paths.own == ("mlops/x.py", "a.py")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a/b/c.py", True),
        ("*.py", "a/b/c.pyi", False),
        ("/a.py", "b/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/b/a.py", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/b/c/a.py", True),
        ("{a,b}.yml", "x/b.yml", True),
        ("{a,b}.yml", "x/c.yml", False),
        ("data[0-9].csv", "data7.csv", True),
        ("data[!0-9].csv", "data7.csv", False),
        (".github/workflows/*.{yml,yaml}", ".github/workflows/ci.yaml", True),
    ],
)
def test_globs(pattern: str, path: str, matches: bool) -> None:
    assert Glob(pattern).match(path) is matches
