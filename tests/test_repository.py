"""The three backends: which files there are, what they hold, and what git says about the folder."""

from __future__ import annotations

import gc
import os
import subprocess
from pathlib import Path

import pytest

from conftest import GitRepo, GitRepoFactory, write
from prodcheck.errors import RepositoryError, UnreadableFile, UsageError
from prodcheck.repository import Repository, open_repository
from prodcheck.repository.git import environment, options
from prodcheck.repository.listing import parse
from prodcheck.repository.state import clean_url, name_from


def paths(repository: Repository) -> list[str]:
    return [entry.path for entry in repository.files]


def skipped(repository: Repository) -> dict[str, str]:
    return {one.path: one.reason for one in repository.skipped}


# --- work tree ---------------------------------------------------------------------------------------------------


def test_work_tree_has_tracked_and_untracked_files_but_no_ignored_ones(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": "import os\n", ".gitignore": "*.log\n"})
    repo.write({"new.py": "x = 1\n", "run.log": "noise"})
    found = open_repository(str(repo.path))
    assert [(e.path, e.tracked) for e in found.files] == [(".gitignore", True), ("new.py", False), ("train.py", True)]
    assert found.read("new.py") == b"x = 1\n"
    assert found.files[2].size == len("import os\n")


def test_deleted_files_are_not_listed(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": "", "gone.py": ""})
    (repo.path / "gone.py").unlink()
    found = open_repository(str(repo.path))
    assert paths(found) == ["train.py"]
    assert found.git.dirty is True


def test_a_file_replaced_by_a_folder_is_not_listed(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"data": "x"})
    (repo.path / "data").unlink()
    repo.write({"data/train.csv": "a,b\n"})
    assert paths(open_repository(str(repo.path))) == ["data/train.csv"]


def test_a_folder_below_the_top_is_audited_alone(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"README.md": "", "ml/train.py": "", "ml/deep/a.py": "", "web/app.js": ""})
    repo.git("remote", "add", "origin", "https://github.com/acme/mono.git")
    found = open_repository(str(repo.path / "ml"))
    assert paths(found) == ["deep/a.py", "train.py"]
    assert (found.git.prefix, found.git.tracked, found.name) == ("ml", 2, "acme/mono/ml")


def test_a_folder_that_the_repository_ignores_is_read_but_not_versioned(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"README.md": "", ".gitignore": "/scratch/\n"})
    repo.write({"scratch/train.py": "x = 1\n"})
    found = open_repository(str(repo.path / "scratch"))
    assert paths(found) == ["train.py"]
    assert (found.git.state, found.git.reason) == ("none", "the repository around this folder ignores it")


def test_the_listing_survives_strange_names(git_repo: GitRepoFactory) -> None:
    names = [
        "a b.py",
        'quo"te.py',
        "new\nline.py",
        "tab\t.py",
        "\x1b[31mred.py",
        "ü.py",
        os.fsdecode(b"bad\xff.py"),
        "-c",
    ]
    repo = git_repo({name: f"# {i}\n" for i, name in enumerate(names)})
    repo.write({"untracked\nline.py": ""})
    for found in (open_repository(str(repo.path)), open_repository(str(repo.path), rev="HEAD")):
        assert set(names) <= set(paths(found))
        assert found.read(os.fsdecode(b"bad\xff.py")) == b"# 6\n"
        assert found.read("-c") == b"# 7\n"
        found.close()
    assert "untracked\nline.py" in paths(open_repository(str(repo.path)))


