"""Makefiles and justfiles: targets, prerequisites, variables, recipe lines."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping

from prodcheck.extract.tasks_model import Target, TaskFile
from prodcheck.patterns import lazy_regex

MAX_LINE = 5_000
"""Longer lines are data, and patterns must not be run over them."""
MAX_RULES = 20_000
"""Targets that are noted: names in variables may multiply them."""

_VARIABLE = lazy_regex(r"^(?:export\s+|override\s+)*([\w.-]+)\s*(\?|:{1,3}|\+|!)?=\s*(.*)$")
_RULE = lazy_regex(r"^([^\s:#=][^:#=]*?)\s*(&?::?)(?![=:])\s*(.*)$")
_TARGET_VARIABLE = lazy_regex(r"^(?:export\s+|override\s+|private\s+)*[\w.-]+\s*(?:\?|:{1,3}|\+|!)?=")
_REFERENCE = lazy_regex(r"\$(?:\(([\w.-]+)\)|\{([\w.-]+)\}|([@<^*?]))")
_SKIPPED = lazy_regex(r"^\s*-?(?:ifeq|ifneq|ifdef|ifndef|else|endif|export|unexport|vpath)\b")
_INCLUDE = lazy_regex(r"^-?s?include\s+(.+)$")


def makefile(path: str, text: str) -> TaskFile:
    """Targets of a Makefile. Conditionals are read as if all their branches held."""
    reader = _Make()
    reader.read(text)
    variables = reader.variables
    parts: dict[str, tuple[int, list[tuple[int, str]], list[str]]] = {}
    for name, line, needs, commands in reader.rules:
        own = {"@": name, "<": needs[0] if needs else "", "^": " ".join(needs), "MAKE": "make"}
        put = ChainMap(own, variables)
        lines = tuple((row, _recipe(_expand(body, put))) for row, body in commands)
        if ".ONESHELL" in reader.special and lines:
            lines = ((lines[0][0], "\n".join(body for _, body in lines)),)
        wanted = tuple(_expand(" ".join(needs), put).replace("|", " ").split())
        _, commands_of, needs_of = parts.setdefault(name, (line, [], []))
        commands_of.extend(lines)
        needs_of.extend(wanted)
    targets = {name: Target(name, line, tuple(lines), tuple(needs)) for name, (line, lines, needs) in parts.items()}
    default = _expand(variables.get(".DEFAULT_GOAL", ""), variables)
    first = default or next((n for n in targets if not n.startswith(".") and "%" not in n), "")
    includes = tuple(_expand(" ".join(reader.includes), variables).split())
    return TaskFile(path, "make", tuple(targets.values()), (first,) if first else (), includes=includes)


class _Make:
    """One pass over the lines of a Makefile."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.rules: list[tuple[str, int, list[str], list[tuple[int, str]]]] = []
        self.includes: list[str] = []
        self.special: set[str] = set()
        self.current: list[list[tuple[int, str]]] = []

    def read(self, text: str) -> None:
        rows = text.replace("\r\n", "\n").split("\n")
        index, in_define = 0, False
        while index < len(rows):
            first, line = index, rows[index]
            while line.endswith("\\") and index + 1 < len(rows):
                index += 1
                line += "\n" + rows[index]
            index += 1
            if line.startswith(("define ", "endef")):
                in_define = line.startswith("define ")
            elif not in_define:
                self.line(line, first + 1)

    def line(self, line: str, number: int) -> None:
        if line.startswith("\t"):
            body = line[1:]
            if body.strip() and not body.strip().startswith("#"):
                for recipe in self.current:
                    recipe.append((number, body))
            return
        if len(line) > MAX_LINE:
            return
        flat = re.sub(r"\\\n\s*", " ", line).strip()
        if not flat or flat.startswith("#") or _SKIPPED.match(flat):
            assignment = _VARIABLE.match(flat) if flat.startswith("export") else None
            if not assignment:
                return
        if include := _INCLUDE.match(flat):
            self.includes.append(include.group(1))
        elif variable := _VARIABLE.match(flat):
            self.assign(variable.group(1), variable.group(2) or "", variable.group(3))
        elif rule := _RULE.match(flat):
            self.rule(rule.group(1), rule.group(3), number)

    def assign(self, name: str, operator: str, value: str) -> None:
        value = re.sub(r"\s+#.*$", "", value)
        if operator == "+":
            value = f"{self.variables.get(name, '')} {value}".strip()
        if operator != "?" or name not in self.variables:
            self.variables[name] = value

    def rule(self, names: str, rest: str, number: int) -> None:
        prerequisites, _, inline = rest.partition(";")
        prerequisites = re.sub(r"\s*#.*$", "", prerequisites)
        if _TARGET_VARIABLE.match(prerequisites):
            self.current = []
            return
        self.current = []
        for name in _expand(names, self.variables).split() if len(self.rules) < MAX_RULES else ():
            if name.startswith(".") and name.isupper():
                self.special.add(name)
                continue
            recipe = [(number, inline.strip())] if inline.strip() else []
            self.rules.append((name, number, prerequisites.split(), recipe))
            self.current.append(recipe)


