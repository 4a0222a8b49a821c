"""The cache is never noticed but by its speed: what it changes, what breaks it, and what must not be in it."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import GitRepo, GitRepoFactory, write
from prodcheck import audit
from prodcheck.extract import cache as caches
from prodcheck.extract import codec, run
from prodcheck.extract.budget import OutOfTime
from prodcheck.extract.cache import DAY, FILE, REPORT, Cache, default_folder, key_of, squeeze
from prodcheck.extract.run import FileFacts, extract_all, extract_file
from prodcheck.extract.secrets.samples import KINDS, sample
from prodcheck.model import Report
from prodcheck.repository import open_repository
from prodcheck.testing import notebook_bytes
from test_redaction import leaks, name_of

TRAIN = "import pandas as pd\n\n\ndef train(path):\n    return pd.read_csv(path)\n"
FILES: dict[str, str | bytes] = {
    "train.py": TRAIN,
    "src/model.py": "class Model:\n    def fit(self, x, y=None):\n        assert x\n",
    "explore.ipynb": notebook_bytes([{"code": "import numpy as np\nnp.ones(3)", "outputs": ["array([1., 1., 1.])"]}]),
    "requirements.txt": "pandas==2.0\n",
    "conf.yaml": "when: 2026-01-02\ndepth: 3\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: x\n    steps:\n      - run: pytest\n",
    "Dockerfile": "FROM python:3.12\nCOPY . .\n",
    "README.md": "# Churn\n",
    "broken.py": "def (:\n",
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "kept")


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the files that were really read for their facts, but for those whose facts are never kept."""
    paths: list[str] = []

    def noting(path: str, data: bytes, **about: object) -> FileFacts:
        if path.endswith((".py", ".txt", ".md", ".sh")) and path != "requirements.txt":
            paths.append(path)
        return extract_file(path, data, **about)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "extract_file", noting)
    return paths


def told(report: Report) -> Report:
    """A report without what differs between two runs."""
    return replace(report, started_at="", duration_ms=0)


def settle(repo: GitRepo) -> None:
    """Make the files older than git's index, as they are a moment after every checkout."""
    for path in repo.path.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (1_600_000_000, 1_600_000_000))
    repo.git("update-index", "--refresh")


def rows(cache: Cache) -> list[tuple[str, bytes]]:
    with sqlite3.connect(cache.path) as database:
        found = database.execute("SELECT kind, value FROM entry").fetchall()
    database.close()
    return [(kind, zlib.decompress(value)) for kind, value in found]


# what is read again


def test_a_second_run_reads_only_what_may_hold_a_credential(
    git_repo: GitRepoFactory, cache: Cache, extracted: list[str]
) -> None:
    repo = git_repo({**FILES, "deploy.sh": "export TOKEN=$1\n", "run.py": "go('Tr4v3l-8!x')\n"})
    settle(repo)
    first = extract_all(open_repository(str(repo.path)), cache=cache)
    extracted.clear()
    assert extract_all(open_repository(str(repo.path)), cache=cache) == first
    assert extracted == ["deploy.sh", "run.py"]


def test_a_change_is_seen(git_repo: GitRepoFactory, cache: Cache, extracted: list[str]) -> None:
    repo = git_repo(FILES)
    settle(repo)
    extract_all(open_repository(str(repo.path)), cache=cache)
    changed = TRAIN.replace("read_csv", "read_sql")
    assert len(changed) == len(TRAIN)
    repo.write({"train.py": changed})
    extracted.clear()
    after = extract_all(open_repository(str(repo.path)), cache=cache)
    assert extracted == ["train.py"]
    assert after == extract_all(open_repository(str(repo.path)))
    assert after.files["train.py"].source is not None
    assert [call.name for call in after.files["train.py"].source.calls] == ["pandas.read_sql"]


