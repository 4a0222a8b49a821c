"""Which ecosystem tools the repository uses, and how strong the evidence is.

Signatures are data (`rules/tools/*.yaml`); this module only looks things up. Paths, imports and calls are indexed once,
so that hundreds of marks cost little more than the files they really name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from prodcheck.extract import shell
from prodcheck.extract.dependency import normalise
from prodcheck.extract.document import Document
from prodcheck.extract.python import Call
from prodcheck.extract.run import FileFacts
from prodcheck.facts.calls import Calls
from prodcheck.facts.ci import CiGraph
from prodcheck.facts.ci_resolve import hooked
from prodcheck.facts.data import DATA_SUFFIXES, suffix
from prodcheck.facts.dependencies import Dependencies
from prodcheck.facts.paths import Glob, Paths, Role, suffix_of
from prodcheck.facts.signatures import Mark, Signature
from prodcheck.facts.unwrap import program, unwrap
from prodcheck.model import Evidence, GitState, Location, Strength, ToolUse
from prodcheck.patterns import heads, lazy_regex
from prodcheck.records import dataclass

MAX_EVIDENCE = 5
"""Places kept per tool: a person needs one or two, a report no more."""
MAX_TEXT = 300_000
"""Bytes. Larger files are data, and no regular expression is run over them."""

_ALL = frozenset([Role.CODE, Role.TEST, Role.DOCS])
_ROLES: Mapping[str, frozenset[Role]] = {
    # What tests and documentation import proves nothing about the project, except for what belongs there.
    "test-runner": frozenset([Role.CODE, Role.TEST]),
    "data-validation": frozenset([Role.CODE, Role.TEST]),
    "documentation": frozenset([Role.CODE, Role.DOCS]),
    "notebook": _ALL,
}
_OWN = frozenset([Role.CODE])


def build(
    files: Mapping[str, FileFacts],
    paths: Paths,
    calls: Calls,
    dependencies: Dependencies,
    ci: CiGraph,
    git: GitState,
    signatures: tuple[Signature, ...],
    text: Callable[[str], str],
) -> tuple[ToolUse, ...]:
    """All tools that at least one mark recognises, sorted by topic and name."""
    index = _Index(files, paths, calls, dependencies, ci, git, signatures, text)
    found = []
    for signature in signatures:
        marks = [mark for mark in signature.marks if index.may_show(mark)]
        evidence = [e for mark in marks for e in index.evidence(mark, signature.topic)]
        if evidence:
            evidence.sort(key=lambda e: (-e.strength, e.location.sort_key if e.location else ("", 0, 0, 0), e.detail))
            places = {e.location or e.detail: e for e in reversed(evidence)}  # one place, its strongest evidence
            unique = tuple(e for e in evidence if places[e.location or e.detail] is e)[:MAX_EVIDENCE]
            found.append(ToolUse(signature.topic, signature.tool, signature.name, unique[0].strength, unique))
    return tuple(sorted(found, key=lambda use: (use.topic, use.name.lower())))


class _Index:
    """Everything marks ask about, by what they ask for."""

    def __init__(
        self,
        files: Mapping[str, FileFacts],
        paths: Paths,
        calls: Calls,
        dependencies: Dependencies,
        ci: CiGraph,
        git: GitState,
        signatures: tuple[Signature, ...],
        text: Callable[[str], str],
    ) -> None:
        self.files = files
        self.roles = {path: paths.role(path) for path in files}
        self.calls = calls
        self.dependencies = dependencies
        self.git = git
        self.text = text
        self.contents: dict[str, str] = {}
        self.names: dict[str, list[str]] = defaultdict(list)
        self.suffixes: dict[str, list[str]] = defaultdict(list)
        self.folders: dict[str, list[str]] = defaultdict(list)
        for path in files:
            folder, _, name = path.rpartition("/")
            self.names[name].append(path)
            self.suffixes[suffix_of(name)].append(path)
            for part in set(folder.split("/")) if folder else ():
                self.folders[part].append(path)
        self.globs: dict[str, tuple[str, ...]] = {}
        self.owned: dict[tuple[str, frozenset[Role]], tuple[str, ...]] = {}
        self.keyed: dict[str, frozenset[str]] = {}
        self.imports: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.commands = _commands(files, paths, self.roles, ci)
        self.definitions: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.flavours: dict[str, list[tuple[str, int]]] = defaultdict(list)
        marks = [mark for signature in signatures for mark in signature.marks]
        self._index_code(
            {mark.pattern for mark in marks if mark.what == "import"},
            {mark.pattern for mark in marks if mark.what == "define"},
        )

    def _index_code(self, wanted: set[str], defined: set[str]) -> None:
        """Index wanted imports and definitions."""
        modules = {module.partition(".")[0] for module in wanted}
        for path, file in self.files.items():
            python = file.source
            if python is None or self.roles[path] not in _ALL:
                continue
            if python.flavour:
                self.flavours[python.flavour].append((path, 1))
            for item in python.imports:
                if item.level or item.module.partition(".")[0] not in modules:
                    continue
                place = (path, item.line)
                parts = item.module.split(".")
                above = wanted.intersection(".".join(parts[:length]) for length in range(1, len(parts) + 1))
                for module in above:  # once for itself and once for each name that is taken from it
                    self.imports[module].extend([place] * (1 + len(set(item.names))))
                for name in wanted.intersection(f"{item.module}.{n}" for n in item.names):
                    self.imports[name].append(place)
            for definition in python.definitions:
                if definition.name in defined:
                    self.definitions[definition.name].append((path, definition.line))

    def _spoken(self, asked: re.Match[str] | None) -> list[tuple[str, Call]]:
        """Calls of any name with a certain text."""
        pattern = asked["text"] if asked else None
        start = _WILD.split(pattern, maxsplit=1)[0] if pattern else ""
        paths = self.calls.saying(lambda text: text.startswith(start))
        sources = [(path, self.files[path].source) for path in paths if self.roles[path] in _ALL]
        return [(path, call) for path, python in sources if python for call in python.calls if call.text]

    def _calls(self, names: Collection[str]) -> list[tuple[str, Call]]:
        """Calls of these names, each name's together, in the order in which the names come first."""
        found: dict[str, list[tuple[str, Call]]] = {}
        for path in self.calls.named(names):
            python = self.files[path].source
            for call in python.calls.named(names.__contains__) if python and self.roles[path] in _ALL else ():
                found.setdefault(call.name, []).append((path, call))
        return [item for items in found.values() for item in items]

    def may_show(self, mark: Mark) -> bool:
        """False for a mark of which nothing is seen, as of nearly all, where one look into a table tells."""
        if mark.what == "import":
            return mark.pattern in self.imports
        if mark.what == "dependency":
            return normalise(mark.pattern) in self.dependencies.declared
        if mark.what == "command":
            return mark.pattern.partition(" ")[0] in self.commands
        return True

    def evidence(self, mark: Mark, topic: str) -> Iterator[Evidence]:
        """Places where one mark is seen, at most a handful."""
        roles = _ROLES.get(topic, _OWN)
        found: Iterable[Evidence]
        if mark.what == "file":
            found = self._files(mark, roles)
        elif mark.what == "key":
            found = self._keys(mark, roles)
        elif mark.what == "text":
            found = self._texts(mark, roles)
        elif mark.what == "import":
            found = self._places(self.imports.get(mark.pattern, ()), mark, roles, f"imports {mark.pattern}")
        elif mark.what == "define":
            found = self._places(self.definitions.get(mark.pattern, ()), mark, roles, f"defines {mark.pattern}")
        elif mark.what == "flavour":
            found = self._places(self.flavours.get(mark.pattern, ()), mark, roles, f"is a {mark.pattern} file")
        elif mark.what == "call":
            found = self._called(mark, roles)
        elif mark.what == "dependency":
            name = normalise(mark.pattern)
            places = self.dependencies.declared.get(name, ())
            found = (Evidence(f"declares {name}", place, mark.strength) for place in places)
        elif mark.what == "command":
            found = self._run(mark)
        elif mark.what == "lfs-pointer":
            pointers = (path for path in self.matching(mark.pattern) if self.files[path].lfs_pointer)
            found = (Evidence("is a Git LFS pointer", Location(path), mark.strength) for path in pointers)
        else:
            found = self._remotes(mark)
        for number, item in enumerate(found):
            if number >= MAX_EVIDENCE:
                return
            yield item

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Paths that match a glob. The index narrows the candidates, the pattern decides."""
        known = self.globs.get(pattern)
        if known is not None:
            return known
        found: set[str] = set()
        for one in _alternatives(pattern):
            candidates = self._candidates(one)
            if candidates:
                wanted = Glob(one)
                found.update(path for path in candidates if wanted.match(path))
        self.globs[pattern] = tuple(sorted(found))
        return self.globs[pattern]

    def _candidates(self, pattern: str) -> Collection[str]:
        last = pattern.rpartition("/")[2]
        if not _WILD.search(last):
            return self.names.get(last, ())
        start, dot, end = last.rpartition(".")
        if end and start.endswith("*") and not _WILD.search(end):
            return self.suffixes.get(dot + end, ())
        literal = [part for part in pattern.split("/")[:-1] if part and not _WILD.search(part)]
        if literal:
            return min((self.folders.get(part, ()) for part in literal), key=len)
        return self.files

    def _own(self, mark: Mark, roles: frozenset[Role]) -> Iterator[str]:
        pattern = mark.files if mark.what in ("text", "key") else mark.pattern
        owned = self.owned.get((pattern, roles))
        if owned is None:
            # Configuration proves what it says wherever it lies, except in examples and other people's code.
            owned = tuple(path for path in self.matching(pattern) if self.roles[path] in roles)
            self.owned[pattern, roles] = owned
        return (path for path in owned if self._also(mark, path)) if mark.also else iter(owned)

    def _also(self, mark: Mark, path: str) -> bool:
        return not mark.also or re.search(mark.also, self._content(path), re.MULTILINE) is not None

    def _content(self, path: str) -> str:
        known = self.contents.get(path)
        if known is None:
            file = self.files[path]
            data = file.binary or file.lfs_pointer or file.size > MAX_TEXT or suffix(path) in DATA_SUFFIXES
            known = self.contents[path] = "" if data else self.text(path)  # data is never searched
        return known

    def _files(self, mark: Mark, roles: frozenset[Role]) -> Iterator[Evidence]:
        for path in self._own(mark, roles):
            yield Evidence("is there", Location(path), mark.strength)

    def _keys(self, mark: Mark, roles: frozenset[Role]) -> Iterator[Evidence]:
        key, _, wanted = mark.pattern.partition("=")
        first = key.partition(".")[0]
        for path in self._own(mark, roles):
            document = self.files[path].document
            if document is None or not self._may_have(first, path, document):
                continue
            for value, line in document.find_all(key):
                values = value if isinstance(value, list) else [value]
                if not wanted or any(fnmatchcase(str(v), wanted) for v in values):
                    detail = f"has {key.rpartition('*.')[2]}{f' {wanted}' if wanted else ''}"
                    yield Evidence(detail, Location(path, line), mark.strength)
                    break

    def _may_have(self, first: str, path: str, document: Document) -> bool:
        """Whether a key that begins so can be there: hundreds are asked for, most documents have few."""
        if path not in self.keyed:
            tops = (part if isinstance(part, dict) else ["*"] for part in document.parts)
            self.keyed[path] = frozenset(str(key).partition(".")[0] for keys in tops for key in keys)
        return first == "*" or first in self.keyed[path] or "*" in self.keyed[path]

    def _texts(self, mark: Mark, roles: frozenset[Role]) -> Iterator[Evidence]:
        begins: list[str] = []
        for path in self._own(mark, roles):
            content = self._content(path)
            begins = begins or heads(mark.pattern)
            found = any(begin in content for begin in begins)
            match = re.search(mark.pattern, content, re.MULTILINE) if found else None
            if match:
                line = content.count("\n", 0, match.start()) + 1
                said = " ".join(match[0].split())[:40]
                yield Evidence(f"says {said}" if said else "matches", Location(path, line), mark.strength)

    def _called(self, mark: Mark, roles: frozenset[Role]) -> Iterator[Evidence]:
        """Calls by name; `name(keyword)`, `name(keyword=value)` and `name("text")` ask for an argument too."""
        asked = _CALL.search(mark.pattern)
        pattern = mark.pattern[: asked.start()] if asked else mark.pattern
        last = pattern.rpartition(".")[2]
        if last == "*":
            candidates = self._spoken(asked)
        else:
            known = self.calls.names(last)
            candidates = self._calls({n for n in known if n == pattern or ("*" in pattern and fnmatchcase(n, pattern))})
        for path, call in candidates:
            if asked is None or _has_argument(call, asked):
                said = f"calls {call.name}{f' with {asked[0][1:-1]}' if asked else ''}"
                yield from self._places([(path, call.line)], mark, roles, said)

    def _places(
        self, places: Iterable[tuple[str, int]], mark: Mark, roles: frozenset[Role], detail: str
    ) -> Iterator[Evidence]:
        limited = set(self.matching(mark.files)) if mark.files else None
        for path, line in places:
            if self.roles[path] not in roles or (limited is not None and path not in limited):
                continue
            if not self._also(mark, path):
                continue
            notebook = self.files[path].notebook
            place = notebook.locate(path, line) if notebook else Location(path, line)
            yield Evidence(detail, place, mark.strength)

    def _run(self, mark: Mark) -> Iterator[Evidence]:
        """Commands of CI and hooks enforce; a target of a task runner or a script only uses."""
        wanted = mark.pattern.split()
        for run in self.commands.get(wanted[0], ()):
            argv = run.argv[: len(wanted)]
            if len(argv) == len(wanted) and all(fnmatchcase(a, w) for a, w in zip(argv, wanted, strict=True)):
                yield Evidence(run.detail, run.location, min(run.strength, mark.strength))

    def _remotes(self, mark: Mark) -> Iterator[Evidence]:
        for name, url in self.git.remotes:
            host = re.match(r"(?:\w[\w+.-]*://)?(?:[^@/]*@)?([^/:]+)", url)
            if host and (host[1] == mark.pattern or host[1].endswith("." + mark.pattern)):
                yield Evidence(f"{name} points at {host[1]}", None, mark.strength)


_CALL = lazy_regex(r"\((?:\"(?P<text>[^\"]*)\"|(?P<keyword>\w+)(?:=(?P<value>.*))?)\)\Z")


def _has_argument(call: Call, asked: re.Match[str]) -> bool:
    if asked["text"] is not None:
        return fnmatchcase(call.text or "", asked["text"])
    value = call.keywords.get(asked["keyword"])
    if value is None:
        return False
    return asked["value"] is None or fnmatchcase(str(value), asked["value"])


@dataclass(frozen=True)
class _Run:
    """One command that something runs, without the wrappers around it."""

    argv: tuple[str, ...]
    detail: str
    location: Location | None
    strength: Strength


def _commands(
    files: Mapping[str, FileFacts], paths: Paths, roles: Mapping[str, Role], ci: CiGraph
) -> Mapping[str, list[_Run]]:
    """What CI, hooks, task runners and scripts run, by program."""
    found: dict[str, list[_Run]] = defaultdict(list)

    def add(argv: tuple[str, ...], detail: str, location: Location | None, strength: Strength) -> None:
        plain = _plain(argv)
        if plain:
            found[plain[0]].append(_Run(plain, detail, location, strength))

    for command in ci.commands:
        place = command.chain[0].location if command.chain else Location(command.pipeline)
        add(command.argv, f"CI runs {command.text[:60]}", place, Strength.ENFORCED)
    for path, file in files.items():
        if roles[path] is not Role.CODE:
            continue
        for tasks in file.tasks:
            hooks = tasks.runner == "pre-commit"
            for command in hooked(files, paths, tasks) if hooks else ():
                place = command.chain[0].location if command.chain else Location(path)
                add(command.argv, f"runs {command.text[:60]}", place, Strength.ENFORCED)
            for target in tasks.targets:
                # A hook of another repository is told by its id; a local one was followed above.
                strength = Strength.ENFORCED if hooks and not target.errexit else Strength.USED
                for line, text in target.commands:
                    for step in shell.parse(text, line):
                        add(step.argv, f"runs {step.text[:60]}", Location(path, step.line), strength)
    return found


def _plain(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command itself: no `poetry run`, no `python -m`, no folder."""
    argv = unwrap(argv)
    if len(argv) > 2 and program(argv[0]) == "python" and argv[1] == "-m":
        return argv[2:]
    return (program(argv[0]), *argv[1:]) if argv else argv


_WILD = lazy_regex(r"[*?\[{]")


def _alternatives(pattern: str) -> list[str]:
    """The pattern with its first `{a,b}` written out, so that each can be looked up by name."""
    match = re.search(r"\{([^{}]*)\}", pattern) if "{" in pattern else None
    if not match:
        return [pattern]
    return [
        expanded
        for word in match[1].split(",")
        for expanded in _alternatives(pattern[: match.start()] + word + pattern[match.end() :])
    ]


def strongest(uses: Iterable[ToolUse], topic: str) -> Strength | None:
    """Strength of the best recognised tool of a topic, or None."""
    return max((use.strength for use in uses if use.topic == topic), default=None)
