"""tox: environments and their commands from tox.ini, setup.cfg, tox.toml and pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, product

from prodcheck.extract.tasks_model import Target, TaskFile
from prodcheck.patterns import lazy_regex

MAX_LINE = 5_000
MAX_ROWS = 500
"""Command rows of one environment: references between sections may multiply each other."""
Values = dict[str, list[tuple[int, str]]]
_CONDITION = lazy_regex(r"^(!?[\w.{}]+(?:\s*[,-]\s*!?[\w.{}]+)*):\s+(.*)$")


def ini(path: str, text: str, offset: int = 0) -> TaskFile | None:
    """The tox environments of an INI text whose first line is file line `offset` + 1; None when there are none."""
    sections = read_ini(text, offset)
    name = "tox:tox" if "tox:tox" in sections else "tox"
    if name not in sections and not any(s.startswith("testenv") for s in sections):
        return None
    top, base = sections.get(name, {}), sections.get("testenv", {})
    environments = list(_environments(top.get("envlist") or top.get("env_list") or []))
    targets = [_target("testenv", 1, base, base, sections)] if base else []
    for section, values in sections.items():
        if section.startswith("testenv:"):
            line = next((rows[0][0] for rows in values.values() if rows), 1)
            targets += [_target(env, line, values, base, sections) for env in _braces(section.partition(":")[2])]
    return TaskFile(path, "tox", tuple(targets), tuple(environments) or ("py",))


def read_ini(text: str, offset: int = 0) -> dict[str, Values]:
    """Sections of an INI file, each key with its (line, text) rows. Own reader: configparser knows no lines."""
    sections: dict[str, Values] = {}
    values: Values = {}
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), offset + 1):
        line = line[:MAX_LINE]
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        header = re.match(r"^\[(.+?)\]\s*$", line)
        entry = re.match(r"^([^\s=:\[][^=:]*?)\s*[=:]\s*(.*)$", line)
        if header:
            values = sections.setdefault(header.group(1).strip(), {})
            rows = []
        elif line[0] in " \t":
            rows.append((number, stripped))
        elif entry:
            rows = values[entry.group(1).strip().lower()] = []
            if entry.group(2):
                rows.append((number, entry.group(2)))
    return sections


def _target(name: str, line: int, values: Values, base: Values, sections: Mapping[str, Values]) -> Target:
    commands: list[tuple[int, str]] = []
    factors: list[str] = []
    for key in ("commands_pre", "commands", "commands_post"):
        rows = values.get(key, base.get(key, []))
        for number, text, factor in islice(_rows(rows, {**base, **values}, sections), MAX_ROWS):
            commands.append((number, text))
            factors.append(factor)
    ignored = any(text.lower() == "true" for _, text in values.get("ignore_outcome", base.get("ignore_outcome", [])))
    if ignored:
        commands = [(number, f"{text} || true") for number, text in commands]
    directory = "".join(text for _, text in (values.get("changedir") or values.get("change_dir") or [])[:1])
    return Target(name, line, tuple(commands), directory=_substitute(directory, {}, sections), factors=tuple(factors))


def _rows(
    rows: list[tuple[int, str]], own: Values, sections: Mapping[str, Values], depth: int = 0
) -> Iterator[tuple[int, str, str]]:
    """Command lines with continuations joined, references to other sections put in, and their factor conditions."""
    pending: tuple[int, str] | None = None
    for number, text in rows[: MAX_ROWS >> (3 * depth)]:
        if pending:
            number, text = pending[0], f"{pending[1]} {text}"
            pending = None
        if text.endswith("\\"):
            pending = (number, text[:-1])
            continue
        condition = _CONDITION.match(text)
        factor, text = (condition.group(1), condition.group(2)) if condition else ("", text)
        if "{" in factor:  # `py{310,311}: command`
            factor = ",".join(_environments([(number, factor)]))
        reference = re.fullmatch(r"\{\[([^\]]+)\](\w+)\}", text)
        if reference and depth < 5:
            found = sections.get(reference.group(1), {}).get(reference.group(2), [])
            for line, inner, inner_factor in _rows(found, own, sections, depth + 1):
                yield line, inner, factor or inner_factor
            continue
        text = _substitute(text, own, sections)
        yield number, f"{text[1:].strip()} || true" if text.startswith("-") else text.lstrip("! "), factor


def _substitute(text: str, own: Values, sections: Mapping[str, Values]) -> str:
    """tox's substitutions, as far as they are known: `{posargs:x}`, `{[section]key}`, `{env:X:default}`."""

    def put(match: re.Match[str]) -> str:
        inner = match.group(1)
        if inner.startswith("posargs"):
            return inner.partition(":")[2]
        if inner.startswith("env:"):
            return inner.split(":", 2)[2] if inner.count(":") > 1 else f"${inner[4:]}"
        if inner.startswith("["):
            section, _, key = inner[1:].partition("]")
            values: Values = sections.get(section, {})
            return " ".join(row for _, row in values.get(key, []))
        known = {"toxinidir": ".", "tox_root": ".", "envpython": "python", "basepython": "python", "envbindir": ""}
        if inner in own:
            return " ".join(row for _, row in own[inner])
        return known.get(inner, f"${{{inner}}}")

    for _ in range(3):  # nested substitutions
        changed = re.sub(r"(?<!\$)\{([^{}]*)\}", put, text, count=50)
        if changed == text or len(changed) > MAX_LINE:
            break
        text = changed
    return text.replace("\\{", "{")


def _environments(rows: list[tuple[int, str]]) -> Iterator[str]:
    for _, row in rows:
        depth, current = 0, ""
        for char in row + ",":
            if char in ", " and depth == 0:
                yield from _braces(current) if current.strip() else ()
                current = ""
                continue
            depth += (char == "{") - (char == "}")
            current += char


def _braces(text: str) -> list[str]:
    """`py{38,39}-{a,b}` written out."""
    parts = re.split(r"\{([^{}]*)\}", text.strip())
    choices = [[p] if i % 2 == 0 else [c.strip() for c in p.split(",")] for i, p in enumerate(parts)]
    return ["".join(combination) for combination in islice(product(*choices), 200)]


def toml(path: str, tox: object, lines: Mapping[str, int], prefix: str) -> TaskFile | None:
    """tox's own TOML tables, or the INI text inside `legacy_tox_ini`; `prefix` is where in the file they are."""
    if not isinstance(tox, dict):
        return None
    legacy = tox.get("legacy_tox_ini")
    if isinstance(legacy, str):
        return ini(path, legacy, lines.get(f"{prefix}legacy_tox_ini", 1))
    base, environments = tox.get("env_run_base"), tox.get("env")
    targets = []
    tables: dict[str, tuple[object, str]] = {"testenv": (base, f"{prefix}env_run_base")}
    named = environments if isinstance(environments, dict) else {}
    for name, table in named.items():
        tables[str(name)] = (table, f"{prefix}env.{name}")
    for name, (table, key) in tables.items():
        if isinstance(table, dict):
            inherited = base.get("commands") if isinstance(base, dict) else None
            commands: object = table.get("commands", inherited)
            line = lines.get(f"{key}.commands") or lines.get(key, 1)
            listed = [c for c in commands if isinstance(c, list)] if isinstance(commands, list) else []
            rows = [" ".join(w for w in c if isinstance(w, str)) for c in listed]
            targets.append(Target(name, line, tuple((line, row) for row in rows)))
    default = tox.get("env_list", tox.get("envlist", []))
    names = [str(e) for e in default if isinstance(e, str)] if isinstance(default, list) else []
    return TaskFile(path, "tox", tuple(targets), tuple(names) or ("py",)) if targets else None