def test_a_touched_file_is_the_same_file(git_repo: GitRepoFactory, cache: Cache, extracted: list[str]) -> None:
    repo = git_repo(FILES)
    settle(repo)
    extract_all(open_repository(str(repo.path)), cache=cache)
    os.utime(repo.path / "train.py")
    extracted.clear()
    found = extract_all(open_repository(str(repo.path)), cache=cache)
    assert extracted == []
    assert found.files["train.py"].blob is None  # what git says of it now, not what it said then


def test_the_same_content_under_another_path_is_another_file(
    git_repo: GitRepoFactory, cache: Cache, extracted: list[str]
) -> None:
    repo = git_repo(FILES)
    extract_all(open_repository(str(repo.path)), cache=cache)
    repo.git("mv", "train.py", "train.txt")
    extracted.clear()
    found = extract_all(open_repository(str(repo.path)), cache=cache)
    assert "train.txt" in extracted
    assert found.files["train.txt"].python is None


def test_a_commit_and_the_work_tree_share_what_is_known(
    git_repo: GitRepoFactory, cache: Cache, extracted: list[str]
) -> None:
    repo = git_repo(FILES)
    settle(repo)
    from_disk = extract_all(open_repository(str(repo.path)), cache=cache)
    extracted.clear()
    assert extract_all(open_repository(str(repo.path), rev="HEAD"), cache=cache) == from_disk
    assert extracted == []


def test_content_that_a_filter_of_git_has_changed_is_never_taken_for_what_git_keeps(
    git_repo: GitRepoFactory, cache: Cache
) -> None:
    repo = git_repo({".gitattributes": "*.py filter=swap\n"})
    repo.git("config", "filter.swap.smudge", "sed s/read_csv/read_sql/")
    repo.git("config", "filter.swap.clean", "sed s/read_sql/read_csv/")
    repo.commit({"train.py": TRAIN})
    (repo.path / "train.py").unlink()
    repo.git("checkout", "train.py")
    settle(repo)
    assert "read_sql" in (repo.path / "train.py").read_text()
    here, there = (open_repository(str(repo.path), rev=rev) for rev in (None, "HEAD"))
    assert {e.path: e.blob for e in here.files}["train.py"] == {e.path: e.blob for e in there.files}["train.py"]
    for repository in (here, there, here):
        assert extract_all(repository, cache=cache) == extract_all(repository)


def test_a_folder_without_git_is_known_by_its_content(tmp_path: Path, cache: Cache, extracted: list[str]) -> None:
    folder = write(tmp_path / "plain", FILES)
    first = extract_all(open_repository(str(folder)), cache=cache)
    extracted.clear()
    assert extract_all(open_repository(str(folder)), cache=cache) == first
    assert extracted == []
    write(folder, {"train.py": TRAIN.replace("read_csv", "read_sql")})
    extract_all(open_repository(str(folder)), cache=cache)
    assert extracted == ["train.py"]


def test_other_code_or_another_python_knows_nothing(
    tmp_path: Path, cache: Cache, extracted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "plain", FILES)
    extract_all(open_repository(str(folder)), cache=cache)
    version = caches.code_version("extract")
    assert version is not None
    assert version.startswith(f"{sys.implementation.name}{sys.version_info[0]}.{sys.version_info[1]} ")
    for other in (version + "0", version.replace(str(sys.version_info[1]), "99", 1)):
        extracted.clear()
        with monkeypatch.context() as patch:
            patch.setattr(caches, "code_version", lambda *names, other=other: other)
            extract_all(open_repository(str(folder)), cache=cache)
        assert set(extracted) >= {"train.py", "src/model.py", "broken.py"}


def test_the_version_of_the_code_follows_every_source_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "prodcheck"
    write(package, {"extract/cache.py": "", "extract/python.py": "A = 1\n", "engine.py": "", "data.tsv": "x"})
    monkeypatch.setattr(caches, "__file__", str(package / "extract" / "cache.py"))
    whole, part = caches.code_version(), caches.code_version("extract")
    write(package, {"extract/__pycache__/python.pyc": b"\0"})
    os.utime(package / "engine.py", (1, 1))
    assert (caches.code_version(), caches.code_version("extract")) == (whole, part)
    write(package, {"data.tsv": "y"})
    assert caches.code_version() != whole
    assert caches.code_version("extract") == part
    write(package, {"extract/python.py": "A = 2\n"})
    assert caches.code_version("extract") != part