def test_blob_ids_are_given_only_for_files_known_to_be_unchanged(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"same.py": "x = 1\n", "changed.py": "x = 1\n", "touched.py": "x = 1\n"})
    old = 1_600_000_000
    for name in ("same.py", "changed.py", "touched.py"):
        os.utime(repo.path / name, (old, old))
    repo.git("update-index", "--refresh")
    (repo.path / "changed.py").write_text("x = 2\n")
    os.utime(repo.path / "touched.py", (old + 5, old + 5))
    blobs = {e.path: e.blob for e in open_repository(str(repo.path)).files}
    assert blobs == {"same.py": repo.git("rev-parse", "HEAD:same.py"), "changed.py": None, "touched.py": None}


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        (lambda repo: None, False),
        (lambda repo: repo.write({"train.py": "x = 2\n"}), True),
        (lambda repo: repo.write({"train.py": "x = 1\n"}), False),  # the same content, written again
        (lambda repo: repo.write({"new.py": ""}), True),
        (lambda repo: (repo.path / "train.py").unlink(), True),
        (lambda repo: (repo.write({"train.py": "x = 3\n"}), repo.git("add", "train.py")), True),
    ],
)  # fmt: skip
def test_dirty_says_whether_the_folder_differs_from_its_commit(
    git_repo: GitRepoFactory, change: object, dirty: bool
) -> None:
    repo = git_repo({"train.py": "x = 1\n"})
    change(repo)  # type: ignore[operator]
    assert open_repository(str(repo.path)).git.dirty is dirty


def test_a_merge_in_conflict_lists_each_file_once(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "x = 0\n"})
    repo.git("checkout", "-q", "-b", "other")
    repo.commit({"a.py": "x = 1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"a.py": "x = 2\n"})
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "other")
    found = open_repository(str(repo.path))
    assert paths(found) == ["a.py"]
    assert found.git.dirty is True
    assert found.git.tracked == 1


def test_a_sparse_checkout_says_what_is_not_there(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"src/a.py": "", "data/x.csv": "1\n", "data/deep/y.csv": "2\n"})
    repo.git("sparse-checkout", "set", "src")
    found = open_repository(str(repo.path))
    assert paths(found) == ["src/a.py"]
    assert skipped(found) == {"data": "not checked out (sparse checkout), 2 files"}
    assert found.git.dirty is False


def test_an_environment_that_git_was_not_told_to_ignore_is_left_out(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": "", "vendor/node_modules/kept.js": ""})
    repo.write(
        {
            "env/pyvenv.cfg": "", "env/lib/python3/site-packages/numpy/core.py": "", "web/node_modules/a/b.js": "",
            "conda/conda-meta/history": "", "conda/bin/python": "", "pkg/__pycache__/a.pyc": "", "pkg/new.py": "",
        }
    )  # fmt: skip
    found = open_repository(str(repo.path))
    assert paths(found) == ["pkg/new.py", "train.py", "vendor/node_modules/kept.js"]
    assert set(skipped(found)) == {"env", "web/node_modules", "conda", "pkg/__pycache__"}
    assert found.git.dirty is True


def test_submodules_and_nested_repositories_are_skipped_by_name(git_repo: GitRepoFactory) -> None:
    inner = git_repo({"lib.py": ""}, name="inner")
    repo = git_repo({"train.py": ""})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "vendored")
    repo.commit()
    nested = GitRepo(write(repo.path / "cloned", {"other.py": ""}))
    nested.git("init", "-q")
    nested.commit()
    for rev in (None, "HEAD"):
        found = open_repository(str(repo.path), rev=rev)
        assert paths(found) == [".gitmodules", "train.py"]
        assert "submodule" in skipped(found)["vendored"]
    assert "a repository of its own" in skipped(open_repository(str(repo.path)))["cloned"]


def test_links_are_told_and_never_followed(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    write(tmp_path, {"outside.txt": "secret"})
    repo = git_repo({"real.py": "", "pkg/a.py": ""})
    for name, target in {
        "good": "real.py", "folder": "pkg", "broken": "nowhere", "up": "../outside.txt", "absolute": "/etc/hostname",
        "loop": "loop", "pkg/over": "../folder/a.py", "pkg/far": "../../../../../../../etc/passwd",
    }.items():  # fmt: skip
        (repo.path / name).symlink_to(target)
    repo.commit()
    for rev in (None, "HEAD"):
        found = open_repository(str(repo.path), rev=rev)
        assert paths(found) == ["pkg/a.py", "real.py"]
        assert found.links["up"] == "../outside.txt"
        assert len(found.links) == 8
        assert skipped(found) == {
            "broken": "a broken link", "loop": "a broken link", "up": "a link that leads out of the repository",
            "absolute": "a link that leads out of the repository",
            "pkg/far": "a link that leads out of the repository",
        }  # fmt: skip
        with pytest.raises(UnreadableFile):
            found.read("up")


def test_a_tracked_file_behind_a_linked_folder_is_not_read(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"a.py": "secret = 1\n"})
    repo = git_repo({"pkg/a.py": ""})
    (repo.path / "pkg/a.py").unlink()
    (repo.path / "pkg").rmdir()
    (repo.path / "pkg").symlink_to(tmp_path / "elsewhere")
    found = open_repository(str(repo.path))
    assert paths(found) == []
    assert skipped(found) == {"pkg": "a link that leads out of the repository"}


