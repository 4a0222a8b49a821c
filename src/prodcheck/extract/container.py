"""A Dockerfile as its stages and instructions, with lines: continuations, comments and here-documents put together.

Small enough to be our own: parsers on the package index take the bodies of here-documents for instructions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from prodcheck.extract.text import decode
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_BYTES = 500_000
_NAME = lazy_regex(r"(?:dockerfile|containerfile)(?:[._-].+)?|.+[._-](?:dockerfile|containerfile)", re.IGNORECASE)
_NOT = lazy_regex(r"\.(?:dockerignore|md|rst|txt|py|sh|ya?ml|json|j2|jinja2?|tmpl|tpl|erb|in)$", re.IGNORECASE)
_INSTRUCTION = lazy_regex(r"\s*([A-Za-z]+)(?:\s+(.*))?$", re.DOTALL)
_WORDS = frozenset(
    "FROM RUN CMD LABEL MAINTAINER EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL "
    "HEALTHCHECK SHELL".split()
)
_HEREDOC = lazy_regex(r"(?<!<)<<-?\s*([\"']?)([A-Za-z_]\w*)\1")
_VARIABLE = lazy_regex(r"\$(?:\{(\w+)(?::?[-+]([^}]*))?\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, what follows on one line, the body of its here-documents, its line."""

    word: str
    text: str
    line: int
    body: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The exec form (`["a", "b"]`) as words; the shell form split at blanks."""
        plain = re.sub(r"^(?:--\S+\s+)+", "", self.text.strip())
        if plain.startswith("["):
            try:
                words = json.loads(plain)
            except ValueError:
                return tuple(plain.split())
            return tuple(str(word) for word in words) if isinstance(words, list) else ()
        return tuple(plain.split())


@dataclass(frozen=True, slots=True)
class Stage:
    """One build stage. `base` has known ARG defaults put in; it may be the name of an earlier stage."""

    name: str
    base: str
    line: int
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """One Dockerfile: its stages in order; the last one is what is built by default."""

    stages: tuple[Stage, ...]

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """The instructions of all stages, in order."""
        return tuple(item for stage in self.stages for item in stage.instructions)

    @property
    def images(self) -> tuple[tuple[str, int], ...]:
        """Images that are pulled, with lines: bases that are no earlier stage and not `scratch`."""
        names: set[str] = set()
        found = []
        for stage in self.stages:
            if stage.base not in names and stage.base != "scratch":
                found.append((stage.base, stage.line))
            names.add(stage.name)
        return tuple(found)

    def lineage(self, stage: Stage) -> Iterator[Stage]:
        """A stage and the earlier ones it is built on, nearest first."""
        by_name = {other.name: other for other in self.stages}
        seen: set[str] = set()
        current: Stage | None = stage
        while current is not None and current.name not in seen:
            seen.add(current.name)
            yield current
            current = by_name.get(current.base)


def wants(path: str) -> bool:
    name = path.rpartition("/")[2]
    return _NAME.fullmatch(name) is not None and _NOT.search(name) is None


def extract(path: str, data: bytes) -> Container | None:
    """The stages of a Dockerfile; None for a file that is called like one and has no FROM. Never raises."""
    if len(data) > MAX_BYTES:
        return None
    stages: list[Stage] = []
    before: list[Instruction] = []
    current: list[Instruction] = []
    arguments: dict[str, str] = {}

    def finish() -> None:
        if stages:
            last = stages[-1]
            stages[-1] = Stage(last.name, last.base, last.line, tuple(current))
            current.clear()

    for item in _instructions(decode(data).removeprefix("\ufeff")):
        if item.word == "FROM":
            finish()
            words = item.arguments
            if not words:
                continue
            alias = words[2] if len(words) > 2 and words[1].lower() == "as" else str(len(stages))
            stages.append(Stage(alias, _filled(words[0], arguments), item.line))
        elif not stages:
            before.append(item)
            if item.word == "ARG":
                name, _, value = item.text.partition("=")
                arguments[name.strip()] = value.strip().strip("\"'")
        else:
            current.append(item)
    finish()
    return Container(tuple(stages)) if stages else None


def _filled(text: str, arguments: dict[str, str]) -> str:
    """Text with ARG defaults put in; variables without a value stay as they are."""
    return _VARIABLE.sub(lambda m: arguments.get(m[1] or m[3]) or m[2] or m[0], text)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = text.replace("\r\n", "\n").split("\n")
    escape = "\\"
    index = 0
    while index < len(lines):  # parser directives stand before everything else
        directive = re.match(r"#\s*(\w+)\s*=\s*(\S+)\s*$", lines[index])
        if not directive:
            break
        escape = directive[2] if directive[1].lower() == "escape" else escape
        index += 1
    while index < len(lines):
        start = index
        whole = ""
        while index < len(lines):
            line = lines[index]
            index += 1
            if line.lstrip().startswith("#") or (whole and not line.strip()):
                if not whole:
                    break
                continue  # comments and blank lines inside a continued instruction
            stripped = line.rstrip()
            if stripped.endswith(escape):
                whole += stripped[: -len(escape)] + " "
                continue
            whole += line
            break
        match = _INSTRUCTION.match(whole)
        if not match or match[1].upper() not in _WORDS:
            continue
        word, rest = match[1].upper(), (match[2] or "").strip()
        body: list[str] = []
        if word in ("RUN", "COPY", "ADD"):
            for document in _HEREDOC.finditer(rest):
                while index < len(lines):
                    line = lines[index]
                    index += 1
                    if line.strip() == document[2]:
                        break
                    body.append(line)
        yield Instruction(word, rest, start + 1, "\n".join(body))