# whole reports


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the rules were really run."""
    import prodcheck._audit as module

    calls: list[int] = []
    real = module.run

    def noting(*arguments: object) -> object:
        calls.append(1)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "run", noting)
    return calls


def test_an_unchanged_repository_is_not_judged_again(git_repo: GitRepoFactory, cache: Cache, judged: list[int]) -> None:
    repo = git_repo(FILES)
    cold = audit(repo.path)
    first, second = audit(repo.path, cache=cache), audit(repo.path, cache=cache)
    assert told(first) == told(second) == told(cold)
    assert len(judged) == 2


Change = Callable[[GitRepo], object]
CHANGES: dict[str, Change] = {
    "a file": lambda repo: repo.write({"train.py": TRAIN.replace("read_csv", "read_sql")}),
    "a new file": lambda repo: repo.write({"new.py": ""}),
    "a file less": lambda repo: (repo.path / "broken.py").unlink(),
    "a commit": lambda repo: repo.commit(),
    "a remote": lambda repo: repo.git("remote", "add", "origin", "https://github.com/acme/churn"),
    "a branch": lambda repo: repo.git("checkout", "-q", "-b", "other"),
    "the settings": lambda repo: repo.write({"prodcheck.toml": 'kind = "service"\n'}),
    "a link": lambda repo: (repo.path / "link").symlink_to("train.py"),
    "what is staged": lambda repo: (repo.write({"new.py": ""}), repo.git("add", "new.py")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_makes_another_report(
    git_repo: GitRepoFactory, cache: Cache, judged: list[int], what: str
) -> None:
    repo = git_repo(FILES)
    audit(repo.path, cache=cache)
    CHANGES[what](repo)
    judged.clear()
    after = audit(repo.path, cache=cache)
    assert judged
    assert told(after) == told(audit(repo.path))


def test_rules_of_ones_own_are_part_of_it(git_repo: GitRepoFactory, cache: Cache, judged: list[int]) -> None:
    rule = (Path(__file__).parent.parent / "rules" / "quality" / "no-license.yaml").read_text(encoding="utf-8")
    own = rule.replace("id: no-license", "id: own-rule")
    repo = git_repo({**FILES, "prodcheck.toml": 'rules = ["own"]\n', "own/own-rule.yaml": own})
    audit(repo.path, cache=cache)
    (repo.path / ".git" / "info" / "exclude").write_text("own/\n")
    audit(repo.path, cache=cache)
    judged.clear()
    (repo.path / "own" / "own-rule.yaml").write_text(own.replace("severity: minor", "severity: major"))
    audit(repo.path, cache=cache)
    assert judged


def test_a_file_that_changes_during_the_audit_leaves_no_report(
    git_repo: GitRepoFactory, cache: Cache, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    import prodcheck._audit as module

    repo = git_repo(FILES)
    real = module.score

    def late(*arguments: object) -> object:
        repo.write({"train.py": TRAIN.replace("read_csv", "read_sql")})
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(module, "score", late)
        audit(repo.path, cache=cache)
    repo.git("checkout", "train.py")
    judged.clear()
    audit(repo.path, cache=cache)
    assert judged


def test_a_report_with_an_error_of_ours_is_made_anew(
    git_repo: GitRepoFactory, cache: Cache, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo(FILES)
    with monkeypatch.context() as patch:
        patch.setattr(run, "extract_file", lambda *a, **k: 1 / 0)
        assert audit(repo.path, cache=cache).errors
    assert not audit(repo.path, cache=cache).errors
    assert len(judged) == 2


def test_a_report_in_which_time_ran_out_is_made_anew(
    git_repo: GitRepoFactory, cache: Cache, judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(seconds: float, work: Callable[[], object]) -> object:
        raise OutOfTime

    path = git_repo(FILES).path
    with monkeypatch.context() as patch:
        patch.setattr(run, "limited", slow)
        assert any("not understood within" in file.reason for file in audit(path, cache=cache).skipped)
    assert not any("not understood within" in file.reason for file in audit(path, cache=cache).skipped)
    assert len(judged) == 2


def test_other_processes_find_it_whatever_their_hash_seed(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo(FILES)
    texts = set()
    for seed in ("1", "2", "3"):
        done = prodcheck("check", str(repo.path), "--format", "json", env={"PYTHONHASHSEED": seed})
        report = json.loads(done.stdout)
        report["run"] = None
        texts.add(json.dumps(report))
    assert len(texts) == 1
    assert "reports  1\n" in prodcheck("cache").stdout


def prodcheck(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "prodcheck", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, env={**os.environ, **(env or {})}
    )
    assert "Traceback" not in done.stderr
    return done


# what breaks


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def scramble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(0, len(content), 97):
        content[at] ^= 0x5A
    path.write_bytes(content)


def scramble_inside(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(4096 * 2, len(content), 50):
        content[at] ^= 0xFF
    path.write_bytes(content)


def other_layout(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE entry (key TEXT, value TEXT)")
    database.close()


def with_trigger(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END")
    database.close()


def other_values(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE entry SET value = 'text'")
    database.close()


def valid_nonsense(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE entry SET value = ?", (squeeze(codec.dumps((1, 2, 3))),))
    database.close()


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE = (truncate, scramble, scramble_inside, other_layout, with_trigger, other_values, valid_nonsense, empty)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda f: f.__name__)
def test_a_broken_file_is_made_anew(tmp_path: Path, cache: Cache, damage: Callable[[Path], None]) -> None:
    folder = write(tmp_path / "plain", FILES)
    whole = told(audit(folder, cache=cache))
    with sqlite3.connect(cache.path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode = DELETE")
    database.close()
    damage(cache.path)
    assert told(audit(folder, cache=cache)) == whole
    assert told(audit(folder, cache=cache)) == whole
    found = Cache(cache.path.parent).info()
    assert (found.reports, found.problem) == (1, "")


def a_folder(cache: Cache) -> None:
    cache.path.mkdir(parents=True)


def no_folder(cache: Cache) -> None:
    cache.path.parent.write_text("a file where the folder should be")


def no_place(cache: Cache) -> None:
    cache.path = Path("/proc/nowhere") / cache.path.name


@pytest.mark.parametrize("what", (a_folder, no_folder, no_place), ids=lambda f: f.__name__)
def test_without_a_usable_place_the_work_is_done(tmp_path: Path, cache: Cache, what: Callable[[Cache], None]) -> None:
    folder = write(tmp_path / "plain", FILES)
    what(cache)
    assert told(audit(folder, cache=cache)) == told(audit(folder))
    assert cache.info().problem


@pytest.mark.parametrize("statement", ("PRAGMA query_only = ON", "PRAGMA max_page_count = 1"))
def test_a_read_only_or_full_disk_costs_nothing_but_time(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    folder = write(tmp_path / "plain", FILES)
    cache.info()
    real = cache._open

    def limited() -> sqlite3.Connection:
        database = real()
        database.execute(statement)
        return database

    monkeypatch.setattr(cache, "_open", limited)
    assert told(audit(folder, cache=cache)) == told(audit(folder))
    assert cache.problem
    monkeypatch.undo()
    assert told(audit(folder, cache=cache)) == told(audit(folder))


def test_a_locked_file_is_not_waited_for_long(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "WAIT", 0.05)
    folder = write(tmp_path / "plain", FILES)
    cache.info()
    with sqlite3.connect(cache.path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert told(audit(folder, cache=cache)) == told(audit(folder))
        assert "locked" in cache.problem
        other.execute("ROLLBACK")
    other.close()


def test_several_at_once(git_repo: GitRepoFactory) -> None:
    repo = git_repo({**FILES, **{f"pkg/m{i}.py": f"import m{i}\n" for i in range(200)}})
    command = [sys.executable, "-m", "prodcheck", "check", str(repo.path), "--format", "json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    results = [process.communicate() for process in running]
    assert [err for _, err in results] == [b""] * 4
    reports = [json.loads(out) for out, _ in results]
    for report in reports:
        report["run"] = None
    assert all(report == reports[0] for report in reports)
    assert "usable   yes" in prodcheck("cache").stdout


# what is in it


def planted_alone() -> Iterator[tuple[str, str | bytes]]:
    """Every kind of credential in files of its own: finding one must not be what keeps the others out."""
    for kind in KINDS:
        name = name_of(kind)

        def value(place: str, kind: str = kind) -> str:
            return sample(kind, place)

        yield f"{kind}/code.py", f'import os\n{name} = """{value("code")}"""\n'
        yield f"{kind}/call.py", f'import x\nx.connect("""{value("call")}""", "ada")\n'
        cell = {"code": f'x = """{value("cell")}"""'}
        yield f"{kind}/cell.ipynb", notebook_bytes([cell])
        yield f"{kind}/output.ipynb", notebook_bytes([{"code": "x", "outputs": [f"got {value('output')} now"]}])
        yield f"{kind}/.env", f"{name}={value('env')}\n"
        yield f"{kind}/config.yaml", f"env:\n  {name}: {json.dumps(value('yaml'))}\n"
        yield f"{kind}/list.yaml", f"command:\n  - run\n  - {json.dumps(value('yaml'))}\n"
        yield f"{kind}/pyproject.toml", f"[tool.x]\n{name} = {json.dumps(value('toml'))}\n"
        yield f"{kind}/Dockerfile", f"FROM python\nENV {name}={json.dumps(value('docker'))}\n"
        yield f"{kind}/deploy.sh", f"run --with {json.dumps(value('code'))}\n"
        yield f"{kind}/Makefile", f"all:\n\trun {json.dumps(value('code'))}\n"
        yield f"{kind}/requirements.txt", f"--index-url https://ada:{value('broken')}@pypi.acme.io/simple\npandas\n"
        yield f"{kind}/data.dvc", f"outs:\n- url: {json.dumps(value('yaml'))}\n"
        job = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: go {json.dumps(value('broken'))}\n"
        yield f".github/workflows/{kind}.yml", job


@pytest.mark.parametrize("jobs", ("1", "2"))
def test_no_credential_is_in_it(git_repo: GitRepoFactory, jobs: str, cache: Cache) -> None:
    repo = git_repo({"old.py": "".join(f'X = """{sample(kind, "past")}"""\n' for kind in KINDS)})
    repo.git("rm", "-q", "old.py")
    repo.commit({**FILES, **dict(planted_alone())})
    settle(repo)
    for extra in ((), ("--history",)):
        prodcheck("check", str(repo.path), "--jobs", jobs, "--cache-dir", str(cache.path.parent), *extra)
    kept = rows(cache)
    assert {kind for kind, _ in kept} == {FILE, REPORT}
    texts = [content.decode("utf-8", "replace") for _, content in kept]
    raw = [path.read_bytes().decode("latin-1") for path in cache.path.parent.iterdir()]
    assert leaks([*texts, *raw]) == []
    # and yet what is harmless is there
    assert any("read_csv" in text for text in texts)


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, ("touch poisoned",))


def crafted() -> Iterator[bytes]:
    yield pickle.dumps(Evil())
    yield pickle.dumps((Evil(), 1))
    yield b"cos\nsystem\n(S'touch poisoned'\ntR."
    yield b'cbuiltins\neval\n(S\'open("poisoned", "w")\'\ntR.'
    yield b"\x80\x04\x8c\x08datetime\x8c\x0fdate.__reduce__\x93."
    yield pickle.dumps(FileFacts("train.py", 3))


@pytest.mark.parametrize("value", tuple(crafted()))
def test_a_poisoned_value_runs_nothing(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, value: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = write(tmp_path / "plain", FILES)
    whole = told(audit(folder, cache=cache))
    with sqlite3.connect(cache.path) as database:
        assert database.execute("UPDATE entry SET value = ?", (squeeze(value),)).rowcount > 2
    database.close()
    assert told(audit(folder, cache=cache)) == whole
    assert not (tmp_path / "poisoned").exists()
    with pytest.raises(codec.NotPlain):
        codec.loads(value)


# how long it stays


def test_what_is_not_used_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def on(day: int) -> Cache:
        return Cache(tmp_path / "kept", lambda: day)

    old, used, new = key_of("old"), key_of("used"), key_of("new")
    on(0).write(FILE, {old: squeeze(b"1"), used: squeeze(b"2")})
    assert on(20).read([used]) == {used: b"2"}
    on(caches.MOST_DAYS + 5).write(FILE, {new: squeeze(b"3")})
    assert on(caches.MOST_DAYS + 5).read([old, used, new]) == {used: b"2", new: b"3"}
    assert DAY == 24 * 60 * 60


def test_it_stays_below_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "MOST_BYTES", 1_000_000)
    for day in range(10):
        value = os.urandom(100_000)
        Cache(tmp_path, lambda day=day: day).write(FILE, {key_of(day, i): zlib.compress(value) for i in range(3)})
    assert Cache(tmp_path).info().bytes < 2_500_000
    left = Cache(tmp_path, lambda: 9)
    assert len(left.read([key_of(9, i) for i in range(3)])) == 3
    assert left.read([key_of(0, i) for i in range(3)]) == {}


# where it is, and the commands


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    (
        ({"HOME": "/home/ada"}, "linux", "/home/ada/.cache/prodcheck"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "/var/c"}, "linux", "/var/c/prodcheck"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "here"}, "linux", "/home/ada/.cache/prodcheck"),
        ({"HOME": "/Users/ada"}, "darwin", "/Users/ada/Library/Caches/prodcheck"),
        ({"LOCALAPPDATA": "/c/Local"}, "win32", "/c/Local/prodcheck/Cache"),
        ({}, "win32", None),
        ({"HOME": "/home/ada", "PRODCHECK_CACHE_DIR": "/x"}, "linux", "/x"),
    ),
)
def test_where_it_is(environment: dict[str, str], platform: str, folder: str | None) -> None:
    assert default_folder(environment, platform) == (Path(folder) if folder else None)


def test_the_commands(tmp_path: Path) -> None:
    folder = write(tmp_path / "plain", FILES)
    place = tmp_path / "elsewhere"
    prodcheck("check", str(folder), "--no-cache", "--cache-dir", str(place))
    assert not place.exists()
    prodcheck("check", str(folder), "--cache-dir", str(place))
    shown = prodcheck("cache", "--cache-dir", str(place), "info").stdout
    assert str(place / caches.FILE_NAME) in shown
    assert "reports  1\n" in shown
    assert "usable   yes" in shown
    assert prodcheck("cache", "--cache-dir", str(place), "dir").stdout == f"{place}\n"
    assert (place / ".gitignore").read_text() == "*\n"
    assert (place.stat().st_mode & 0o077, (place / caches.FILE_NAME).stat().st_mode & 0o077) == (0, 0)
    assert "removed" in prodcheck("cache", "--cache-dir", str(place), "clear").stdout
    assert not (place / caches.FILE_NAME).exists()
    assert prodcheck("cache", "--cache-dir", str(place), "clear").stdout == "There was nothing to remove.\n"


def test_a_cache_inside_the_project_is_no_part_of_it(git_repo: GitRepoFactory) -> None:
    repo = git_repo(FILES)
    paths = []
    for _ in range(2):
        prodcheck("check", str(repo.path), "--cache-dir", str(repo.path / ".prodcheck-cache"))
        paths.append([entry.path for entry in open_repository(str(repo.path)).files])
    assert paths[0] == paths[1] == sorted(FILES)
