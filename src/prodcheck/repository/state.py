"""What version control says about a folder: found with few, cheap git calls, or told to be unknown with the reason."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from dataclasses import replace

from prodcheck.errors import UnreadableFile
from prodcheck.model import GitState
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass
from prodcheck.repository import disk
from prodcheck.repository.git import Git, Reply

OTHER_SYSTEMS = {
    ".hg": "Mercurial",
    ".svn": "Subversion",
    ".jj": "Jujutsu",
    ".bzr": "Bazaar",
    "_darcs": "Darcs",
    ".pijul": "Pijul",
    ".fslckout": "Fossil",
    "_FOSSIL_": "Fossil",
}
HOSTING_FILES = (".github", ".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".git_archival.txt")
_ARCHIVE_NAME = lazy_regex(r".-(?:main|master|trunk|develop|[0-9a-f]{40}|v?\d+(?:\.\d+)+)$")
"""What hosting services call the folder inside a downloaded archive: `name-branch`, `name-commit`, `name-version`."""


@dataclass(frozen=True)
class Place:
    """Where a folder is in its git repository."""

    git_dir: str
    prefix: str
    """Path of the folder below the repository's top, with `/`, empty at the top."""
    bare: bool
    inside_git_dir: bool
    shallow: bool


def locate(reply: Reply) -> Place | None:
    """The answer to `LOCATE`, or None when git did not find a repository."""
    lines = os.fsdecode(reply.out).split("\n")
    if len(lines) < 5 or not reply.ok:
        return None
    bare, in_git, shallow, git_dir = lines[:4]
    prefix = "\n".join(lines[4:]).rstrip("\n").rstrip("/")
    return Place(git_dir, prefix, bare == "true", in_git == "true", shallow == "true")


LOCATE = (
    "rev-parse", "--is-bare-repository", "--is-inside-git-dir", "--is-shallow-repository", "--absolute-git-dir",
    "--show-prefix",
)  # fmt: skip


def without_git(root: str) -> GitState:
    """State of a folder that git knows nothing of: none, another system, or not knowable here."""
    for folder in _upwards(root):
        for mark, name in OTHER_SYSTEMS.items():
            if os.path.lexists(os.path.join(folder, mark)):
                return GitState("other", name)
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return GitState("unknown", "this CI job has the files without `.git`")
    if os.path.isfile(os.path.join(root, "PKG-INFO")):
        return GitState("unknown", "this looks like a source distribution, not a checkout")
    if _ARCHIVE_NAME.search(os.path.basename(os.path.abspath(root))):
        return GitState("unknown", "this looks like a downloaded archive, not a checkout")
    for name in HOSTING_FILES:
        if os.path.lexists(os.path.join(root, name)):
            return GitState("unknown", f"`{name}` is here but no `.git`: this looks like an export")
    return GitState("none", "no version control found here or in a folder above")


def git_marker(root: str) -> str | None:
    """The nearest `.git` here or above, or None."""
    for folder in _upwards(root):
        marker = os.path.join(folder, ".git")
        if os.path.lexists(marker):
            return marker
    return None


def _upwards(root: str) -> list[str]:
    folder = os.path.realpath(root)
    found = [folder]
    while os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
        found.append(folder)
    return found


def why_not(reply: Reply) -> str:
    """Why git gave no answer although there is a `.git`, in words that end a sentence."""
    if "dubious ownership" in reply.stderr or "safe.directory" in reply.stderr:
        return "git refuses a repository that belongs to another user"
    if "not a git repository" in reply.stderr:
        return "`.git` is not a working repository"
    if reply.code < 0:
        return reply.error
    return f"git failed: {reply.error[:200]}" if reply.error else "git failed"


def branch_of(git: Git, git_dir: str) -> str | None:
    """The branch that HEAD is on, None when HEAD is detached."""
    try:
        head = disk.read(os.path.join(git_dir, "HEAD"))
    except UnreadableFile:
        return None
    if not head.startswith(b"ref: refs/heads/"):
        return None
    name = os.fsdecode(head.removeprefix(b"ref: refs/heads/").strip())
    if name == ".invalid":  # refs are kept in a reftable, which this file stands in for
        reply = git.run("symbolic-ref", "-q", "--short", "HEAD")
        return os.fsdecode(reply.out.strip()) if reply.ok else None
    return name if name.isprintable() else None


