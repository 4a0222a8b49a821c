"""Settings: `[tool.prodcheck]` in `pyproject.toml` or the file `prodcheck.toml`, as one dataclass.

Every setting exists once, here; the command line takes its defaults from this class. Unknown keys and wrong values are
errors that name the file and the nearest key that would have been right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields, replace
from typing import Any, TypeVar

from prodcheck import toml
from prodcheck.errors import ConfigError
from prodcheck.model import Kind, Severity, Stage
from prodcheck.records import dataclass

FILE_NAME = "prodcheck.toml"
E = TypeVar("E", Kind, Stage, Severity)


@dataclass(frozen=True)
class Ignore:
    """A rule that a person has decided not to count, where, and why. `paths` empty means everywhere."""

    rule: str
    reason: str
    paths: tuple[str, ...] = ()
    source: str = FILE_NAME


@dataclass(frozen=True)
class Thresholds:
    """Numbers that rules compare with; set under `thresholds`."""

    notebook_share: float = 0.6
    """Share of the code that a single notebook may carry before it counts as the whole project."""
    small_data_mb: float = 1.0
    """Data up to this many megabytes may live in git: git is its version."""
    small_project_lines: int = 100
    """Projects with fewer lines of code than this need no test suite."""


@dataclass(frozen=True)
class Config:
    """The settings of one audit."""

    kind: Kind | None = None
    stage: Stage | None = None
    standalone: bool = False
    """Treat a folder inside a larger repository as a project of its own: its CI is not looked for at the top."""
    exclude: tuple[str, ...] = ()
    """Patterns as in .gitignore; matching files are not scanned."""
    ignore: tuple[Ignore, ...] = ()
    select: tuple[str, ...] = ()
    """Run only these rules; empty means all."""
    rules: tuple[str, ...] = ()
    """Folders with further rule files."""
    fail_under: float | None = None
    fail_on: Severity | None = None
    baseline: str | None = None
    """File of accepted findings, relative to the audited folder."""
    new_only: bool = False
    """`fail_on` counts only findings that are not in the baseline."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    path: str | None = None
    """The file the settings came from, relative to the audited folder."""
    digest: str = ""
    """SHA-256 of the file's settings, first 12 hexadecimal digits; empty without a file."""


def parse(text: str, path: str) -> Config:
    """Settings from the text of `prodcheck.toml` or of a `pyproject.toml`.

    A `pyproject.toml` without `[tool.prodcheck]` gives the defaults with `path` None. Raises `ConfigError`.
    """
    try:
        data = toml.loads(text)
    except toml.TomlError as problem:
        raise ConfigError(f"{path}: not valid TOML: {problem}", "Fix the syntax, or remove the file.") from None
    if path.rpartition("/")[2] == "pyproject.toml":
        tool = data.get("tool", {})
        if not isinstance(tool, dict) or "prodcheck" not in tool:
            return Config()
        data = tool["prodcheck"]
        if not isinstance(data, dict):
            raise ConfigError(f"{path}: tool.prodcheck must be a table", "Write it as [tool.prodcheck].")
    import hashlib

    digest = hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()[:12]
    return replace(_Reader(path).config(data), path=path, digest=digest)


def nearest(word: str, words: Mapping[str, object] | list[str]) -> str:
    """`Did you mean ...?` for a mistyped word, or the list of what is allowed."""
    import difflib

    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f"Did you mean `{close[0]}`?" if close else f"Allowed: {', '.join(sorted(words))}."


class _Reader:
    """Turns TOML values into settings and explains what is wrong with them."""

    def __init__(self, path: str) -> None:
        self.path = path

    def fail(self, key: str, message: str, hint: str) -> ConfigError:
        return ConfigError(f"{self.path}: {key}: {message}", hint)

    def config(self, data: Mapping[str, object]) -> Config:
        readers: dict[str, Callable[[str, object], object]] = {
            "kind": lambda k, v: self.enum(k, v, Kind),
            "stage": lambda k, v: self.enum(k, v, Stage),
            "standalone": self.boolean,
            "exclude": self.strings,
            "ignore": self.ignores,
            "select": self.strings,
            "rules": self.strings,
            "fail-under": self.score,
            "fail-on": lambda k, v: self.enum(k, v, Severity),
            "baseline": self.string,
            "new-only": self.boolean,
            "thresholds": self.thresholds,
        }
        values: dict[str, Any] = {}
        for key, value in data.items():
            name = "fail-under" if key == "min-score" else key
            if name not in readers:
                raise self.fail(key, "unknown setting", nearest(key, dict(readers)))
            values[name.replace("-", "_")] = readers[name](key, value)
        return Config(**values)

    def enum(self, key: str, value: object, choices: type[E]) -> E:
        words = [str(choice.value) for choice in choices]
        if not isinstance(value, str) or value not in words:
            raise self.fail(key, f"{value!r} is not allowed", nearest(str(value), words))
        return choices(value)

    def boolean(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise self.fail(key, f"{value!r} is not allowed", "Write true or false.")
        return value

    def string(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, f"{value!r} is not allowed", f'Write {key} = "...".')
        return value

    def strings(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(key, "must be a list of strings", f'Write {key} = ["...", "..."].')
        return tuple(value)

    def score(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise self.fail(key, f"{value!r} is not a score", "Write a number from 0 to 100.")
        return float(value)

    def thresholds(self, key: str, value: object) -> Thresholds:
        if not isinstance(value, dict):
            raise self.fail(key, "must be a table", "Write it as [tool.prodcheck.thresholds].")
        known = {f.name.replace("_", "-"): f for f in fields(Thresholds)}
        numbers: dict[str, Any] = {}
        for name, number in value.items():
            if name not in known:
                raise self.fail(f"{key}.{name}", "unknown threshold", nearest(name, dict(known)))
            if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
                raise self.fail(f"{key}.{name}", f"{number!r} is not allowed", "Write a number, zero or more.")
            numbers[known[name].name] = number
        return Thresholds(**numbers)

    def ignores(self, key: str, value: object) -> tuple[Ignore, ...]:
        hint = 'Write ignore = [{ rule = "no-lockfile", reason = "..." }].'
        if not isinstance(value, list):
            raise self.fail(key, "must be a list of tables", hint)
        found = []
        for position, item in enumerate(value, start=1):
            where = f"{key}[{position}]"
            if not isinstance(item, dict):
                raise self.fail(where, "must be a table with rule and reason", hint)
            for name in item:
                if name not in ("rule", "reason", "paths"):
                    raise self.fail(f"{where}.{name}", "unknown key", nearest(name, ["rule", "reason", "paths"]))
            for name in ("rule", "reason"):
                if not isinstance(item.get(name), str) or not item[name].strip():
                    raise self.fail(where, f"lacks a {name}", "Say which rule is ignored, and why.")
            paths = self.strings(f"{where}.paths", item["paths"]) if "paths" in item else ()
            found.append(Ignore(item["rule"], item["reason"].strip(), paths, self.path))
        return tuple(found)
