"""No credential leaves prodcheck: every kind is planted everywhere, and every byte that is written is searched.

What may be shown of a value is its first four characters. So no eight characters in a row of the rest may appear,
apart from those that all values of a kind share.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from conftest import GitRepo
from prodcheck.extract.secrets.samples import KINDS, SHAPES, sample
from prodcheck.report import FORMATS
from prodcheck.testing import notebook_bytes

SHOWN = 4
RUN = 8
PLACES = ("code", "call", "cell", "output", "metadata", "env", "yaml", "docker", "prose", "broken", "toml", "past")


def name_of(kind: str) -> str:
    return SHAPES[kind].name if kind in SHAPES else f"{kind.upper()}_TOKEN"


def planted(place: str) -> dict[str, str]:
    """A value of every kind that stands in this place only."""
    return {kind: sample(kind, place) for kind in KINDS}


def lines(place: str, form: str) -> str:
    return "".join(form.format(name=name_of(kind), value=value) for kind, value in planted(place).items())


def runs(value: str) -> set[str]:
    return {value[i : i + RUN] for i in range(SHOWN, len(value) - RUN + 1)}


def secret_runs() -> dict[str, str]:
    """Every run of characters that must not appear, with where it was planted."""
    found = {}
    for place in PLACES:
        for kind, value in planted(place).items():
            shared = runs(sample(kind, "another")) | runs(sample(kind, "a third"))
            for run in runs(value) - shared:
                found.setdefault(run, f"{kind} in {place}")
    return found


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    """A repository that leaks everything everywhere, also where parsers complain and quote."""
    folder = tmp_path_factory.mktemp("leaky")
    repo = GitRepo(folder)
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.commit({"old.py": lines("past", '{name} = """{value}"""\n'), "train.py": "import os\n"})
    repo.git("rm", "-q", "old.py")
    cells = [
        {"code": lines("cell", 'os.environ["{name}"] = """{value}"""\n')},
        {"code": "print(settings)", "outputs": [lines("output", "{name}={value}\n")]},
    ]
    book = json.loads(notebook_bytes(cells))
    book["metadata"]["service"] = {name_of(kind): value for kind, value in planted("metadata").items()}
    repo.commit({
        "settings.py": lines("code", '{name} = """{value}"""\n'),
        "train.py": "import mlflow\n\n" + lines("call", 'client = connect("""{value}""", "/home/ada/{value}.csv")\n'),
        "model.ipynb": json.dumps(book, indent=1),
        ".env": lines("env", "{name}={value}\n"),
        "config.yaml": "env:\n" + lines("yaml", "  {name}: {value}\n"),
        "Dockerfile": "FROM python\n" + lines("docker", "ENV {name}={value}\n"),
        "README.md": "# Churn\n\n" + lines("prose", "    export {name}={value}\n"),
        "broken.py": lines("broken", 'def {name} = "{value}"\n'),
        "requirements.txt": lines("broken", "--index-url https://ada:{value}@pypi.acme.io/simple\n"),
        "pyproject.toml": lines("toml", '{name} = "{value}" "\n'),
        ".github/workflows/ci.yml": "on: push\njobs:\n" + lines("broken", "\t{name}: '{value}\n"),
    })  # fmt: skip
    repo.git("remote", "add", "origin", f"https://ada:{sample('github', 'code')}@github.com/acme/churn.git")
    return repo


def prodcheck(repo: GitRepo, *args: str, code: str = "") -> subprocess.CompletedProcess[str]:
    program = f"{code}\nfrom prodcheck.cli import main\nmain()"
    return subprocess.run([sys.executable, "-c", program, *args], cwd=repo.path, capture_output=True, text=True)


def leaks(texts: Iterable[str]) -> list[str]:
    """Where the values came from that stand in some texts, also when these escape what they quote."""
    secret = secret_runs()
    found = set()
    for text in texts:
        for form in (text, text.replace("\n", ""), " ".join(text.split())):
            found |= {secret[form[i : i + RUN]] for i in range(len(form) - RUN + 1) if form[i : i + RUN] in secret}
    return sorted(found)


def test_the_search_finds_what_leaks() -> None:
    for place in PLACES:
        for kind, value in planted(place).items():
            assert f"{kind} in {place}" in leaks([f"x{value[SHOWN + 1 :]}"])
            assert leaks([f"{value[:SHOWN]}… ({len(value)} characters)"]) == []


@pytest.fixture(scope="module")
def written(repo: GitRepo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """All reports of one verbose run, by format."""
    out = tmp_path_factory.mktemp("out")
    targets = [argument for name in FORMATS for argument in ("-o", f"{name}:{out / name}")]
    done = prodcheck(repo, "--history", "-v", *targets)
    assert done.returncode == 0, done.stderr
    return {**{name: (out / name).read_text("utf-8") for name in FORMATS}, "stdout": done.stdout, "stderr": done.stderr}


@pytest.mark.parametrize("where", [*FORMATS, "stdout", "stderr"])
def test_no_report_holds_a_credential(written: dict[str, str], where: str) -> None:
    assert leaks([written[where]]) == []


def test_the_credentials_were_found_at_all(written: dict[str, str]) -> None:
    findings = json.loads(written["json"])["findings"]
    found = {f["path"] for f in findings if f["category"] == "secrets"}
    assert found >= {
        "settings.py",
        "train.py",
        "model.ipynb",
        ".env",
        "config.yaml",
        "Dockerfile",
        "README.md",
        "old.py",
    }
    assert sum(f["path"] == "settings.py" for f in findings) >= len(KINDS) - 2


@pytest.mark.parametrize("name", ["text", "github", "azure"])
def test_nothing_leaks_to_stdout(repo: GitRepo, name: str) -> None:
    done = prodcheck(repo, "--format", name, "-v", "--color", "always", "--history")
    assert done.stdout
    assert leaks([done.stdout, done.stderr]) == []


def test_other_commands(repo: GitRepo, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    for args in (
        ["baseline", ".", "-o", str(baseline)],
        ["diff", "HEAD~1", "."],
        ["diff", "HEAD~1"],
        ["stack", "."],
        ["--hook", "settings.py", ".env", "model.ipynb", "broken.py"],
        ["settings.py"],
    ):
        done = prodcheck(repo, *args)
        texts = [done.stdout, done.stderr, baseline.read_text("utf-8") if baseline.exists() else ""]
        assert "Traceback" not in done.stderr
        assert leaks(texts) == [], args


CRASHES = {
    "a reporter": "prodcheck.report.render",
    "a check": "prodcheck.engine.judge",
    "an extractor": "prodcheck.extract.run.extract_file",
    "the history": "prodcheck.extract.past.with_history",
    "the scanner": "prodcheck.extract.secrets.scan",
}
"""Functions that a crash is put in: each one's message quotes the files."""


@pytest.mark.parametrize("where", CRASHES)
def test_a_crash_tells_no_credential(repo: GitRepo, where: str) -> None:
    module, _, name = CRASHES[where].rpartition(".")
    crash = (
        f"import {module} as module\n"
        "def crash(*args, **kwargs): raise ValueError(open('settings.py').read() + open('.env').read())\n"
        f"module.{name} = crash\n"
    )
    done = prodcheck(repo, "--history", "-v", "--format", "json", code=crash)
    assert done.returncode in (0, 3)
    assert "ValueError" in done.stdout + done.stderr
    assert leaks([done.stdout, done.stderr]) == []


def test_wrong_settings_are_told_without_their_values(repo: GitRepo, tmp_path: Path) -> None:
    value = sample("huggingface", "toml")
    for text in (
        f'fail-under = "{value}"\n',
        f'token = "{value}"\n',
        f'x = "{value}" "{value}"\n',
        f"kind = '{value}'\n",
    ):
        (tmp_path / "prodcheck.toml").write_text(text)
        done = prodcheck(repo, str(tmp_path))
        assert done.returncode == 2
        assert leaks([done.stdout, done.stderr]) == [], text
