"""Make a git repository of any size that looks like the monorepo of a machine-learning team. The same on every run.

    python benchmarks/generate_repository.py FOLDER FILES

Projects of about two hundred files: a package of modules that import each other and well-known libraries, tests,
configuration, notebooks, tables, images, pages; each with its own manifest, some with a lock, a Dockerfile and jobs in
CI. Files are small, so that what a file costs beyond its bytes can be seen to stay the same from a thousand to a
hundred thousand of them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

PROJECT = 200
"""Files of one project."""
LIBRARIES = "numpy pandas sklearn torch mlflow matplotlib yaml requests tqdm scipy".split()
DISTRIBUTIONS = "numpy pandas scikit-learn torch mlflow matplotlib pyyaml requests tqdm scipy".split()
WORDS = "batch label score feature window vector sample target weight layer token price user item event".split()
TRAINING = """
def train(frame):
    model = sklearn.linear_model.LogisticRegression(C={number})
    model.fit(frame[["{one}", "{other}"]], frame["label"])
    mlflow.sklearn.log_model(model, "model")
    return model
"""
FUNCTION = '''
def {name}({one}, {other}=None):
    """Combine a {one} with its {other}."""
    if {other} is None:
        {other} = np.zeros(len({one}))
    result = []
    for index, value in enumerate({one}):
        if value > {number} and {other}[index] < {limit}:
            result.append(value * {other}[index])
        else:
            result.append(float(value))
    logger.debug("made %d values", len(result))
    return pd.DataFrame({{"{one}": result}})
'''
WORKFLOW = """name: {name}
on:
  push:
    paths: ["{name}/**"]
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install -r {name}/requirements.txt
      - run: pytest {name}/tests
