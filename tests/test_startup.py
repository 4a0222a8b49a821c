"""What a user notices as the cost of starting: nothing is loaded or compiled that the command at hand does not need."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import prodcheck
from conftest import GitRepoFactory
from prodcheck.extract import ci
from prodcheck.extract.secrets import stores
from prodcheck.facts import apis
from prodcheck.patterns import FirstWords, heads, lazy_regex
from prodcheck.rules import compiled, load_ruleset


def python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_prodcheck_compiles_no_regular_expression_of_its_own() -> None:
    compiled = python(
        """
        import importlib, pkgutil, re, sys
        import prodcheck

        real = re.compile

        def noting(pattern, flags=0):
            caller = sys._getframe(1)
            name = caller.f_globals["__name__"]
            if name.startswith("prodcheck."):
                print(f"{name}:{caller.f_lineno}: use lazy_regex")
            return real(pattern, flags)

        re.compile = noting
        for module in pkgutil.walk_packages(prodcheck.__path__, "prodcheck."):
            if not module.name.endswith(("__main__", "detect_secrets_plugin")):
                importlib.import_module(module.name)
        """
    )
    assert compiled == ""


def test_a_lazy_pattern_does_what_the_compiled_one_does() -> None:
    lazy, compiled = lazy_regex(r"(?P<word>[a-z]+)\d", re.IGNORECASE), re.compile(r"(?P<word>[a-z]+)\d", re.IGNORECASE)
    text = "Abc1 x2 3"
    assert lazy.findall(text) == compiled.findall(text) == ["Abc", "x"]
    assert [m["word"] for m in lazy.finditer(text)] == ["Abc", "x"]
    assert lazy.sub(r"<\g<word>>", text) == compiled.sub(r"<\g<word>>", text)
    assert (lazy.pattern, lazy.flags, lazy.groups) == (compiled.pattern, compiled.flags, compiled.groups)
    assert lazy_regex(rb"\d+").search(b"a 12").group() == b"12"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"pandas\.(?:HDFStore|ExcelFile)", ["pandas."]),
        (r"(?:pandas|dask\.dataframe|awswrangler\.\w+)\.read", ["pandas", "dask.dataframe", "awswrangler."]),
        (r"dbt (?:test|build)\b|(?:great_expectations|gx) run", ["dbt ", "great_expectations", "gx"]),
        (r"nose2?|colou*r|a+b|x{0}y", ["nose", "colo", "a", ""]),
        (r"(?:a|b)?c|(?:d|e)*?f|(?:g){0,2}h", ["a", "b", "c", "d", "e", "f", ""]),
        (r".*d|[e|f]g|\bh|(?i)i|(?:j|)k|(?:l)?.", ["", "", "", "", "j", "", "l", ""]),
        (r"a\.?b|\(c|", ["a", "(c", ""]),
    ],
)
def test_the_heads_of_a_pattern(pattern: str, expected: list[str]) -> None:
    assert heads(pattern) == expected


TABLES = [pattern for names in vars(apis).values() if isinstance(names, tuple) for pattern in names]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_pattern_that_matches_is_never_left_out(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from([p for p in TABLES if "<" not in p]))
    text = data.draw(st.from_regex(pattern))
    if re.match(pattern, text):
        assert FirstWords([(pattern, "found"), ("other", "not asked for")]).of(text)[0] == "found"


def test_a_pattern_that_cannot_match_is_left_out() -> None:
    table = FirstWords([(r"pandas\.read", 1), (r"(?:mm\w+|numpy)\.load", 2), (r".*\.fit", 3), (r"pan", 4)])
    assert table.of("pandas.read_csv()") == [1, 3, 4]
    assert table.of("mmcls.load") == [2, 3]
    assert table.of("num.load") == table.of("") == table.of("?.fit") == [3]


SIGNED = [
    *((pattern, (sign,), str) for _, sign, pattern in ci._PATHS),
    *((store.path, stores._SIGNS, str.lower) for store in stores.STORES),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_plain_word_is_in_every_path_that_its_pattern_matches(data: st.DataObject) -> None:
    pattern, signs, spelled = data.draw(st.sampled_from(SIGNED))
    path = data.draw(st.from_regex(pattern, alphabet=st.characters(max_codepoint=127)))
    assert any(sign in spelled(path) for sign in signs), path


RUN = """
import runpy, sys
sys.argv = ["prodcheck", *sys.argv[1:]]
try:
    runpy.run_module("prodcheck", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(*sys.modules)
"""


def test_the_version_alone_needs_no_command_line() -> None:
    told, modules = python(RUN, "--version").splitlines()
    assert told == f"prodcheck {prodcheck.__version__}"
    assert not {"click", "yaml", "dataclasses", "prodcheck.cli"} & set(modules.split())


PROJECT = {
    "pyproject.toml": '[project]\nname = "churn"\nversion = "0.1"\ndependencies = ["pandas>=2"]\n[tool.ruff]\n',
    "requirements.txt": "pandas==2.3.3\n",
    "README.md": "# Churn\n\nInstall with `pip install -r requirements.txt`, run `pytest`.\n",
    ".gitignore": ".env\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: pip install -r requirements.txt\n      - run: pytest\n",
    "params.yaml": "train:\n  depth: 4\n",
    "src/churn/scale.py": "import pandas as pd\n\n\ndef scale(frame: pd.DataFrame):\n    return frame\n",
    "tests/test_scale.py": "from churn.scale import scale\n\n\ndef test_scale():\n    assert scale\n",
}
COUNTING = """
import re, sys
from pathlib import Path

try:
    from re import _compiler as compiler
except ImportError:
    import sre_compile as compiler

import prodcheck.rules.load as load

folder = Path(sys.argv.pop(1))
load.rules_folder = lambda: folder
real, ours = compiler.compile, 0

def counting(pattern, flags=0):
    global ours
    frame = sys._getframe(1)
    while frame.f_globals["__name__"].partition(".")[0] in ("re", "sre_compile"):
        frame = frame.f_back
    ours += frame.f_globals["__name__"].startswith("prodcheck.")
    return real(pattern, flags)

compiler.compile = counting
"""


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """A folder with the rules as a wheel has them."""
    rules = load_ruleset()
    (tmp_path / compiled.FILE_NAME).write_text(compiled.dump(rules.rules, rules.signatures), encoding="utf-8")
    return str(tmp_path)


def test_a_plain_run_imports_and_compiles_only_what_a_small_project_needs(
    git_repo: GitRepoFactory, installed: str
) -> None:
    repo = git_repo(PROJECT)
    code = f"{COUNTING}{RUN}print(ours)"
    *_, imported, ours = python(code, installed, "check", str(repo.path), "--no-cache").splitlines()
    modules = set(imported.split())
    readers = "codec pool ci_azure ci_gitlab ci_cloud ci_others conda setuptools tasks_make".split()
    others = "pickle shutil sqlite3 multiprocessing concurrent.futures jinja2 git detect_secrets".split()
    parts = "recall baseline facts.operations facts.tests repository.commit repository.memory".split()
    left_out = {*others, *(f"prodcheck.extract.{name}" for name in readers), *(f"prodcheck.{name}" for name in parts)}
    assert left_out & modules == set()
    assert len([name for name in modules if name.startswith("prodcheck")]) <= 160
    assert int(ours) <= 210, "patterns that prodcheck compiles: is there a plain word to look for first?"


def test_the_hook_imports_only_what_rules_about_single_files_need(tmp_path: Path, installed: str) -> None:
    (tmp_path / "train.py").write_text("x = 1\n")
    code = f"{COUNTING}import os\nos.chdir({str(tmp_path)!r})\n{RUN}print(ours)"
    *_, imported, ours = python(code, installed, "check", "--hook", "train.py").splitlines()
    modules = set(imported.split())
    heavy = {"git", "jinja2", "detect_secrets", "sqlite3", "concurrent.futures", "tempfile", "difflib", "subprocess"}
    heavy |= {"yaml", "tomllib", "tomli", "hashlib", "textwrap", "pickle", "shutil"}
    with_click = set(python("import click, sys\nprint(*sys.modules)").split())
    assert (heavy - with_click) & modules == set()
    assert {name for name in modules if name.startswith("prodcheck.facts.")} == {
        "prodcheck.facts.facts",
        "prodcheck.facts.paths",
        "prodcheck.facts.signatures",
    }
    assert int(ours) <= 15
    assert {name for name in modules if name.startswith("prodcheck.checks.")} == {
        "prodcheck.checks.parsing",
        "prodcheck.checks.paths",
        "prodcheck.checks.secrets",
    }
