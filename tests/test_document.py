"""Configuration files of every format answer the same questions, with the line of the answer."""

from __future__ import annotations

import pytest

from prodcheck.extract.document import MAX_JSON, Document, extract, wants


def read(path: str, text: str) -> Document:
    document = extract(path, text.encode())
    assert document is not None
    return document


@pytest.mark.parametrize(
    ("path", "text", "key", "value", "line"),
    [
        ("pyproject.toml", "[tool.black]\nline-length = 88\n", "tool.black.line-length", 88, 2),
        ("pyproject.toml", "[tool.black]\n", "tool.black", {}, 1),
        ("pyproject.toml", "[tool]\nblack = { line-length = 88 }\n", "tool.black.line-length", 88, None),
        ("pyproject.toml", 'x = """\nfake = 1\n"""\n[a]\nfake = 2\n', "a.fake", 2, 5),
        ("a.toml", "[[b]]\nx = 1\n[[b]]\nx = 2\n", "b.1.x", 2, 4),
        (
            "setup.cfg",
            "[metadata]\nname = x\n\n[tool:pytest]\ntestpaths = tests\n",
            "tool:pytest.testpaths",
            "tests",
            5,
        ),
        ("setup.cfg", "[options.extras_require]\ndev =\n    pytest\n", "options.extras_require.dev", "\npytest", 2),
        ("tox.ini", "[flake8]\nignore = E501  # too long\n", "flake8.ignore", "E501  # too long", 2),
        (
            "tox.ini",
            "[testenv]\ncommands = {envpython} -m pytest %(x)s\n",
            "testenv.commands",
            "{envpython} -m pytest %(x)s",
            2,
        ),
        ("settings.ini", "[DEFAULT]\nlib_name = x\n", "DEFAULT.lib_name", "x", 2),
        (".dvc/config", "['remote \"s\"']\n    url = s3://x\n", "'remote \"s\"'.url", "s3://x", None),
        ("data/x.dvc", "outs:\n- md5: abc\n  path: x\n", "outs.0.path", "x", 3),
        ("k8s.yaml", "a: 1\n---\nkind: Job\n", "kind", "Job", 3),
        ("MLproject", "name: x\npython_env: python_env.yaml\n", "python_env", "python_env.yaml", 2),
        ("x.json", '{"a": {"b": [1,\n {"c": "x:y,{"}]}}', "a.b.1.c", "x:y,{", 2),
        ("tsconfig.json", '{ // a comment\n"a": "http://x", /* b */\n"c": [1, 2,],\n}', "a", "http://x", 2),
    ],
)
def test_a_key_is_found_with_its_line(path: str, text: str, key: str, value: object, line: int | None) -> None:
    found = read(path, text).find(key)
    assert found is not None
    assert found[0] == value
    if line is not None:
        assert found[1] == line


def test_a_star_stands_for_any_key_or_item() -> None:
    document = read(
        ".pre-commit-config.yaml", "repos:\n- repo: a\n  hooks:\n  - id: black\n- repo: b\n  hooks:\n  - id: ruff\n"
    )
    assert [value for value, _ in document.find_all("repos.*.hooks.*.id")] == ["black", "ruff"]
    assert [line for _, line in document.find_all("repos.*.hooks.*.id")] == [4, 7]


def test_an_empty_key_is_there_and_a_missing_one_is_not() -> None:
    document = read("a.yml", "ci:\nrepos: []\n")
    assert document.find("ci") is not None
    assert document.find("nothing") is None
    assert document.get("nothing") is None


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("pyproject.toml", "[tool.black\n", "not valid TOML"),
        ("pyproject.toml", 'name = "{{ cookiecutter.name }}"\n[{{ x }}]\n', "template"),
        ("a.yml", "{{ if x }}\na: [\n", "template"),
        ("a.json", "{", "not valid JSON"),
        ("a.json", "[" * 100_000, "not valid JSON"),
        ("a.ini", "no section\n", "not valid INI"),
    ],
)
def test_broken_files_say_what_is_wrong(path: str, text: str, problem: str) -> None:
    document = read(path, text)
    assert document.problem.startswith(problem)
    assert document.find("anything") is None


def test_utf_16_is_read() -> None:
    document = extract("setup.cfg", "[flake8]\nignore = E501\n".encode("utf-16"))
    assert document is not None
    assert document.get("flake8.ignore") == "E501"


def test_data_and_lock_files_are_left_alone() -> None:
    assert extract("data.json", b'{"a": "' + b"x" * MAX_JSON + b'"}') is None
    assert read("rows.json", '[{"a": 1}]').root is None
    assert not wants("poetry.lock")
    assert not wants("package-lock.json")
    assert not wants("train.py")
    assert wants("dvc.lock")