def test_a_file_that_becomes_a_link_after_listing_is_not_followed(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "", "b.py": "", "c.py": ""})
    found = open_repository(str(repo.path))
    (repo.path / "a.py").unlink()
    (repo.path / "a.py").symlink_to("/etc/hostname")
    (repo.path / "b.py").unlink()
    (repo.path / "c.py").unlink()
    os.mkfifo(repo.path / "c.py")
    reasons = []
    for name in ("a.py", "b.py", "c.py"):
        with pytest.raises(UnreadableFile) as problem:
            found.read(name)
        reasons.append(problem.value.reason)
    assert reasons == ["became a link during the scan", "vanished during the scan", "is no longer a regular file"]


def test_pipes_are_skipped(tmp_path: Path) -> None:
    write(tmp_path / "p", {"a.py": ""})
    os.mkfifo(tmp_path / "p" / "pipe")
    assert skipped(open_repository(str(tmp_path / "p"))) == {"pipe": "a named pipe"}


def test_only_listed_files_can_be_read(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "", ".gitignore": ".env\n"})
    repo.write({".env": "x"})
    found = open_repository(str(repo.path))
    for name in (".env", "../project/a.py", "/etc/hostname", ".git/config"):
        with pytest.raises(UnreadableFile):
            found.read(name)


def test_excluded_files_links_and_notes_disappear(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "", "old/b.py": "", "old/keep.py": "", "x.ipynb": ""})
    (repo.path / "old/broken").symlink_to("nowhere")
    found = open_repository(str(repo.path), exclude=("old/*", "!old/keep.py", "*.ipynb"))
    assert paths(found) == ["a.py", "old/keep.py"]
    assert (dict(found.links), found.skipped) == ({}, ())
    assert found.git.state == "ok"


# --- a folder without git ----------------------------------------------------------------------------------------


def test_a_plain_folder_is_walked_by_its_ignore_rules(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "p",
        {
            "train.py": "", ".gitignore": "*.csv\n!keep.csv\n/build/\nlogs\n", "a.csv": "", "keep.csv": "",
            "build/out.py": "", "src/build/in.py": "", "src/.gitignore": "!*.csv\nsecret.py\n", "src/b.csv": "",
            "src/secret.py": "", "secret.py": "", "src/logs/x.txt": "", "node_modules/m/index.js": "",
            "env/pyvenv.cfg": "", "env/lib/a.py": "", "a/__pycache__/a.pyc": "",
        },
    )  # fmt: skip
    found = open_repository(str(folder))
    assert paths(found) == [
        ".gitignore", "keep.csv", "secret.py", "src/.gitignore", "src/b.csv", "src/build/in.py", "train.py"
    ]  # fmt: skip
    assert skipped(found) == {
        "node_modules": "made by a tool, not part of the project", "env": "an environment of installed packages",
        "a/__pycache__": "made by a tool, not part of the project",
    }  # fmt: skip
    assert found.git.state == "none"
    assert found.name == "p"


def test_the_walk_agrees_with_git_on_ignore_rules(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    files = {
        ".gitignore": "# no\n*.pyc\n/data/*\n!/data/README.md\nmodels/**/big\n\\#odd\nfoo/\n*.tmp \n[abc].txt\n",
        "a.pyc": "", "data/x.csv": "", "data/README.md": "", "models/big": "", "models/v1/big": "",
        "models/v1/small": "",
        "#odd": "", "foo/a": "", "bar/foo": "", "x.tmp": "", "a.txt": "", "d.txt": "",
        "sub/.gitignore": "!*.pyc\n*.md\n",
        "sub/b.pyc": "", "sub/a.md": "", "sub/deep/c.pyc": "",
    }  # fmt: skip
    repo = git_repo()
    repo.write(files)
    plain = write(tmp_path / "plain", files)
    assert paths(open_repository(str(plain))) == paths(open_repository(str(repo.path)))


def test_a_folder_inside_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "p", {"a.py": "", "locked/b.py": ""})
    real = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = open_repository(str(folder))
    assert paths(found) == ["a.py"]
    assert skipped(found) == {"locked": "cannot be listed: permission denied"}


