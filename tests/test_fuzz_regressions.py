"""What fuzzing found, as the smallest input of each kind, with the outcome that is right."""

from __future__ import annotations

import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

import readers
from prodcheck.checks import load_check
from prodcheck.config import Config
from prodcheck.errors import RepositoryError
from prodcheck.extract import cache, codec, python_outline, shell, tasks_make
from prodcheck.extract.python_calls import Calls
from prodcheck.extract.run import extract_all
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.testing import repository

BLOB = b"1f7391f92b6a3792204e07e99f71f643cc35e7e1"
TURN = readers.TURN


def _requirement_lines(found: Any) -> list[int]:
    return [one.line for one in found.requirements]


CASES: list[tuple[str, str, str, bytes, Callable[[Any], object], object]] = [
    # Only line ends that git and editors know count: `str.splitlines` also ends lines at form feeds and others.
    ("form feed", "requirements", "requirements.txt", b"numpy\x0c\npandas\n", _requirement_lines, [1, 2]),
    ("old Mac line ends", "requirements", "requirements.txt", b"numpy\rpandas\r", _requirement_lines, [1, 2]),
    (
        "next line (U+0085) in a comment of TOML",
        "toml",
        "a.toml",
        "# a\x85b\nkey = 1\n".encode(),
        lambda found: dict(found.lines),
        {"key": 2},
    ),
    (
        "line separator in a value of INI",
        "ini-json",
        "a.ini",
        "[a]\nx = 1\u2028\ny = 2\n".encode(),
        lambda found: found.lines["a.y"],
        3,
    ),
    (
        "a command after its here-document",
        "shell",
        "a.sh",
        b"a | <<EOF b\ntext\nEOF\nc",
        lambda found: [(one.argv, one.line, one.stdin) for one in found],
        [(("a",), 1, ""), (("b",), 1, "text"), (("c",), 4, "")],
    ),
    *(
        (
            f"a body with {statement.decode()}",
            "outline",
            "a.py",
            b"def f():\n    " + statement + b"\n    y = 1\n    return y\n",
            lambda found: [one.module for one in found.imports] + [one.trivial for one in found.definitions],
            outcome,
        )
        for statement, outcome in (
            (b"from.import x", ["", False]),
            (b"from a import(x)", ["a", False]),
            (b"from\ta import x", ["a", False]),
            (b"if x: import a", ["a", False]),
        )
    ),
    ("a body that is a constant in brackets", "outline", "a.py", b"def n():\n (1)", lambda f: f.left_out, 0),
    (
        "a body with what ends like pytest.raises",
        "outline",
        "a.py",
        b"def a():\n with dpytest.raises(): f()",
        lambda found: [one.asserts for one in found.definitions],
        [0],
    ),
    (
        "a key of JSON below two empty ones, and one of the same name at the top",
        "ini-json",
        "a.json",
        b'{"": {"": {"a": 1}},\n "a": 2}',
        lambda found: (dict(found.lines), found.find("a"), found.find("..a")),
        ({"": 1, ".": 1, "..a": 1, "a": 2}, (2, 2), (1, 1)),
    ),
    (
        "old Mac line ends in JSON",
        "ini-json",
        "a.json",
        b'{"a": 1,\r"b": 2,\r\n"c": 3}',
        lambda found: dict(found.lines),
        {"a": 1, "b": 2, "c": 3},
    ),
    (
        "a comment of several lines in JSON, with a bracket",
        "ini-json",
        "a.json",
        b'{/* {\n */ "a": 1,\n// "x": [\n"b": 2}',
        lambda found: dict(found.lines),
        {"a": 2, "b": 4},
    ),
    (
        "form feed above an inline ignore",
        "ignores",
        "a.yaml",
        b"a: 1\x0c\nb: 2  # prodcheck: ignore[no-tests] why\n",
        lambda found: [one.line for one in found[1]],
        [2],
    ),
    (
        "form feed in a cell above an inline ignore",
        "notebook",
        "a.ipynb",
        b'{"cells": [{"cell_type": "code", "source": ["x = 1\\f\\n",\n "y = 2  # prodcheck: ignore[no-tests] why"]}]}',
        lambda found: [(one.line, one.cell_line) for one in found[1]],
        [(2, 2)],
    ),
    (
        "form feed above a PEP 723 block",
        "setup",
        "a.py",
        b'"""a\x0cb"""\n# /// script\n# dependencies = ["numpy"]\n# ///\n',
        lambda found: _requirement_lines(found[0]),
        [3],
    ),
    # YAML 1.1 ends a line at U+0085, U+2028 and U+2029; YAML 1.2, git and editors do not.
    (
        "line end of YAML 1.1",
        "yaml",
        "a.yaml",
        "a\x85b: 1\nc: 2\n".encode(),
        lambda f: dict(f.lines),
        {"a b": 1, "c": 2},
    ),
    # A merge or a repeated key that stands for something below itself.
    (
        "a merge key in a merge",
        "yaml",
        "a.yaml",
        b"a: 1\n<<:\n  b: 2\n  <<:\n",
        lambda f: (f.origin("<<"), f.line("b"), f.line("<<.<<.<<")),
        ("<<", 3, 4),
    ),
    (
        "an alias for something below itself",
        "yaml",
        "a.yaml",
        b"a: {q: &x 1}\na: *x\n",
        lambda f: (f.origin("a"), f.line("a")),
        ("a", 2),
    ),
    (
        "aliases for something below each other",
        "yaml",
        "a.yaml",
        b"a: {q: &x 1}\nb: {q: &y 1}\na: *y\nb: *x\n",
        lambda f: len(f.origin("a")) < 100,
        True,
    ),
    # What is empty at the end of the file begins after its last line for libyaml.
    (
        "empty document at the end",
        "yaml",
        "a.yaml",
        b"a: 1\n---",
        lambda f: dict(f.lines),
        {"0": 1, "0.a": 1, "1": 2},
    ),
    # Encodings in which line ends may be written as escapes: lines of the syntax tree are not those of the file.
    *(
        (
            f"hidden lines of {coding}",
            "python",
            "a.py",
            b"# coding: " + coding.encode() + b"\nx = 1" + hidden + b"open('a')" + hidden + b"\n",
            lambda found: (found.problem, tuple(found.calls)),
            ("declares an encoding that hides lines", ()),
        )
        for coding, hidden in (("utf-7", b"+AAo-"), ("unicode_escape", rb"\n"), ("raw-unicode-escape", rb"\u000a"))
    ),
    (
        "a line end in what the parser says",
        "python",
        "a.py",
        b"# coding: punycode\nopen(1)-",
        lambda found: (found.problem_kind, found.problem_line),
        ("broken", None),
    ),
    ("an encoding that was common", "python", "a.py", b"# coding: cp1251\nf(1)", lambda found: found.problem, ""),
    (
        "a script that ends where a function's name should be",
        "shell",
        "a.sh",
        b"pytest\nfunction",
        lambda f: [c.argv for c in f],
        [("pytest",)],
    ),
    # Git's answers in another shape than the one that is asked for.
    (
        "a mode that is no ASCII",
        "git",
        "ls-files",
        b"H \xff " + BLOB + b" 0\ta.py\0",
        lambda f: [s.path for s in f.staged],
        ["a.py"],
    ),
    ("a tree entry that is no ASCII", "git", "ls-tree", b"\xff blob\ta.py\0", type, RepositoryError),
    ("a tree entry of two words", "git", "ls-tree", b"100644 blob\ta.py\0", type, RepositoryError),
    (
        "a size for an id that is no ASCII",
        "git",
        "ls-tree",
        b"100644 blob " + BLOB + b"\ta.py\0" + TURN + b"\xff 9\n",
        lambda found: found[0][0]["a.py"][1],
        0,
    ),
    ("a commit id that is no ASCII", "git", "cat-file", b"\xff commit 9\ntree x\n", lambda found: found[1], ""),
    (
        "a change without ids",
        "git",
        "diff-tree",
        TURN.join([b"", b"abcd\n", b"abcd\0:100644\0a.py\0"]),
        lambda found: (found[0], ["not understood" in reason for reason in found[1]]),
        ([], [True]),
    ),
    (
        "an object of 10^19 bytes",
        "git",
        "diff-tree",
        TURN.join([b"", b"abcd\n", b"abcd\0:000000 100644 %b %b A\0a.py\0" % (b"0" * 40, BLOB), BLOB + b" 9\n"])
        + TURN
        + BLOB
        + b" blob 9999999999999999999\n",
        lambda found: found[0],
        [],
    ),
]


