"""Git as a reader: every call hardened, so that auditing a repository never runs a command that it names.

A repository's own `.git/config` may name programs: `core.fsmonitor` runs even on `git ls-files`, filters run when the
work tree is compared, a promisor remote is asked for missing objects, `log` verifies signatures. So everything here
goes through one class that switches these off, asks plumbing only, and never compares the work tree with git's help.
Because of that it is safe to read a repository that belongs to somebody else, and `safe.directory` is set for the call.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from prodcheck.errors import UnreadableFile
from prodcheck.records import dataclass

if TYPE_CHECKING:
    import subprocess

TIMEOUT = 60.0
"""Seconds that one call may take. Listing a large repository takes well under one."""
MOST = 400_000_000
"""Bytes that one answer may have, about a million files. Trees that hold each other a few times at every level, a few
kilobytes in all, list more files than there is room for anywhere."""

PIPE = 512
"""Bytes that every pipe takes before somebody listens."""

_HARDENING = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=",
    "credential.helper=",
    "protocol.allow=never",
    "diff.external=",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "safe.directory=*",
)
_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
"""Variables that a person sets about all repositories. The others (GIT_DIR, GIT_INDEX_FILE, ...) are set by git inside
a hook and speak of another repository than the audited one."""


MEMORY = 4_000_000_000
"""Bytes that one git process may allocate. The history of Linux takes about one of these four gigabytes."""


@dataclass(frozen=True)
class Reply:
    """What one git command said. `error` is the last line of its standard error, without git's `fatal: `."""

    code: int
    out: bytes
    stderr: str = ""

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def error(self) -> str:
        lines = [line for line in self.stderr.splitlines() if line.startswith(("fatal: ", "error: "))]
        return lines[0].partition(": ")[2] if lines else self.stderr.strip().partition("\n")[0]


class Call:
    """A git command under way, so that several can run at the same time."""

    def __init__(self, process: subprocess.Popen[bytes], feed: bytes | None) -> None:
        self._process = process
        self._feed = feed
        if feed is not None and len(feed) <= PIPE:
            self._tell()

    def reply(self) -> Reply:
        """Wait for the end. A call that takes longer than `TIMEOUT` or says more than `MOST` bytes is killed and
        answers with code -1."""
        late: list[bool] = []
        complaints: list[bytes] = []
        with self._process as process:

            def end() -> None:
                late.append(True)
                process.kill()

            watch = threading.Timer(TIMEOUT, end)
            helpers = [watch, threading.Thread(target=lambda: complaints.append(_most(process.stderr, 1_000_000)))]
            if self._feed is not None and len(self._feed) > PIPE:
                helpers.append(threading.Thread(target=self._tell))
            for helper in helpers:
                helper.daemon = True
                helper.start()
            out = _most(process.stdout, MOST)
            if len(out) > MOST:
                process.kill()
            process.wait()
            watch.cancel()
            for helper in helpers:
                helper.join()
        if late:
            return Reply(-1, b"", f"fatal: git took longer than {TIMEOUT:.0f} seconds")
        if len(out) > MOST:
            return Reply(-1, b"", f"fatal: git's answer has more than {MOST / 1e6:.0f} MB")
        return Reply(process.returncode, out, b"".join(complaints).decode("utf-8", "replace"))

    def _tell(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None and self._feed is not None
        with suppress(OSError):  # it may end before it has heard everything
            stdin.write(self._feed)
            stdin.close()


def _most(stream: IO[bytes] | None, size: int) -> bytes:
    """What a stream says, and one byte more than `size` of what is longer."""
    assert stream is not None
    pieces, left = [], size + 1
    with suppress(ValueError, OSError):  # closed under our hands
        while left > 0 and (piece := stream.read(min(left, 1 << 20))):
            pieces.append(piece)
            left -= len(piece)
    return b"".join(pieces)


def _limit_memory(pid: int) -> None:
    """Git keeps what a commit changed in memory before it says a word, however much that is. Linux only."""
    if sys.platform == "linux":
        import resource

        with suppress(OSError, ValueError):  # it has ended already, or there is a lower limit
            resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))