"""

Maker = Callable[[random.Random, str, int], str | bytes]
"""(chance, package, number of the file) -> its content."""


def module(chance: random.Random, package: str, number: int) -> str:
    """A module of functions that imports libraries and other modules of its package."""
    head = ['"""What this part of the package does."""', "", "import logging", "import os", "", "import numpy as np"]
    head += ["import pandas as pd"] + [f"import {name}" for name in chance.sample(LIBRARIES[2:], 2)]
    head += [f"from {package}.part_{chance.randrange(PROJECT // 2)} import {chance.choice(WORDS)}_0"]
    head += ["", "logger = logging.getLogger(__name__)", f"LIMIT = {chance.randrange(1000)}"]
    body = ""
    for index in range(chance.randint(2, 5)):
        one, other = chance.sample(WORDS, 2)
        values = {"one": one, "other": other, "number": chance.randrange(90), "limit": chance.randrange(900)}
        body += "\n" + FUNCTION.format(name=f"{one}_{index}", **values)
        if number % 40 == 0 and index == 0:
            body += "\n" + TRAINING.format(**values)
    imports = "\nimport mlflow\nimport sklearn.linear_model\n" if number % 40 == 0 else "\n"
    return "\n".join(head) + imports + body


def test(chance: random.Random, package: str, number: int) -> str:
    one = chance.choice(WORDS)
    return (
        f"import pytest\n\nfrom {package}.part_{number} import {one}_0\n\n\n"
        f"@pytest.mark.parametrize('size', [1, {chance.randrange(2, 50)}])\ndef test_{one}(size):\n"
        f"    result = {one}_0(list(range(size)))\n    assert len(result) == size\n    assert result is not None\n"
    )


def settings(chance: random.Random, package: str, number: int) -> str:
    lines = [f"name: {package}-{number}", "model:"]
    lines += [f"  {word}: {chance.randrange(1000) / 100}" for word in chance.sample(WORDS, 6)]
    lines += ["data:", f"  path: s3://{package}/{number}.parquet", "steps:"]
    lines += [f"  - {{name: {word}, size: {chance.randrange(100)}}}" for word in chance.sample(WORDS, 4)]
    return "\n".join(lines) + "\n"


def notebook(chance: random.Random, package: str, number: int) -> str:
    code = [
        f"import pandas as pd\nfrom {package} import part_1\n",
        f"frame = pd.read_csv('data/{number}.csv')\nframe.head()\n",
        f"frame.{chance.choice(WORDS)}.hist(bins={chance.randrange(5, 50)})\n",
    ]
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [f"# Notes on {package}\n"]}]
    for count, source in enumerate(code, start=1):
        outputs = [{"output_type": "stream", "name": "stdout", "text": ["0.93\n"] * 5}]
        cell = {"cell_type": "code", "metadata": {}, "execution_count": count, "source": source.splitlines(True)}
        cells.append({**cell, "outputs": outputs})
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def table(chance: random.Random, package: str, number: int) -> str:
    rows = (",".join(str(chance.randrange(10_000)) for _ in range(4)) for _ in range(25))
    return ",".join(chance.sample(WORDS, 4)) + "\n" + "\n".join(rows) + "\n"


def picture(chance: random.Random, package: str, number: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chance.randbytes(1_500)


def page(chance: random.Random, package: str, number: int) -> str:
    said = " ".join(chance.choice(WORDS) for _ in range(80))
    return f"# Part {number} of {package}\n\n{said}\n\n```\npip install -r requirements.txt\n```\n"


def script(chance: random.Random, package: str, number: int) -> str:
    return f"#!/bin/sh\nset -e\npip install -r requirements.txt\npython -m {package}.part_{number} --epochs 3\n"


MIX: tuple[tuple[int, str, Maker], ...] = (
    (100, "{package}/part_{number}.py", module),
    (25, "tests/test_part_{number}.py", test),
    (20, "conf/model_{number}.yaml", settings),
    (8, "notebooks/{number}_look.ipynb", notebook),
    (12, "data/{number}.csv", table),
    (12, "docs/images/{number}.png", picture),
    (10, "docs/part_{number}.md", page),
    (5, "scripts/run_{number}.sh", script),
)
"""(files of a project, path, content); what is missing to a whole project are the files that it has once."""


def project(number: int) -> Iterator[tuple[str, str | bytes]]:
    """Paths and contents of one project."""
    package, folder = f"team_{number}", f"team-{number}"
    chance = random.Random(number)
    pins = "".join(f"{name}=={number % 3}.{chance.randrange(20)}\n" for name in DISTRIBUTIONS)
    yield f"{folder}/README.md", f"# {package}\n\nMakes the environment with `python -m venv .venv`.\n"
    yield f"{folder}/requirements.txt", pins if number % 2 else "".join(f"{name}\n" for name in DISTRIBUTIONS)
    yield f"{folder}/{package}/__init__.py", f"from {package}.part_0 import *\n"
    if number % 4 == 0:
        named = f'name = "{folder}"\nversion = "0.{number}"\ndependencies = {json.dumps(DISTRIBUTIONS)}\n'
        yield f"{folder}/pyproject.toml", f"[project]\n{named}[tool.ruff]\nline-length = 100\n"
        locked = "".join(f'[[package]]\nname = "{name}"\nversion = "1.{number}"\n\n' for name in DISTRIBUTIONS)
        yield f"{folder}/uv.lock", "version = 1\n\n" + locked
    if number % 3 == 0:
        yield (
            f"{folder}/Dockerfile",
            "FROM python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n",
        )
    if number % 10 == 0:
        yield f".github/workflows/{folder}.yml", WORKFLOW.format(name=folder)
    if number % 5 == 0:
        yield f"{folder}/Makefile", f"test:\n\tpytest tests\n\ntrain:\n\tpython -m {package}.part_0\n"
    for count, path, maker in MIX:
        for index in range(count):
            place = f"{folder}/{path.format(package=package, number=index)}"
            yield place, maker(random.Random(place), package, index)


def contents() -> Iterator[tuple[str, str | bytes]]:
    """All files there could be, the ones at the top first."""
    yield "README.md", "# Everything\n\nAll projects of the company.\n"
    yield ".gitignore", "__pycache__/\n*.pyc\n.venv/\n*.log\n"
    yield "pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-q'\n"
    number = 0
    while True:
        yield from project(number)
        number += 1


def generate(folder: Path, files: int) -> Path:
    """A repository of so many files in a folder that does not exist yet, committed once."""
    folder.mkdir(parents=True)
    for path, content in islice(contents(), files):
        target = folder / path
        if not target.parent.exists():
            target.parent.mkdir(parents=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    person = {"NAME": "A. U. Thor", "EMAIL": "author@example.org", "DATE": "2026-01-01T00:00:00Z"}
    made = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in person.items()}
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Generate"]):
        subprocess.run(["git", "-c", "gc.auto=0", *command], cwd=folder, env={**os.environ, **made}, check=True)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=int)
    options = parser.parse_args()
    generate(options.folder, options.files)


if __name__ == "__main__":
    main()
