"""What earlier runs found out, kept in one SQLite file of the user, so that only what has changed is read again.

Nothing depends on it: where it cannot be opened, read or written, the work is done anew and nobody is bothered. Values
are checked by their checksum and read as plain values only (see `codec`): who can write to the file can make prodcheck
report nonsense, but not run code. What may be put in is decided by `extract.keep`.
"""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prodcheck.records import dataclass

if TYPE_CHECKING:
    import sqlite3

FILE_NAME = "prodcheck-1.sqlite3"
"""The number is that of the layout: releases with different layouts share a folder."""
MOST_BYTES = 500_000_000
"""Size of the content above which the least recently used goes."""
MOST_DAYS = 30
"""Days after which what nobody has used goes."""
MOST_SPREAD = 250_000_000
"""Bytes of one value before it was compressed. A forged one may stand for a thousand times its size."""
DAY = 86_400
WAIT = 2.0
"""Seconds to wait for another prodcheck that is writing."""
FILE, REPORT = "file", "report"
SCHEMA = (
    "CREATE TABLE entry (key BLOB PRIMARY KEY, kind TEXT NOT NULL, used INTEGER NOT NULL, value BLOB NOT NULL)",
    "CREATE INDEX entry_used ON entry (used)",
)
_AT_ONCE = 500
"""Keys in one question; SQLite takes 999 in its oldest builds."""


@dataclass(frozen=True)
class Info:
    """What there is. `problem` says why the cache is not in use, and is empty when it is."""

    path: str
    bytes: int = 0
    files: int = 0
    """Facts of single files."""
    reports: int = 0
    problem: str = ""


def default_folder(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path | None:
    """Where this system keeps what programs can make again; PRODCHECK_CACHE_DIR wins. None without a home."""
    env = os.environ if environment is None else environment
    if env.get("PRODCHECK_CACHE_DIR"):
        return Path(env["PRODCHECK_CACHE_DIR"])
    if platform == "win32":
        base = env.get("LOCALAPPDATA")
        return Path(base, "prodcheck", "Cache") if base else None
    xdg = env.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):  # noqa: PTH117
        return Path(xdg, "prodcheck")
    home = env.get("HOME") or os.path.expanduser("~")  # noqa: PTH111
    if not os.path.isabs(home):  # noqa: PTH117
        return None
    return Path(home, "Library", "Caches", "prodcheck") if platform == "darwin" else Path(home, ".cache", "prodcheck")