class Git:
    """The git program, for one folder."""

    def __init__(self, program: str, folder: str) -> None:
        self.program = program
        self.folder = folder

    def start(self, *args: str, feed: bytes | None = None) -> Call:
        """Begin a command; its arguments are ours or a resolved object id, never names from the repository."""
        return Call(self._spawn(args, told=feed is not None, complains=True), feed)

    def run(self, *args: str, feed: bytes | None = None) -> Reply:
        return self.start(*args, feed=feed).reply()

    def stream(self, *args: str, stdin: IO[bytes], seconds: float) -> Fields:
        """A command that reads a file and answers with NUL-ended fields, one at a time: for what may be long.

        It is ended after so many seconds.
        """
        return Fields(self._spawn(args, stdin), seconds)

    def _spawn(
        self, args: Sequence[str], stdin: IO[bytes] | None = None, *, told: bool = False, complains: bool = False
    ) -> subprocess.Popen[bytes]:
        """`told` says that we shall write to it, `complains` that we read what it says is wrong."""
        import subprocess

        process = subprocess.Popen(
            [self.program, *options(), *args],
            cwd=self.folder,
            env=environment(),
            stdin=stdin or (subprocess.PIPE if told else subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if complains else subprocess.DEVNULL,
        )
        _limit_memory(process.pid)
        return process

    def batch(self) -> Batch:
        """A process that answers with the content of objects, one after the other. The caller closes it."""
        return Batch(self._spawn(("cat-file", "--batch"), told=True))


class Fields:
    """NUL-ended fields that a command prints, as they come. `failed` and `late` are known after the last one."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._fields = self._split()
        self.failed = False
        self.late = False
        """Its time was over before it had said everything."""
        self._watch = threading.Timer(seconds, self._end)
        self._watch.daemon = True
        self._watch.start()

    def _end(self) -> None:
        self.late = True
        self._process.kill()

    def __iter__(self) -> Iterator[bytes]:
        return self._fields

    def __next__(self) -> bytes:
        return next(self._fields)

    def _split(self) -> Iterator[bytes]:
        stdout = self._process.stdout
        assert stdout is not None
        rest: list[bytes] = []
        try:
            while piece := stdout.read1(1 << 16):  # type: ignore[attr-defined]
                first, *others = piece.split(b"\0")
                rest.append(first)
                if others:
                    yield b"".join(rest)
                    yield from others[:-1]
                    rest = others[-1:]
        finally:
            # Whoever stops listening ends the command; one that has said all it had to is only waited for.
            stdout.close()
            self.failed = self._process.wait() != 0
            self._watch.cancel()
            self._watch.join()


class Batch:
    """`git cat-file --batch`: one process for all blobs of a commit."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, oid: str) -> bytes:
        """Content of one object. Raises `UnreadableFile` when it is not in the repository's object store."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(oid.encode() + b"\n")
            stdin.flush()
            header = stdout.readline().split()
            if len(header) != 3:
                ended = not header
                raise UnreadableFile("git ended early" if ended else "its content is missing")
            size = int(header[2])
            content = stdout.read(size)
            stdout.read(1)
        except (OSError, ValueError):
            raise UnreadableFile("git ended early") from None
        except (OverflowError, MemoryError):  # a made-up object may say that it is of any size
            raise UnreadableFile("larger than memory") from None
        if len(content) != size:
            raise UnreadableFile("git ended early")
        return content

    def close(self) -> None:
        """End the process. May be called twice."""
        import subprocess

        process = self._process
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # it had already ended, which is all that is wanted
                    stream.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def find_program() -> str | None:
    """Where git is, or None. Relative entries of PATH are left out: they could lead into the audited folder."""
    if os.name != "nt":  # what follows takes ten times as long to import as this to find it
        places = (os.path.join(folder, "git") for folder in _search_path().split(os.pathsep) if folder)
        return next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), None)
    import shutil

    found = shutil.which("git", path=_search_path())
    return found if found and os.path.isabs(found) else None


def options() -> list[str]:
    """The options before every sub-command."""
    return ["--no-pager", "--no-optional-locks", *_pairs("-c", _HARDENING)]


def _pairs(flag: str, values: Sequence[str]) -> Iterator[str]:
    for value in values:
        yield from (flag, value)


def environment() -> dict[str, str]:
    """The environment of every call: nothing that points elsewhere, runs a helper, asks a person or the network."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    return {
        **kept,
        "PATH": _search_path(),
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        # Unlike `protocol.allow`, this also overrules a `protocol.ext.allow=always` in the repository's own settings.
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_SSH_COMMAND": "false",
        "GIT_ASKPASS": "",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "false",
    }


def _search_path() -> str:
    path = os.environ.get("PATH", os.defpath)
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if os.path.isabs(entry))
