"""`--history`: credentials that only older versions hold, found in real git repositories."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import GitRepo, GitRepoFactory
from prodcheck import audit
from prodcheck.extract.secrets.samples import sample
from prodcheck.model import Confidence, Finding, Report, Severity, Status
from prodcheck.repository import history as history_module
from prodcheck.testing import notebook_bytes

RULES = ("hardcoded-secret", "secret-in-notebook", "secret-file-committed")
TOKEN = sample("huggingface")
OTHER = sample("github")
CODE = f"from huggingface_hub import login\n\nlogin(token='{TOKEN}')\n"
CLEAN = "import os\n\nfrom huggingface_hub import login\n\nlogin(token=os.environ['HF_TOKEN'])\n"


def found(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.rule_id in RULES]


def past(repo: GitRepo, **options: str) -> list[Finding]:
    return found(audit(repo.path, history=True, **options))  # type: ignore[arg-type]


def notes(report: Report) -> list[str]:
    return [s.reason for s in report.skipped if s.path == ".git"]


def test_a_removed_token_is_found_with_the_commit_that_brought_it_in(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"README.md": "# Churn\n"})
    leak = repo.commit({"train.py": CODE})
    repo.commit({"train.py": CODE + "print('trained')\n"})
    repo.commit({"train.py": CLEAN})
    assert found(audit(repo.path)) == []
    report = audit(repo.path, history=True)
    (finding,) = found(report)
    assert finding.rule_id == "hardcoded-secret"
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == ("train.py", None)
    assert f"line 3 of commit {leak[:7]} of 2026-01-02 brought it in" in finding.message
    assert "no audited file holds it any more" in finding.message
    assert finding.severity is Severity.CRITICAL
    assert report.score.cap == ("hardcoded-secret", 39) or report.score.raw < 39
    assert notes(report) == []


def test_without_the_option_the_history_is_not_read(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(root: str) -> None:
        raise AssertionError(root)

    repo = git_repo({"train.py": CODE})
    monkeypatch.setattr("prodcheck.repository.history.open_history", unwanted)
    assert len(found(audit(repo.path))) == 1


def test_a_token_that_is_still_there_is_told_once_with_its_first_commit(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"README.md": "# Churn\n"})
    leak = repo.commit({"old.py": CODE})
    (repo.path / "old.py").unlink()
    repo.commit({"src/new.py": "# moved\n" + CODE})
    (finding,) = past(repo)
    assert str(finding.location) == "src/new.py:4"
    assert f"since commit {leak[:7]} of 2026-01-02" in finding.message
    (plain,) = found(audit(repo.path))
    assert plain.fingerprint == finding.fingerprint


def test_a_renamed_file_brings_nothing_new(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": CODE})
    repo.git("mv", "a.py", "b.py")
    repo.commit()
    (finding,) = past(repo)
    assert str(finding.location) == "b.py:3"
    repo.git("rm", "-q", "b.py")
    repo.commit()
    (finding,) = past(repo)
    assert str(finding.location) == "a.py"


def test_tokens_on_other_branches_remote_branches_and_tags(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": CLEAN})
    tokens = {name: sample("huggingface", name) for name in ("local", "remote", "tag", "stash")}
    for name, token in tokens.items():
        repo.git("checkout", "-q", "-b", name, "main")
        repo.commit({f"{name}.py": f"login(token='{token}')\n"})
    repo.git("update-ref", "refs/remotes/origin/remote", "remote")
    repo.git("tag", "v1", "tag")
    repo.git("update-ref", "refs/stash", "stash")
    repo.git("checkout", "-q", "main")
    repo.git("branch", "-q", "-D", "remote", "tag", "stash")
    assert [str(f.location) for f in past(repo)] == ["local.py", "remote.py", "tag.py"]


def test_a_merge_brings_in_what_neither_parent_had(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "a = 1\n"})
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit({"side.py": f"login(token='{OTHER}')\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"b.py": "b = 1\n"})
    repo.git("merge", "-q", "--no-commit", "side")
    merge = repo.commit({"merge.py": CODE})
    repo.git("rm", "-q", "merge.py", "side.py")
    repo.commit()
    messages = {f.location.path: f.message for f in past(repo) if f.location}
    assert sorted(messages) == ["merge.py", "side.py"]
    assert merge[:7] in messages["merge.py"]
    assert side[:7] in messages["side.py"]


def test_a_notebook_of_the_past_is_read_as_a_notebook(git_repo: GitRepoFactory) -> None:
    book = notebook_bytes([{"markdown": "# Model"}, {"code": "print(token)", "outputs": [f"x\n{TOKEN}\n"]}])
    repo = git_repo({"model.ipynb": book, "train.py": CLEAN})
    repo.commit({"model.ipynb": notebook_bytes([{"markdown": "# Model"}])})
    (finding,) = past(repo)
    assert finding.rule_id == "secret-in-notebook"
    assert "cell 2 of commit" in finding.message
    repo.git("rm", "-q", "model.ipynb")
    repo.commit()
    (finding,) = past(repo)
    assert finding.rule_id == "hardcoded-secret", "without notebooks the rule about them is not asked"


def test_a_deleted_environment_file_even_if_it_is_kept_locally(git_repo: GitRepoFactory) -> None:
    repo = git_repo({".env": f"OPENAI_API_KEY={sample('openai')}\n", "train.py": "import os\n"})
    repo.git("rm", "-q", "--cached", ".env")
    repo.git("commit", "-q", "-m", "Stop tracking")
    (finding,) = past(repo)
    assert finding.rule_id == "secret-file-committed"
    assert "brought it in" in finding.message


def test_what_only_looks_suspicious_is_told_and_takes_no_points(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"db.py": f"engine = connect(user='svc', password='{sample('password')}')\n"})
    repo.commit({"db.py": "import os\n\nengine = connect(user='svc', password=os.environ['DB_PASSWORD'])\n"})
    before, report = audit(repo.path), audit(repo.path, history=True)
    (finding,) = found(report)
    assert finding.confidence is Confidence.MEDIUM
    assert finding.severity is Severity.MINOR
    assert report.result("hardcoded-secret").status is Status.PARTIAL
    assert report.score.value == before.score.value
    assert report.score.points == before.score.points


def test_binary_large_and_generated_versions_are_not_read_as_text(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo({
        "model.bin.txt": b"\0\1" + CODE.encode(),
        "photo.png": CODE,
        "package-lock.json": CODE,
        "big.txt": CODE + "x = 1\n" * 100,
    })  # fmt: skip
    repo.git("rm", "-q", "-r", ".")
    repo.commit({"README.md": "# Churn\n"})
    monkeypatch.setattr("prodcheck.extract.past.MAX_TEXT", 300)
    report = audit(repo.path, history=True)
    assert found(report) == []
    assert notes(report) == ["history: 1 old version of files are larger than any source file"]


def test_each_version_is_read_once(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo({"a.py": "a = 1\n", "copy.py": "a = 1\n"})
    repo.commit({"a.py": "a = 2\n"})
    repo.commit({"a.py": "a = 1\n", "copy.py": "a = 3\n"})
    repo.commit({"a.py": "a = 4\n"})
    assert "and 2 old versions of files" in audit(repo.path, rev="HEAD", history=True).result("hardcoded-secret").reason


def test_a_shallow_clone_says_so(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": CODE})
    repo.commit({"train.py": CLEAN})
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repo.path}", str(clone)], check=True)
    report = audit(clone, history=True)
    assert found(report) == []
    assert notes(report) == ["history: a shallow clone lacks older commits; `git fetch --unshallow` gets them"]


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone_says_what_it_lacks_and_fetches_nothing(
    git_repo: GitRepoFactory, tmp_path: Path, kind: str
) -> None:
    repo = git_repo({"src/train.py": CODE})
    repo.commit({"src/train.py": CLEAN})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", f"--filter={kind}", f"file://{repo.path}", str(clone)], check=True)
    report = audit(clone, history=True)
    assert found(report) == []
    (note,) = notes(report)
    assert "not in this clone" in note or "no content in this clone" in note
    listed = ["git", "-C", str(clone), "rev-list", "--objects", "--all", "--missing=print"]
    objects = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.splitlines()
    assert any(line.startswith("?") for line in objects)


def test_a_folder_without_git_and_one_without_commits(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.py").write_text("a = 1\n")
    assert notes(audit(folder, history=True)) == ["history not scanned: `.git` is not a working repository"]
    assert notes(audit(git_repo().path, history=True)) == ["history not scanned: there is no commit yet"]


def test_time_is_bounded_and_its_end_is_told(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo({"train.py": CODE})
    repo.commit({"train.py": CLEAN})
    monkeypatch.setattr(history_module, "SECONDS", -1.0)
    report = audit(repo.path, history=True)
    assert found(report) == []
    assert notes(report) == ["history: 1 old version of files were not read within -1 seconds"]


def test_a_folder_inside_the_repository_sees_its_own_history(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"model/train.py": CODE, "web/app.py": f"login('{OTHER}')\n", "model2/x.py": CODE + "#\n"})
    repo.git("rm", "-q", "-r", ".")
    repo.commit({"model/README.md": "# Model\n"})
    findings = found(audit(repo.path / "model", history=True))
    assert [str(f.location) for f in findings] == ["train.py"]


def test_what_the_settings_exclude_and_ignore_counts_for_the_past_too(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"legacy/a.py": CODE, "b.py": f"login(token='{OTHER}')\n"})
    repo.git("rm", "-q", "-r", ".")
    repo.commit({"prodcheck.toml": 'exclude = ["legacy/"]\n[[ignore]]\nrule = "hardcoded-secret"\npaths = ["b.py"]\n'
                 'reason = "revoked"\n'})  # fmt: skip
    report = audit(repo.path, history=True)
    (finding,) = found(report)
    assert finding.suppression is not None
    assert report.result("hardcoded-secret").status is Status.PASS


@pytest.mark.parametrize("way", ["comment", "baseline", "comment later"])
def test_decisions_for_other_scanners_hold_for_the_past(git_repo: GitRepoFactory, way: str) -> None:
    import hashlib

    line = f"token = '{TOKEN}'"
    allowed = f"{line}  # pragma: allowlist secret\n"
    repo = git_repo({"a.py": allowed if way == "comment" else line + "\n"})
    if way == "comment later":
        repo.commit({"a.py": allowed})
    entry = {"type": "x", "filename": "a.py", "hashed_secret": hashlib.sha1(TOKEN.encode()).hexdigest()}
    after = {".secrets.baseline": json.dumps({"results": {"a.py": [entry]}})} if way == "baseline" else {}
    repo.commit({"a.py": "token = None\n", **after})
    report = audit(repo.path, history=True)
    assert found(report) == []
    assert any("allowed by" in e.detail for e in report.result("hardcoded-secret").evidence)


def test_names_that_are_no_text_and_links_and_submodules(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"ok.py": "a = 1\n"})
    (repo.path / "odd\n\tname.py").write_text(CODE)
    (repo.path / "link.py").symlink_to("ok.py")
    repo.commit()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.git("commit", "-q", "-m", "Add a submodule")
    repo.git("rm", "-q", "-r", "--cached", ".")
    (repo.path / "odd\n\tname.py").unlink()
    (repo.path / "link.py").unlink()
    repo.commit()
    (finding,) = past(repo)
    assert finding.location is not None
    assert finding.location.path == "odd\n\tname.py"


def test_a_program_named_in_the_settings_of_the_repository_is_not_run(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": CODE, ".gitattributes": "*.py diff=evil filter=evil\n"})
    repo.commit({"train.py": CLEAN})
    mark = tmp_path / "ran"
    for key in ("diff.evil.textconv", "diff.evil.command", "filter.evil.smudge", "core.fsmonitor", "diff.external"):
        repo.git("config", key, f"touch {mark}; cat")
    assert len(past(repo)) == 1
    assert not mark.exists()


def test_the_command_line(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": CODE})
    repo.commit({"train.py": CLEAN})
    command = [sys.executable, "-m", "prodcheck", "--history", "--fail-on", "critical", str(repo.path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "brought it in" in " ".join(done.stdout.split())
    assert done.stderr == "", "no note about progress where nobody watches"
    assert TOKEN[5:] not in done.stdout
    single = subprocess.run([*command[:-1], "--hook", str(repo.path / "train.py")], capture_output=True, text=True)
    assert single.returncode == 2
    assert "whole repository" in single.stderr