def test_repositories_inside_a_plain_folder_are_left_alone(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    git_repo({"a.py": ""}, name="folder/cloned")
    write(tmp_path / "folder", {"b.py": ""})
    found = open_repository(str(tmp_path / "folder"))
    assert paths(found) == ["b.py"]
    assert skipped(found) == {"cloned": "a repository of its own, audit it separately"}


# --- what git says -----------------------------------------------------------------------------------------------


def test_the_state_of_a_clone(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "", "b.py": ""})
    repo.git("remote", "add", "upstream", "https://github.com/upstream/p.git")
    repo.git("remote", "add", "origin", "https://bob:ghp_token@github.com/acme/churn.git")
    found = open_repository(str(repo.path))
    git = found.git
    assert found.name == "acme/churn"
    assert (git.state, git.branch, git.dirty, git.shallow, git.prefix, git.tracked) == (
        "ok",
        "main",
        False,
        False,
        "",
        2,
    )
    assert git.commit == repo.git("rev-parse", "HEAD")
    assert git.commit_time == "2026-01-02T02:04:05Z"
    assert git.remotes == (
        ("origin", "https://github.com/acme/churn.git"),
        ("upstream", "https://github.com/upstream/p.git"),
    )


@pytest.mark.parametrize(
    ("url", "shown", "name"),
    [
        ("https://github.com/acme/churn.git", "https://github.com/acme/churn.git", "acme/churn"),
        ("https://user:token@github.com/acme/churn", "https://github.com/acme/churn", "acme/churn"),
        ("https://ghp_abc@github.com/acme/churn?x=1#y", "https://github.com/acme/churn", "acme/churn"),
        ("git@github.com:acme/churn.git", "git@github.com:acme/churn.git", "acme/churn"),
        ("ssh://git@github.com:22/acme/churn.git", "ssh://git@github.com:22/acme/churn.git", "acme/churn"),
        ("ssh://bob:pass@host.org/a/b.git", "ssh://host.org/a/b.git", "a/b"),
        ("https://acme@dev.azure.com/acme/ml/_git/churn", "https://dev.azure.com/acme/ml/_git/churn", "ml/churn"),
        ("git@ssh.dev.azure.com:v3/acme/ml/churn", "git@ssh.dev.azure.com:v3/acme/ml/churn", "ml/churn"),
        ("https://acme.visualstudio.com/ml/_git/churn", "https://acme.visualstudio.com/ml/_git/churn", "ml/churn"),
        ("https://acme.visualstudio.com/_git/churn", "https://acme.visualstudio.com/_git/churn", "acme/churn"),
        ("https://gitlab.com/acme/team/churn.git", "https://gitlab.com/acme/team/churn.git", "acme/team/churn"),
        ("https://huggingface.co/acme/model", "https://huggingface.co/acme/model", "acme/model"),
        ("/srv/git/churn.git", "/srv/git/churn.git", None),
        ("../churn", "../churn", None),
        ("file:///srv/git/churn.git", "file:///srv/git/churn.git", None),
    ],
)  # fmt: skip
def test_remote_addresses(url: str, shown: str, name: str | None) -> None:
    assert clean_url(url) == shown
    assert name_from((("origin", clean_url(url)),)) == name


def test_without_a_commit_the_state_is_unborn(git_repo: GitRepoFactory) -> None:
    repo = git_repo()
    repo.write({"a.py": ""})
    found = open_repository(str(repo.path))
    assert (found.git.state, found.git.branch, found.git.commit, found.git.tracked) == ("unborn", "main", None, 0)
    assert paths(found) == ["a.py"]


