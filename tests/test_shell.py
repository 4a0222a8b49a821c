"""Shell scripts: what runs, what only looks like it, and whose failure counts."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodcheck.extract.shell import Command, arguments, parse, sets_errexit


def commands(text: str, **options: object) -> list[Command]:
    return list(parse(textwrap.dedent(text), **options))  # type: ignore[arg-type]


def lines(text: str, **options: object) -> list[str]:
    return [" ".join(c.argv) for c in commands(text, **options)]


def only(text: str, program: str, **options: object) -> Command:
    (found,) = [c for c in commands(text, **options) if c.argv[0] == program]
    return found


def test_what_only_prints_or_prepares_is_left_out() -> None:
    text = """\
        # pytest
        echo "Running pytest"; printf 'pytest\\n'
        X=pytest Y='a b'
        export PYTHONPATH=.
        cat <<EOF > run.sh
        pytest tests
        EOF
        : pytest
        true # pytest
        [ -n "$X" ]
        """
    assert lines(text) == []


def test_quotes_continuations_and_redirections() -> None:
    text = "python -m pytest \\\n  -k \"not slow\" --dir='a b' 2>&1 >out.txt < in.txt &> all.log\n"
    assert commands(text)[0].argv == ("python", "-m", "pytest", "-k", "not slow", "--dir=a b")


def test_lines_count_through_continuations_and_here_documents() -> None:
    text = "a \\\n  b\npython - <<'PY'\nimport x\nPY\nc\n"
    found = commands(text, line=10)
    assert [(c.argv[0], c.line) for c in found] == [("a", 10), ("python", 12), ("c", 15)]
    assert (found[1].stdin, found[1].stdin_line) == ("import x", 13)


def test_variables_are_put_in_and_split() -> None:
    assert lines('RUN="python -m pytest"\n$RUN tests\n${MISSING:-tox} -e ${E}\n') == [
        "python -m pytest tests",
        "tox -e ${E}",
    ]


def test_loops_run_once_for_each_literal_word() -> None:
    assert lines("for t in unit it; do\n  tox -e $t\ndone") == ["tox -e unit", "tox -e it"]


def test_functions_run_where_they_are_called() -> None:
    text = "run_tests() {\n  pytest $1\n}\nnever() { tox; }\nrun_tests unit\n"
    assert lines(text) == ["pytest unit"]


def test_branches_on_known_values() -> None:
    text = (
        'case "$1" in\n  lint) ruff check ;;\n  test|all) pytest ;;\nesac\nif [ "$1" = lint ]; then mypy; else tox; fi'
    )
    assert lines(text, variables=arguments(["lint"])) == ["ruff check", "mypy"]
    assert lines(text, variables=arguments(["all"])) == ["pytest", "tox"]
    assert lines(text) == ["ruff check", "pytest", "mypy", "tox"]


def test_code_that_is_never_reached() -> None:
    assert lines("exit 0\npytest") == []
    assert lines("if false; then pytest; fi\nfalse && pytest") == []


def test_working_directory() -> None:
    text = "cd sub && make\n(cd deeper; tox)\nnox\ncd $GITHUB_WORKSPACE/x\njust\ncd $UNKNOWN\ntask"
    assert [(c.argv[0], c.directory) for c in commands(text)] == [
        ("make", "sub"),
        ("tox", "sub/deeper"),
        ("nox", "sub"),
        ("just", "/x"),
        ("task", "?"),
    ]


def test_a_script_that_changes_to_its_own_folder() -> None:
    assert commands('cd "$(dirname "$0")/.."\npytest', here="scripts")[0].directory == ""
    assert commands('DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\nbash "$DIR/x.sh"', here="ci")[0].argv == (
        "bash",
        "ci/x.sh",
    )


@pytest.mark.parametrize(
    ("text", "blocking"),
    [
        ("pytest", True),
        ("pytest || true", False),
        ("pytest || :", False),
        ("pytest || echo failed", False),
        ("pytest || exit 0", False),
        ("pytest || exit 1", True),
        ("pytest || { echo failed; exit 1; }", True),
        ("pytest || [ $? -eq 5 ]", True),
        ("set +e\npytest\necho done", False),
        ("set +e\npytest\nrc=$?\nexit $rc", True),
        ("FAILED=0\npytest || FAILED=1\nexit $FAILED", True),
        ("pytest || FAILED=1\necho done", False),
        ("pytest | tee log", False),
        ("set -o pipefail\npytest | tee log", True),
        ("pytest && echo ok", True),
        ("pytest && echo ok\necho done", False),  # bash does not stop at a failure before &&
        ("if pytest; then echo ok; fi", False),
        ("if ! pytest; then exit 1; fi", True),
        ("! pytest", False),
        ("pytest &\nwait", True),
        ("pytest &\necho on", False),
        ("OUT=$(pytest)", True),
    ],
)
def test_whose_failure_counts_in_a_shell_with_errexit(text: str, blocking: bool) -> None:
    assert only(text, "pytest").blocking is blocking


def test_without_errexit_only_the_last_command_counts() -> None:
    found = commands("pytest\nmypy .", errexit=False)
    assert [c.blocking for c in found] == [False, True]
    assert [c.blocking for c in commands("set -e\npytest\nmypy .", errexit=False)] == [True, True]
    assert [c.blocking for c in commands("set -euo pipefail\npytest\nmypy .", errexit=False)] == [True, True]


def test_interpreter_lines() -> None:
    assert sets_errexit("#!/bin/bash -e\npytest")
    assert sets_errexit("#!/bin/sh -xe")
    assert not sets_errexit("#!/usr/bin/env bash\nset -e")


def test_github_expressions_stay_one_word() -> None:
    assert commands("tox -e ${{ matrix.env && 'a b' }}")[0].argv == ("tox", "-e", "${{ matrix.env && 'a b' }}")


def test_scripts_of_windows() -> None:
    assert lines("rem pytest\n:: pytest\ncall venv\\Scripts\\activate\npython -m pytest ^\n  tests\n", shell="cmd") == [
        "venv\\Scripts\\activate",
        "python -m pytest tests",
    ]
    assert lines("# pytest\n& python -m pytest `\n  tests\nWrite-Host 'pytest'", shell="pwsh") == [
        "python -m pytest tests"
    ]


@given(st.text(alphabet="abp $(){}[]'\"`;&|<>\\\n#=!-.ifthendowhilecase", max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_survived(text: str) -> None:
    for command in parse(text):
        assert command.argv and command.line >= 1


@pytest.mark.parametrize("opening", ["(", "{ ", "if ", "$(", "case x in a) ", "f() { ", "while ", "`", "<<A\n"])
def test_deep_nesting_is_survived(opening: str) -> None:
    assert isinstance(parse(opening * 3_000 + "pytest"), tuple)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"f{i}() {{\n" + f"f{i + 1}\n" * 20 + "}" for i in range(12)) + "\nf0\n",
        "for a in 1 2 3 4 5 6 7 8 9; do " * 12 + "pytest;" + " done;" * 12,
        "X=aa\n" + "X=$X$X\n" * 200 + "pytest $X",
    ],
)
def test_parts_that_multiply_each_other_end_soon(text: str) -> None:
    started = time.process_time()
    found = parse(text)
    assert time.process_time() - started < 10
    assert all(len(command.text) < 10_000 for command in found)