@pytest.mark.parametrize(
    ("name", "path", "data", "told", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_fuzzing_found(name: str, path: str, data: bytes, told: Callable[[Any], object], expected: object) -> None:
    assert told(readers.read(name, path, data)) == expected


@pytest.mark.parametrize(
    ("check", "files"),
    [
        (
            "no-lockfile",  # all code that can be read is in a package inside
            {
                "train.py": "import torch\n  broken",
                "requirements.txt": "torch>=2.0",
                "nets/nets/model.py": "import numpy",
                "nets/setup.py": "from setuptools import setup\nsetup(name='nets', install_requires=['numpy'])",
            },
        ),
        ("no-pipeline-definition", {"project.yml": "workflows:\n  all: late\ncommands:\n- name: train\n"}),
    ],
)
def test_checks_that_failed_on_changed_examples(check: str, files: dict[str, str]) -> None:
    repo = repository(files)
    facts = Facts(repo, extract_all(repo), Config(), ())
    assert load_check(check)(facts, {}).score in (0.0, None)


_LOOP = "for {} in 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j; do\n"


def _loops(depth: int, body: str) -> str:
    return "".join(_LOOP.format(f"v{i}") for i in range(depth)) + body + "\ndone" * depth + "\n"


@pytest.mark.parametrize(
    "script",
    [
        "eval " * 3_000 + "pytest",
        "a=$(" * 500 + "pytest" + ")" * 500,
        "".join(f"f{i}() {{ f{i + 1}; }}\n" for i in range(400)) + "f0\n",
    ],
    ids=["eval", "substitutions", "functions"],
)
def test_a_script_that_nests_without_end_is_read_without_a_crash(script: str) -> None:
    (last,) = shell.parse(script + "\nmake test\n")[-1:] if "\n" in script else shell.parse("make test\n" + script)
    assert last.argv == ("make", "test")


@pytest.mark.parametrize(
    "script",
    [
        "A=" + "x" * 4_000 + "\n" + _loops(2, "run " + "$A" * 1_000),  # 6 KB, and 1.6 GB of commands
        "A=" + "x" * 4_000 + "\nrun " + "$A" * 100_000,
        _loops(3, "run a'" + "x" * 100_000 + "'"),
        "".join(f"A{i}=x\n" for i in range(2_000)) + "run\n" * 5_000,  # each command with all variables
        "cd a\n" + _loops(3, "cd b; run"),
    ],
    ids=["loops", "one word", "long word", "environments", "folders"],
)
def test_variables_and_loops_do_not_multiply_without_end(script: str) -> None:
    found = shell.parse(script)
    texts = sum(len(word) for one in found for word in one.argv) + sum(len(one.directory) for one in found)
    assert found
    assert texts < 30_000_000
    assert sum(len(one.variables) for one in found) < 200_000


@pytest.mark.parametrize(
    "script",
    [
        "if false; then a; " + "elif b; then c\n" * 5_000 + "fi",
        "".join(f"echo || s{i}=1\n" for i in range(20_000)),
        ": && " * 20_000 + ":",
        _loops(3, ": && " * 5_000 + ":"),
        _loops(3, "if false; then\n" + "x\n" * 5_000 + "fi"),
        _loops(3, "x\n: '" + "y" * 100_000 + "'"),
    ],
    ids=["elif", "noted failures", "list", "list in loops", "branch in loops", "text in loops"],
)
def test_a_script_takes_time_in_proportion(script: str) -> None:
    started = time.process_time()
    shell.parse(script)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "A=" + " ".join(f"t{i}" for i in range(1_000)) + "\n" + "$(A):\n\tpytest\n" * 2_000,
        "t: a\n\tpytest\n" * 50_000,
        "".join(f"A{i}=x\n" for i in range(40_000)) + "".join(f"t{i}:\n" for i in range(40_000)),
    ],
    ids=["names", "one target", "variables and targets"],
)
def test_a_makefile_takes_time_in_proportion(text: str) -> None:
    started = time.process_time()
    found = tasks_make.makefile("Makefile", text)
    assert time.process_time() - started < 3
    assert found.targets[0].name in ("t0", "t")


