"""Texts on which a reader once took minutes, because an expression backtracked or a loop was quadratic.

Each is read in a process of its own, and within seconds where it took hours. Nothing here measures time: a limit that
is a hundred times what is needed ends a test that would not end by itself. `scripts/find_slow_text.py` looks for more.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SIZE = 900_000  # more than this is not parsed as Python
SECONDS = 60


def _fill(unit: str, before: str = "", after: str = "", size: int = SIZE) -> str:
    return before + unit * (size // len(unit)) + after


def _cell(source: str) -> str:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": 1}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


SLOW: dict[str, tuple[str, str]] = {
    "a shell word": ("run.sh", _fill("a", "echo ")),
    "a shell word in CI": (
        ".github/workflows/ci.yml",
        _fill("a", "on: push\njobs: {t: {steps: [{run: 'echo ", "'}]}}\n"),
    ),
    "a Makefile's word": ("Makefile", _fill("a", "test:\n\t")),
    "blanks in a template": ("a.py", _fill(" ", "x = {{ ", "\n")),
    "tags of a template": ("b.py", _fill("{%a", "x = (\n# ")),
    "one tag of a template": ("c.py", _fill("a", "x = (\n# {%")),
    "blank lines in broken code": ("d.py", _fill("\n", "x = [\n", ")")),
    "blank lines with blanks": ("e.py", _fill(" \n ", "print \n", "(")),
    "generics without an end": ("f.py", _fill("type a[\n")),
    "a captured command": ("a.ipynb", _cell(_fill(" ", "!x\na", "b"))),
    "blanks behind a magic": ("b.ipynb", _cell(_fill(" ", "%time", "-"))),
    "blank lines of a cell": ("c.ipynb", _cell(_fill("\n", "x = (\n", ")"))),
    "help for nothing": ("d.ipynb", _cell(_fill(" ", "!x\na?", "b"))),
    "comments without an end": ("package.json", _fill("/*'", size=190_000)),
    "escapes in a comment": ("tsconfig.json", _fill('"\\', "// ", size=190_000)),
    "blanks in a setting": ("a.ini", _fill(" ", "[a]\nb", "c\n")),
    "blanks in setup.cfg": ("setup.cfg", _fill(" ", "[options]\nb", "c = 1\n")),
    "blanks in the head of a table": ("a.toml", _fill(" ", "[", "a]]\n")),
    "blanks in the name of a table": ("b.toml", _fill(" ", "[a", "b]\n")),
    "headers of a key": ("key.txt", _fill("Proc-Type:", "-----BEGIN PRIVATE " + "KEY-----")),
    "headers of keys": ("keys.txt", _fill("-----BEGIN PRIVATE " + "KEY-----Proc-Type: Version: Comment: DEK-Info: ")),
    "flags of an image": ("Dockerfile", _fill("a<!--", "FROM ")),
    "a key with many parts": ("pyproject.toml", _fill("a.", after="a = 1\n")),
    "one line of a notebook": ("e.ipynb", _cell(_fill("x"))),
    "one line of Python": ("g.py", _fill("x")),
    "one line of YAML": ("a.yaml", _fill("x", "a: ")),
    "requirements on one line": ("requirements.txt", _fill("a,")),
}


@pytest.mark.parametrize("name", [*SLOW])
def test_what_was_slow_is_not(name: str) -> None:
    path, text = SLOW[name]
    code = (
        "import sys\nfrom prodcheck.extract.run import extract_file\n"
        "extract_file(sys.argv[1], sys.stdin.buffer.read())\nprint('read')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], input=text.encode(), capture_output=True, timeout=SECONDS, check=True
    )
    assert done.stdout == b"read\n"