def test_a_detached_head_has_no_branch(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": ""})
    repo.git("checkout", "-q", "--detach")
    assert open_repository(str(repo.path)).git.branch is None


def test_a_linked_work_tree_is_a_repository(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"a.py": ""})
    repo.git("remote", "add", "origin", "https://github.com/acme/churn")
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    for rev in (None, "HEAD"):
        found = open_repository(str(tmp_path / "side"), rev=rev)
        assert (found.git.state, found.git.branch, found.name) == ("ok", "side", "acme/churn")
        assert found.read("a.py") == b""
        found.close()


@pytest.mark.parametrize(
    ("files", "folder", "state"),
    [
        ({"a.py": ""}, "churn", "none"),
        ({".hg/store": ""}, "churn", "other"),
        ({"PKG-INFO": "Name: churn\n"}, "churn", "unknown"),
        ({"a.py": ""}, "churn-main", "unknown"),
        ({"a.py": ""}, "churn-1.2.3", "unknown"),
        ({".github/workflows/ci.yml": ""}, "churn", "unknown"),
        ({".git/HEAD": "", "a.py": ""}, "churn", "unknown"),
        ({".git": "gitdir: /nowhere/at/all\n", "a.py": ""}, "churn", "unknown"),
    ],
)  # fmt: skip
def test_folders_that_git_cannot_read(tmp_path: Path, files: dict[str, str], folder: str, state: str) -> None:
    git = open_repository(str(write(tmp_path / folder, files))).git
    assert git.state == state
    assert git.reason


def test_a_ci_job_without_git_is_not_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    found = open_repository(str(write(tmp_path / "p", {"a.py": ""})))
    assert (found.git.state, found.git.reason) == ("unknown", "this CI job has the files without `.git`")