def commit_of(reply: Reply) -> tuple[str, str] | None:
    """(id, time) of the commit that `cat-file --batch` shows, None when there is none."""
    header, _, body = reply.out.partition(b"\n")
    words = header.split()
    if len(words) != 3 or words[1] != b"commit":
        return None
    found = re.search(rb"^committer [^\n]*? (\d+) [+-]\d{4}$", body.partition(b"\n\n")[0], re.MULTILINE)
    return words[0].decode("ascii", "replace"), utc(int(found[1])) if found else ""


def tree_of(reply: Reply) -> str:
    """Id of the tree of the commit that `cat-file --batch` shows, empty when there is none."""
    found = re.match(rb"[0-9a-f]+ commit \d+\ntree ([0-9a-f]+)\n", reply.out)
    return found[1].decode() if found else ""


def utc(seconds: int) -> str:
    """Seconds since 1970 as `YYYY-MM-DDTHH:MM:SSZ`; empty when no calendar has that day."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return ""


@dataclass(frozen=True)
class Remotes:
    """`urls`: (name, URL without credentials), the first of each remote, `origin` first.

    `partial`: objects may be missing here that git would fetch when they are asked for.
    """

    urls: tuple[tuple[str, str], ...]
    partial: bool


def remotes_of(reply: Reply) -> Remotes:
    """The answer to `REMOTES`."""
    entries = (entry.partition("\n") for entry in os.fsdecode(reply.out).split("\0"))
    return remotes_of_pairs((key, value) for key, _, value in entries)


def remotes_of_pairs(settings: Iterable[tuple[str, str]]) -> Remotes:
    """The remotes that settings, as (dotted key, value), name."""
    found: dict[str, str] = {}
    partial = False
    for key, value in settings:
        if key.startswith("remote.") and key.endswith(".url") and value:
            found.setdefault(key.removeprefix("remote.").removesuffix(".url"), clean_url(value))
        partial = partial or (key.endswith((".promisor", ".partialclone")) and value != "false")
    return Remotes(tuple(sorted(found.items(), key=lambda item: (item[0] != "origin", item[0]))), partial)


REMOTES = ("config", "-z", "--get-regexp", r"^(remote\..*\.(url|promisor)|extensions\.partialclone)$")


def clean_url(url: str) -> str:
    """The URL without user name, password, query and fragment, any of which may carry a token.

    `git@` and other user names of SSH stay: they are part of the address and no secret.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    host, slash, path = rest.partition("/")
    user, at, server = host.rpartition("@")
    keeps_user = scheme.lower() in ("ssh", "git+ssh", "ssh+git") and ":" not in user
    path = re.split(r"[?#]", path, maxsplit=1)[0]
    return f"{scheme}://{user + at if keeps_user else ''}{server}{slash}{path}"


def name_from(remotes: tuple[tuple[str, str], ...]) -> str | None:
    """`owner/name` from the first remote that is on a server, None without one.

    Understands GitHub, GitLab groups, Bitbucket, Hugging Face (`datasets/owner/name` too) and Azure DevOps, whose
    addresses are `dev.azure.com/organisation/project/_git/repository`, `organisation.visualstudio.com/project/_git/...`
    and `git@ssh.dev.azure.com:v3/organisation/project/repository`.
    """
    for _, url in remotes:
        address = re.match(r"(?:[\w+.-]+://)?(?:[^@/]*@)?([\w.-]+\.[\w-]+|localhost)(?::\d+(?=/))?[:/](.+)$", url)
        if not address or url.startswith(("file:", "/", ".", "~")) or re.match(r"[A-Za-z]:[\\/]", url):
            continue
        server, path = address[1].lower(), address[2].strip("/").removesuffix(".git")
        parts = [part for part in path.split("/") if part]
        if server.endswith(("dev.azure.com", "visualstudio.com")):
            parts = [p for p in parts if p not in ("_git", "v3", "_ssh", "DefaultCollection")]
            if server.endswith(".visualstudio.com") and len(parts) < 3 and not server.startswith("vs-ssh"):
                parts.insert(0, server.split(".")[0])
            if len(parts) >= 2:
                return f"{parts[-2]}/{parts[-1]}"
        if len(parts) >= 2:
            return "/".join(parts)
    return None


def with_commit(state: GitState, commit: tuple[str, str] | None) -> GitState:
    """The state with the commit that HEAD points at; `unborn` without one."""
    if commit is None:
        return replace(state, state="unborn", reason="no commit yet")
    return replace(state, state="ok", commit=commit[0], commit_time=commit[1] or None)