class Cache:
    """The values of one cache folder. No method raises for what is wrong with the folder or the file in it."""

    def __init__(self, folder: Path, today: Callable[[], int] = lambda: int(time.time()) // DAY) -> None:
        self.path = folder / FILE_NAME
        self.problem = ""
        self._today = today

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values that are there, and intact, by key."""
        if not keys or not self.path.is_file():
            return {}
        return self._with(lambda database: _select(database, keys, self._today()), {}) if keys else {}

    def write(self, kind: str, values: Mapping[bytes, bytes]) -> None:
        """Keep values, all of them or none, and let go of what has not been used for long."""
        if values:
            self._with(lambda database: _insert(database, kind, values, self._today()), None)

    def info(self) -> Info:
        """What there is; says why the cache cannot be used, if it cannot."""

        def look(database: sqlite3.Connection) -> dict[str, int]:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
            return dict(database.execute("SELECT kind, COUNT(*) FROM entry GROUP BY kind").fetchall())

        counts = self._with(look, {})
        size = sum(_size(path) for path in self._files())
        return Info(str(self.path), size, counts.get(FILE, 0), counts.get(REPORT, 0), self.problem)

    def clear(self) -> int:
        """Remove the file; gives the bytes that it took. Other files of the folder stay."""
        freed = 0
        for path in self._files():
            size = _size(path)
            try:
                path.unlink(missing_ok=True)
                freed += size
            except OSError as problem:
                self.problem = _words(problem)
        return freed

    def _files(self) -> tuple[Path, ...]:
        return tuple(self.path.with_name(self.path.name + end) for end in ("", "-wal", "-shm"))

    def _with(self, action: Callable[[sqlite3.Connection], Any], otherwise: Any) -> Any:
        """Do something with the database; a broken one is made anew and tried once more."""
        try:
            import sqlite3
        except ImportError:  # some interpreters are built without
            self.problem = "this Python has no sqlite3"
            return otherwise
        for attempt in (1, 2):
            try:
                with closing(self._open()) as database:
                    return action(database)
            except _Unusable as problem:
                self.problem = str(problem)
            except sqlite3.OperationalError as problem:  # locked, read-only, full
                self.problem = _words(problem)
                return otherwise
            except sqlite3.Error as problem:  # not a database, or a broken one
                self.problem = _words(problem)
            except (OSError, ValueError) as problem:
                self.problem = _words(problem)
                return otherwise
            if attempt == 1:
                problem_before = self.problem
                self.clear()
                self.problem = problem_before
        return otherwise

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            _mark(self.path.parent)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        database = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
        try:
            # A file that somebody else has made must not bring views or triggers along.
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA synchronous = OFF")  # after a power cut it may be broken, and is made anew
            found = _schema(database)
            if not found:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("BEGIN IMMEDIATE")
                if not _schema(database):  # unless another prodcheck was quicker
                    for statement in SCHEMA:
                        database.execute(statement)
                database.execute("COMMIT")
                found = _schema(database)
            if found != sorted(SCHEMA):
                raise _Unusable("has another layout")
        except BaseException:
            database.close()
            raise
        self.problem = ""
        return database


class _Unusable(Exception):
    """A database that is not ours."""


def _schema(database: sqlite3.Connection) -> list[str]:
    return sorted(sql for (sql,) in database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


def _select(database: sqlite3.Connection, keys: Sequence[bytes], today: int) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    stale: list[bytes] = []
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        for key, used, value in database.execute(f"SELECT key, used, value FROM entry WHERE key IN ({marks})", some):
            with suppress(zlib.error, TypeError):
                found[key] = spread_out(value, MOST_SPREAD)
                if used < today:
                    stale.append(key)
    if stale:
        import sqlite3

        with suppress(sqlite3.OperationalError):  # somebody else is writing: another day will do
            database.execute("BEGIN IMMEDIATE")
            database.executemany("UPDATE entry SET used = ? WHERE key = ?", ((today, key) for key in stale))
            database.execute("COMMIT")
    return found


def _insert(database: sqlite3.Connection, kind: str, values: Mapping[bytes, bytes], today: int) -> None:
    database.execute("BEGIN IMMEDIATE")
    rows = ((key, kind, today, value) for key, value in values.items())
    database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", rows)
    database.execute("DELETE FROM entry WHERE used < ?", (today - MOST_DAYS,))
    _prune(database)
    database.execute("COMMIT")


def _prune(database: sqlite3.Connection) -> None:
    """Bring the content to three quarters of its limit when it is above, so that this does not happen each time."""
    pages, free, page = (
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    excess = (pages - free) * page - MOST_BYTES
    if excess <= 0:
        return
    excess += MOST_BYTES // 4
    gone = []
    oldest = "SELECT key, LENGTH(value) FROM entry ORDER BY used, rowid"
    for key, size in database.execute(oldest):
        gone.append((key,))
        excess -= size
        if excess <= 0:
            break
    database.executemany("DELETE FROM entry WHERE key = ?", gone)


def _mark(folder: Path) -> None:
    """Tell backups and git that nothing in this folder is worth keeping."""
    with suppress(OSError):
        if not any(folder.iterdir()):
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
            tag = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of prodcheck. https://bford.info/cachedir/\n"
            (folder / "CACHEDIR.TAG").write_text(tag, encoding="utf-8")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _words(problem: Exception) -> str:
    return str(getattr(problem, "strerror", None) or problem).lower()


def squeeze(packed: bytes) -> bytes:
    """A value as it is kept: compressed, with a checksum."""
    return zlib.compress(packed, 1)


def spread_out(value: bytes, most: int = 0) -> bytes:
    """What was squeezed. Raises zlib.error for a broken value, and for one of more than `most` bytes if given."""
    spread = zlib.decompressobj()
    packed = spread.decompress(value, most)
    if not spread.eof:
        raise zlib.error("cut off, or too large")
    return packed


def key_of(*parts: str | bytes | int | None) -> bytes:
    """A key that differs whenever one of the parts does."""
    import hashlib

    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.digest()


def code_version(*names: str) -> str | None:
    """What stands for the code that computes a value: it differs as soon as a source file does.

    The sources themselves are read, which takes a millisecond per megabyte: a number to raise would be forgotten, and
    times of files are new in every CI job. `names` limits it to some files and folders of the package. The Python and
    the packages that parse for us are part of it; the rules, which are data, are not. None where the package is no
    folder on disk.
    """
    import hashlib

    package = str(Path(__file__).resolve().parent.parent)
    digest = hashlib.blake2b(digest_size=20)
    try:
        for top in [f"{package}/{name}" for name in names] or [package]:
            for path in sorted(_sources(top)):
                with open(path, "rb") as file:  # noqa: PTH123 - these are hundreds
                    content = file.read()
                digest.update(path.removeprefix(package).encode() + b"\0" + content + b"\0")
        digest.update("\n".join(_parsers()).encode())
    except OSError:
        return None
    return f"{sys.implementation.name}{sys.version_info[0]}.{sys.version_info[1]} {digest.hexdigest()}"


def _sources(top: str) -> Iterable[str]:
    if not os.path.isdir(top):  # noqa: PTH112
        return [top]
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in ("__pycache__", "_rules")]
        found += [f"{folder}/{name}" for name in names if not name.endswith((".pyc", ".pyo"))]
    return found


def _parsers() -> list[str]:
    """Names of the folders in which installers write the version of what we parse with."""
    from importlib.util import find_spec

    found = []
    for package in ("yaml", "detect_secrets", "pathspec", "tomli"):
        spec = find_spec(package)
        if spec is not None and spec.origin:
            start = package.replace("yaml", "pyyaml")
            near = os.listdir(Path(spec.origin).parent.parent)  # noqa: PTH208
            found += [name for name in near if name.lower().replace("-", "_").startswith(f"{start}_")]
    return sorted(name for name in found if name.endswith((".dist-info", ".egg-info")))
