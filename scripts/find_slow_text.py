"""Look for texts on which a reader takes more than its share of time.

    python scripts/find_slow_text.py [--minutes 10] [--size 300000] [--seconds 4] [--seed 1]

Every regular expression of the package is taken apart; what leads to one of its loops, and what the loop repeats, make
texts that repeat it. Each text is read as a file of some kind, within a limit of processor time; where that is spent,
the line that was at work is printed, once. What is found and mended becomes a case of `tests/test_slow_text.py`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import random
import re
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from typing import Any

import prodcheck
from prodcheck.extract.budget import OutOfTime, limited
from prodcheck.extract.run import extract_file

try:
    from re import _constants as codes
    from re import _parser as parser
except ImportError:  # Python 3.10
    import sre_constants as codes
    import sre_parse as parser

CHARACTERS = "aA0_ \n\t-./\"'(){}[]\\=,:;<>#$%@!*+|~^&?\x00é"
PATHS = (
    "a.py setup.py test_a.py noxfile.py a.ipynb requirements.txt environment.yml pyproject.toml Pipfile setup.cfg "
    "tox.ini a.ini Dockerfile docker-compose.yml Makefile justfile run.sh .github/workflows/ci.yml .gitlab-ci.yml "
    "azure-pipelines.yml Jenkinsfile .circleci/config.yml .travis.yml bitbucket-pipelines.yml cloudbuild.yaml .pre- "
    "commit-config.yaml README.md a.json package.json conf.yaml .env .npmrc .pypirc main.tf a.r a.js a.txt "
    "poetry.lock Pipfile.lock notebook.Rmd run.bat"
).split()
FRAMES = (
    "{}",
    "x = '{}'",
    "# {}",
    "run: {}",
    "script:\n  - {}\n",
    "RUN {}",
    "FROM {}",
    "t:\n\t{}\n",
    '["{}"]',
    "a = {}\n",
)


def patterns() -> dict[str, int]:
    """The regular expressions in the package's modules, with their flags."""
    found: dict[str, int] = {}

    def collect(value: Any, depth: int = 0) -> None:
        text = getattr(value, "pattern", None)
        if isinstance(text, str | bytes):
            compiled = re.compile(text, getattr(value, "flags", 0))
            found[text if isinstance(text, str) else text.decode("latin-1")] = compiled.flags & ~re.UNICODE & ~re.LOCALE
        elif isinstance(value, tuple | list | frozenset | set) and depth < 4:
            for item in value:
                collect(item, depth + 1)
        elif isinstance(value, dict) and depth < 4:
            collect(list(value.values()), depth)

    for module in pkgutil.walk_packages(prodcheck.__path__, "prodcheck."):
        if not module.name.endswith("__main__"):
            collect(list(vars(importlib.import_module(module.name)).values()))
    return found


def pumps(pattern: str, flags: int) -> Iterator[tuple[str, str]]:
    """(what leads to a loop, what the loop repeats) for every loop and every alternative of an expression."""
    found: list[tuple[str, str]] = []
    example(parser.parse(pattern, flags), found, "")
    yield from found
    for before, loop in found:
        yield "", before + loop
        yield "", loop + "\n"


def example(tree: Any, found: list[tuple[str, str]], before: str) -> str:
    """The shortest text that an expression matches, more or less; its loops are added to `found`."""
    text = ""
    for code, argument in tree:
        here = before + text
        if code is codes.LITERAL:
            text += chr(argument)
        elif code in (codes.NOT_LITERAL, codes.ANY):
            text += "a"
        elif code is codes.IN:
            text += member(argument)
        elif code is codes.SUBPATTERN:
            text += example(argument[3], found, here)
        elif code is codes.BRANCH:
            choices = [example(branch, found, here) for branch in argument[1]]
            found += [(here, choice) for choice in choices[:12]]
            text += choices[0]
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, body = argument
            loop = example(body, found, here)
            if most >= 20:
                found += [(here, loop), (here + loop, loop)]
            text += loop * least
        elif code is codes.ASSERT:
            inner = example(argument[1], found, here)
            text += inner if argument[0] < 0 else ""
    return text


def member(items: Any) -> str:
    """A character of a class, by trying."""
    source = re.compile("x")
    for character in CHARACTERS + "bcdefghijklmnopqrstuvwxyz":
        inside = False
        for code, argument in items:
            if code is codes.LITERAL:
                inside |= ord(character) == argument
            elif code is codes.RANGE:
                inside |= argument[0] <= ord(character) <= argument[1]
            elif code is codes.CATEGORY:
                letter = str(argument).rpartition("_")[2][0].lower()  # digit, space, word
                source = re.compile("\\" + (letter.upper() if "NOT" in str(argument) else letter))
                inside |= source.match(character) is not None
        if inside != any(code is codes.NEGATE for code, _ in items):
            return character
    return "a"


def content(path: str, text: str, chance: random.Random) -> bytes:
    """A file of that kind with the text somewhere in it."""
    if path.endswith(".ipynb"):
        outputs = [{"output_type": "stream", "name": "stdout", "text": text}] if chance.random() < 0.3 else []
        cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": outputs, "execution_count": 1}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    frame = chance.choice(FRAMES) if chance.random() < 0.5 else "{}"
    return frame.replace("{}", text).encode("utf-8", "surrogatepass")


def place(problem: BaseException) -> str:
    """The innermost line of the package that was at work."""
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if "prodcheck/" in f.filename]
    inner = [f for f in frames if not f.filename.endswith("budget.py")][-1]
    return f"{inner.filename.rpartition('/prodcheck/')[2]}:{inner.lineno} {inner.line}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("minutes", 10.0), ("size", 300_000), ("seconds", 4.0), ("seed", 1)):
        options.add_argument(f"--{name}", type=type(default), default=default)
    given = options.parse_args()
    chance, found = random.Random(given.seed), Counter[str]()
    units = sorted({unit for pattern, flags in patterns().items() for unit in pumps(pattern, flags) if unit[1]})
    units += [("", character) for character in CHARACTERS]
    print(f"{len(units):,} ways to repeat something", flush=True)
    until, texts = time.monotonic() + given.minutes * 60, 0
    while time.monotonic() < until:
        before, loop = chance.choice(units)
        if chance.random() < 0.3:
            loop += chance.choice(("\n", " ", "")) + chance.choice(units)[1]
        text = before + loop * (given.size // len(loop)) + chance.choice(("", "\n!", "\x00"))
        path = chance.choice(PATHS)
        data = content(path, text, chance)
        texts += 1
        try:
            limited(given.seconds, lambda: extract_file(path, data))  # noqa: B023 - called at once
        except (OutOfTime, Exception) as problem:
            where = f"{type(problem).__name__} {place(problem)}"
            if where not in found:
                print(f"{where}\n    in {path}: {before[:40]!r} and many {loop[:40]!r}", flush=True)
            found[where] += 1
    print(f"{texts:,} texts, {sum(found.values())} of them too slow or a crash, in {len(found)} places")


if __name__ == "__main__":
    main()