def test_other_repositories_of_the_environment_are_not_looked_at(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pre-commit hook runs with GIT_DIR and GIT_INDEX_FILE set."""
    other = git_repo({"other.py": ""}, name="other")
    repo = git_repo({"a.py": ""})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git/index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    for rev in (None, "HEAD"):
        found = open_repository(str(repo.path), rev=rev)
        assert paths(found) == ["a.py"]


# --- a commit ----------------------------------------------------------------------------------------------------


def test_a_commit_is_read_without_a_checkout(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "x = 1\n", "gone.py": "y = 1\n"})
    first = repo.git("rev-parse", "HEAD")
    (repo.path / "gone.py").unlink()
    repo.commit({"a.py": "x = 22\n"})
    repo.git("tag", "-a", "v1", "-m", "first", first)
    for rev in ("HEAD~1", first, first[:8], "v1", "main^", "HEAD@{1}", ":/Change"):
        found = open_repository(str(repo.path), rev=rev)
        if rev != ":/Change":
            assert found.git.commit == first, rev
            assert [(e.path, e.size) for e in found.files] == [("a.py", 6), ("gone.py", 6)]
            assert found.read("a.py") == b"x = 1\n"
        found.close()
    found = open_repository(str(repo.path), rev="main")
    assert (found.git.branch, found.git.dirty, found.git.commit_time) == ("main", False, "2026-01-02T02:04:05Z")
    assert found.read("a.py") == b"x = 22\n"
    found.close()
    assert (repo.path / "a.py").read_text() == "x = 22\n"


def test_the_commit_and_the_clean_work_tree_are_the_same(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "x = 1\n", "b/c.txt": b"\xff\x00", "run.sh": "#!/bin/sh\n", "empty": ""})
    disk, commit = open_repository(str(repo.path)), open_repository(str(repo.path), rev="HEAD")
    assert [(e.path, e.size, disk.read(e.path)) for e in disk.files] == [
        (e.path, e.size, commit.read(e.path)) for e in commit.files
    ]
    assert disk.git == commit.git
    commit.close()


def test_a_folder_of_a_commit(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "", "ml/b.py": "", "mlops/c.py": ""})
    found = open_repository(str(repo.path / "ml"), rev="HEAD")
    assert (paths(found), found.git.prefix, found.git.tracked) == (["b.py"], "ml", 1)


@pytest.mark.parametrize("rev", ["nosuch", "", "--help", "HEAD~99", "a\nb", "a\0b", "HEAD:a.py", "$(id)", "-n1"])
def test_a_wrong_revision_is_a_usage_error(git_repo: GitRepoFactory, rev: str) -> None:
    repo = git_repo({"a.py": ""})
    with pytest.raises(UsageError, match="no revision"):
        open_repository(str(repo.path), rev=rev)


def test_a_revision_needs_a_repository(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError) as problem:
        open_repository(str(write(tmp_path / "p", {"a.py": ""})), rev="HEAD")
    assert "--rev" in problem.value.hint


def test_a_bare_repository_needs_a_revision(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"a.py": "x = 1\n"})
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    with pytest.raises(RepositoryError) as problem:
        open_repository(str(tmp_path / "bare.git"))
    assert "--rev HEAD" in problem.value.hint
    found = open_repository(str(tmp_path / "bare.git"), rev="HEAD")
    assert found.read("a.py") == b"x = 1\n"
    found.close()
    with pytest.raises(RepositoryError, match="git's own folder"):
        open_repository(str(repo.path / ".git"))


def test_a_partial_clone_says_what_it_lacks_and_fetches_nothing(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"a.py": "x = 1\n"})
    repo.commit({"a.py": "x = 2\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.path}", str(clone))
    found = open_repository(str(clone), rev="HEAD~1")
    assert paths(found) == ["a.py"]
    with pytest.raises(UnreadableFile, match="not in this clone"):
        found.read("a.py")
    found.close()


def test_a_sha256_repository(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "x = 1\n"}, init=("--object-format=sha256",))
    repo.write({"a.py": "x = 1\n"})
    disk, commit = open_repository(str(repo.path)), open_repository(str(repo.path), rev="HEAD")
    assert (disk.git.dirty, len(disk.git.commit or "")) == (False, 64)
    assert commit.read("a.py") == b"x = 1\n"
    assert commit.git.commit == disk.git.commit
    commit.close()


def test_no_git_process_is_left_behind(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"a.py": "x = 1\n"})
    found = open_repository(str(repo.path), rev="HEAD")
    found.read("a.py")
    process = found._batch._process  # type: ignore[attr-defined]
    del found
    gc.collect()
    assert process.returncode == 0
    again = open_repository(str(repo.path), rev="HEAD")
    again.read("a.py")
    again.close()
    again.close()
    assert again.read("a.py") == b"x = 1\n"  # reading again starts anew
    again.close()


# --- the hardening itself ----------------------------------------------------------------------------------------


def test_every_git_call_is_hardened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "evil")
    monkeypatch.setenv("PATH", os.pathsep.join([".", "bin", "", "/usr/bin"]))
    env = environment()
    assert not {"GIT_DIR", "GIT_EXTERNAL_DIFF"} & set(env)
    assert env["PATH"] == "/usr/bin"
    assert (env["GIT_ALLOW_PROTOCOL"], env["GIT_NO_LAZY_FETCH"], env["GIT_OPTIONAL_LOCKS"]) == ("none", "1", "0")
    assert "core.fsmonitor=false" in options()
    assert f"core.hooksPath={os.devnull}" in options()


def test_an_unknown_stat_format_only_costs_the_blob_ids() -> None:
    oid = b"e" * 40
    known = (
        b"H 100644 "
        + oid
        + b" 0\ta.py\0  ctime: 1:2\n  mtime: 3:4\n  dev: 5\tino: 6\n  uid: 7\tgid: 8\n  size: 9\tflags: 0\n"
    )
    entry = parse(b"? new.py\0" + known).staged[0]
    assert (entry.path, entry.stat) == ("a.py", (1_000_000_002, 3_000_000_004, 6, 9))
    other = parse(known.replace(b"dev: 5\t", b"dev: 5 extra: 1\t") + b"H 100755 " + oid + b" 0\tb.py\0")
    assert [(e.path, e.stat) for e in other.staged] == [("a.py", None), ("b.py", None)]
    plain = parse(b"H 100644 " + oid + b" 0\ta.py\0")
    assert [e.path for e in plain.staged] == ["a.py"]