@pytest.mark.parametrize(
    "module",
    [
        "        class A:\n            pass\n" * 8_000 + " def f():\n  model.fit(x)\n" * 8_000,
        "def f():\n" + " import x\n" * 50_000,
        "def f():\n" + " from x import (y,\n" * 50_000,
        "def f():\n" + " x\n" * 45 + " " + "(" * 50_000 + ")" * 50_000 + "\n",
    ],
    ids=["methods after classes", "imports", "open imports", "brackets"],
)
def test_bodies_are_left_out_in_time_in_proportion(module: str) -> None:
    started = time.process_time()
    python_outline.skeleton("a.py", module.encode())
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "forged",
    [
        b"\x80\x05\x8e" + (1 << 33).to_bytes(8, "little") + b"abc.",
        b"\x80\x05\x96" + (1 << 33).to_bytes(8, "little") + b"abc.",
        b"\x80\x05B\xff\xff\xff\xffabc.",
        b"\x80\x05Nr\xff\xff\xff\x0f.",
        b"\x80\x05Np268435455\n.",
    ],
    ids=["bytes", "bytearray", "bytes of 4 GB", "place in the memo", "place in the memo as text"],
)
def test_a_forged_cache_gets_no_more_memory_than_it_has_bytes(forged: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(codec.NotPlain):
            codec.loads(forged)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "columns",
    [7, ((0,),), ((9,), *[((),)] * 7), ((0, 0), *[((), ())] * 7), (("0",), *[((),)] * 7), ((-1,), *[((),)] * 7)],
    ids=["number", "too few", "no such name", "too many", "text", "negative"],
)
def test_forged_calls_are_not_taken_for_calls(columns: object) -> None:
    calls = Calls.from_plain((("open",), 1, codec.dumps(columns)))
    with pytest.raises(codec.NotPlain):
        list(calls)


@pytest.mark.parametrize(
    "plain",
    [
        (("open",), 1, "text"),
        (("open",), "1", b""),
        (("open",), -1, b""),
        (("open",), 1, b"\x80\x05B\xff\xff\xff\xffa."),
    ],
)
def test_forged_facts_of_calls_are_no_facts(plain: Any) -> None:
    with pytest.raises((TypeError, codec.NotPlain)):
        Calls.from_plain(plain)


def test_a_forged_value_that_stands_for_a_thousand_times_its_size_is_not_spread_out() -> None:
    value = cache.squeeze(bytes(10_000_000))
    assert len(value) < 100_000
    assert cache.spread_out(value) == cache.spread_out(value, 10_000_000) == bytes(10_000_000)
    for most, broken in ((9_999_999, value), (0, value[:-1])):
        with pytest.raises(zlib.error):
            cache.spread_out(broken, most)


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb\rc\n\n", ["a", "b", "c", ""]), ("a\x0cb\x85c\u2028d\x1c", None)],
)
def test_lines_are_those_of_git_and_editors(text: str, lines: list[str] | None) -> None:
    assert split_lines(text) == ([text] if lines is None else lines)