def _expand(text: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """Known variables put in; unknown ones become shell variables, so that `$(X)` is not taken for a command."""

    room = 200 if depth == 0 else 20  # references that are followed: variables may multiply each other

    def put(match: re.Match[str]) -> str:
        nonlocal room
        name = match.group(1) or match.group(2) or match.group(3)
        room -= 1
        if name in variables and depth < 6 and room >= 0:
            return _expand(variables[name], variables, depth + 1)[:2_000]
        return f"${{{name}}}"

    if len(text) > MAX_LINE:
        return text
    out = _REFERENCE.sub(put, text.replace("$$", "\0"))
    return re.sub(r"\$\(shell\s+", "$(", out).replace("\0", "$")


def _recipe(body: str) -> str:
    """A recipe line without make's prefixes; `-` ignores the failure."""
    prefix = re.match(r"[@+\-\s]*", body)
    marks = prefix.group() if prefix else ""
    text = body[len(marks) :]
    return f"{text} || true" if "-" in marks else text


_JUST_RECIPE = lazy_regex(
    r"^@?([A-Za-z_][\w-]*)((?:\s+[*+$]{0,2}[A-Za-z_][\w-]*(?:\s*=\s*(?:'[^']*'|\"[^\"]*\"|[^\s:]+))?)*)\s*:(?!=)\s*(.*)$"
)
_JUST_VARIABLE = lazy_regex(r"^(?:export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(.*)$")


def justfile(path: str, text: str) -> TaskFile:
    """Recipes of a justfile."""
    variables: dict[str, str] = {}
    aliases: list[tuple[str, str, int]] = []
    raw: list[tuple[str, int, tuple[str, ...], list[tuple[int, str]]]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        line = line[:MAX_LINE]
        if line[:1] in (" ", "\t"):
            if raw and line.strip():
                raw[-1][3].append((number, line.strip()))
        elif alias := re.match(r"^alias\s+([\w-]+)\s*:=\s*([\w-]+)", line):
            aliases.append((alias.group(1), alias.group(2), number))
        elif variable := _JUST_VARIABLE.match(line):
            variables[variable.group(1)] = variable.group(2).strip().strip("'\"`")
        elif recipe := _JUST_RECIPE.match(line):
            needs = re.findall(r"[A-Za-z_][\w-]*", re.sub(r"\(([\w-]+)[^)]*\)|#.*$", r" \1 ", recipe.group(3)))
            raw.append((recipe.group(1), number, tuple(needs), []))
    targets = [Target(name, line, _just_body(body, variables), needs) for name, line, needs, body in raw]
    targets += [Target(name, line, (), (goal,)) for name, goal, line in aliases]
    default = next((t.name for t in targets if t.name == "default"), targets[0].name if targets else "")
    return TaskFile(path, "just", tuple(targets), (default,) if default else ())


def _just_body(body: list[tuple[int, str]], variables: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    def put(line: str) -> str:
        return re.sub(r"\{\{\s*([\w-]+)\s*\}\}", lambda m: variables.get(m.group(1), m.group()), line)

    if body and body[0][1].startswith("#!"):
        return ((body[0][0], "\n".join(put(line) for _, line in body)),) if "sh" in body[0][1] else ()
    out: list[tuple[int, str]] = []
    for number, line in body:
        if out and out[-1][1].endswith("\\"):
            out[-1] = (out[-1][0], out[-1][1] + "\n" + put(line))
        elif not line.startswith("#"):
            out.append((number, _recipe(put(line))))
    return tuple(out)
