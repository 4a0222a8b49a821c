"""YAML as plain trees with the line of every key, built from parser events instead of PyYAML's loaders.

PyYAML's own composer crashes the process on 50,000 nested brackets, its loader reads the GitHub key `on` as True and
`3.10` as 3.1, and it refuses every custom tag (`!Ref`, `!reference`). The event stream has none of these problems: it
does not recurse, so depth can be limited, and scalars are resolved here by the core schema of YAML 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from prodcheck.extract.text import decode
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_DEPTH = 100
MAX_HOPS = 20
"""Aliases and merges through which the place of a value is followed."""
MAX_ALIASED_NODES = 100_000
"""Nodes that aliases may repeat in one stream: what walking the tree would cost, however small the file is."""

_INT = lazy_regex(r"[-+]?(?:0|[1-9][0-9]{0,18})\Z")
_OTHER_INT = lazy_regex(r"0o[0-7]{1,20}\Z|0x[0-9a-fA-F]{1,16}\Z")
_FLOAT = lazy_regex(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: Mapping[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_LINE_ENDS_OF_1_1 = lazy_regex("[\x85\u2028\u2029]")
_TEMPLATE = lazy_regex(r"(?<!\$)\{\{|\{%")


@dataclass(frozen=True)
class YamlStream:
    """One YAML file: `documents` are dicts, lists and scalars; shared parts (aliases) are shared objects.

    `lines` maps dotted paths to lines, counted from 1: keys at the line of the key, list items by index at the line
    where they start (`jobs.test.steps.0.run`). In a stream of several documents paths begin with the document's
    index. `problem` is empty for a good file, `template` for one that still has to be rendered, else what is wrong
    and where; `documents` then holds what was complete before.
    """

    documents: tuple[object, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    text_lines: Mapping[str, int] = field(default_factory=dict)
    """Line on which the text of a value begins, where it is not the line of its key (block scalars)."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Custom tags, such as `!reference`, by path."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Path of an alias or a merged key to the path of what it stands for."""
    duplicates: tuple[tuple[str, int], ...] = ()
    """(path, line) of keys that were given before in the same mapping; the last one counts."""

    @property
    def root(self) -> object:
        """The first document, or None."""
        return self.documents[0] if self.documents else None

    def origin(self, path: str) -> str:
        """Where the value at a path is really written: the path itself unless it came through an alias or merge."""
        for _ in range(MAX_HOPS):
            parts = path.split(".")
            for length in range(len(parts), 0, -1):
                above = ".".join(parts[:length])
                target = self.aliases.get(above)
                # A repeated key may stand for something below itself, for ever.
                if target is not None and not f"{target}.".startswith(f"{above}."):
                    path = ".".join([target, *parts[length:]])
                    break
            else:
                return path
        return path

    def line(self, path: str) -> int:
        """Line of a path, or of the nearest parent that has one; 1 at worst."""
        return _nearest(self.lines, path) or _nearest(self.lines, self.origin(path)) or 1

    def text_line(self, path: str) -> int:
        """Line on which the text of a scalar begins."""
        path = self.origin(path)
        return self.text_lines.get(path) or self.line(path)

    def tag(self, path: str) -> str:
        """The custom tag at a path, or an empty string."""
        return self.tags.get(path) or self.tags.get(self.origin(path), "")


def load_all(data: bytes | str) -> YamlStream:
    """All documents of a YAML stream. Never raises: what is wrong ends in `problem`."""
    import yaml

    text = (decode(data) if isinstance(data, bytes) else data).removeprefix("\ufeff")
    if not text.isascii():
        # For libyaml they end a line, as in YAML 1.1; for YAML 1.2, git and editors they do not.
        text = _LINE_ENDS_OF_1_1.sub(" ", text)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the pure Python parser where libyaml is lacking
    builder = _Builder()
    problem = ""
    try:
        builder.consume(yaml.parse(text, Loader=loader))
    except _Refused as refusal:
        problem = str(refusal)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}" if mark else ""
        problem = f"not valid YAML{where}: {error.problem or error.context}"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = f"not valid YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    if problem and _TEMPLATE.search(text):
        problem = "template"
    # What is empty at the end of a file begins after its last line for libyaml.
    return builder.stream(problem, text.count("\n") + text.count("\r") - text.count("\r\n") + 1)


def _nearest(lines: Mapping[str, int], path: str) -> int | None:
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return None


class _Refused(Exception):
    """The stream is more than we are willing to build."""


@dataclass
class _Frame:
    """A mapping or sequence that is still open."""

    node: dict[Any, Any] | list[Any]
    path: str
    anchor: str | None
    nodes: int = 1
    key: Any = None
    has_key: bool = False
    merges: list[tuple[object, str]] = field(default_factory=list)


class _Builder:
    """Turns events into trees with an explicit stack, so that depth costs nothing but a list entry."""

    def __init__(self) -> None:
        self.documents: list[object] = []
        self.per_document: list[dict[str, int]] = []
        self.lines: dict[str, int] = {}
        self.text_lines: dict[str, int] = {}
        self.tags: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.duplicates: list[tuple[str, int]] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[object, str, int]] = {}
        self.repeated = 0
        self.prefix = ""

    def stream(self, problem: str, last: int) -> YamlStream:
        documents, several = tuple(self.documents), len(self.documents) > 1

        def name(path: str) -> str:
            return path if several else path.partition(".")[2]

        return YamlStream(
            documents,
            {name(p): min(line, last) for p, line in self.lines.items() if several or "." in p},
            problem,
            {name(p): min(line, last) for p, line in self.text_lines.items()},
            {name(p): tag for p, tag in self.tags.items()},
            {name(p): name(target) for p, target in self.aliases.items()},
            tuple((name(p), line) for p, line in self.duplicates),
        )

    def consume(self, events: Iterator[Any]) -> None:
        for event in events:
            kind = type(event).__name__
            if kind == "ScalarEvent":
                self.scalar(event)
            elif kind == "MappingStartEvent":
                self.open({}, event)
            elif kind == "SequenceStartEvent":
                self.open([], event)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self.close()
            elif kind == "AliasEvent":
                self.alias(event)
            elif kind == "DocumentStartEvent":
                self.anchors.clear()
                self.prefix = str(len(self.documents))

    def place(self, event: Any) -> str:
        """Path of the node that starts now, with its line noted."""
        if not self.stack:
            self.lines[self.prefix] = event.start_mark.line + 1
            return self.prefix
        frame = self.stack[-1]
        if isinstance(frame.node, list):
            path = f"{frame.path}.{len(frame.node)}"
            self.lines[path] = event.start_mark.line + 1
            return path
        return f"{frame.path}.{frame.key}"

    def expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, dict) and not self.stack[-1].has_key

    def scalar(self, event: Any) -> None:
        plain = event.style is None or event.style == ""
        if self.expects_key():
            frame = self.stack[-1]
            frame.key, frame.has_key = event.value, True
            path, line = f"{frame.path}.{event.value}", event.start_mark.line + 1
            if isinstance(frame.node, dict) and event.value in frame.node:
                self.duplicates.append((path, line))
            self.lines[path] = line
            return
        path = self.place(event)
        if event.tag and event.tag.startswith("!") and event.tag != "!":
            self.tags[path] = event.tag
        line = event.start_mark.line + (2 if event.style in ("|", ">") else 1)
        if self.lines.get(path) != line:
            self.text_lines[path] = line
        typed = event.tag in ("tag:yaml.org,2002:" + name for name in ("int", "float", "bool", "null"))
        value = _resolve(event.value) if typed or (plain and event.tag is None) else event.value
        if event.anchor:
            self.anchors[event.anchor] = (value, path, 1)
        self.add(value, 1)

    def open(self, node: dict[Any, Any] | list[Any], event: Any) -> None:
        if self.expects_key():
            raise _Refused(f"not supported in line {event.start_mark.line + 1}: a collection as a key")
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(f"nested more than {MAX_DEPTH} levels deep in line {event.start_mark.line + 1}")
        path = self.place(event)
        if event.tag and event.tag.startswith("!") and event.tag != "!":
            self.tags[path] = event.tag
        if event.anchor:
            self.anchors.pop(event.anchor, None)
        self.stack.append(_Frame(node, path, event.anchor))

    def close(self) -> None:
        frame = self.stack.pop()
        if isinstance(frame.node, dict):
            self.merge(frame, frame.node)
        if frame.anchor:
            self.anchors[frame.anchor] = (frame.node, frame.path, frame.nodes)
        self.add(frame.node, frame.nodes)

    def alias(self, event: Any) -> None:
        if self.expects_key():
            value = self.anchors.get(event.anchor, (event.anchor, "", 1))[0]
            self.stack[-1].key, self.stack[-1].has_key = str(value), True
            return
        path = self.place(event)
        if event.anchor not in self.anchors:
            raise _Refused(f"alias *{event.anchor} in line {event.start_mark.line + 1} has no anchor before it")
        value, target, nodes = self.anchors[event.anchor]
        self.repeated += nodes
        if self.repeated > MAX_ALIASED_NODES:
            raise _Refused(f"aliases repeat more than {MAX_ALIASED_NODES:,} nodes")
        self.aliases[path] = target
        self.add(value, nodes)

    def add(self, value: object, nodes: int) -> None:
        """Put a finished node into what is open, or finish the document with it."""
        if not self.stack:
            self.documents.append(value)
            return
        frame = self.stack[-1]
        frame.nodes += nodes
        if isinstance(frame.node, list):
            frame.node.append(value)
            return
        frame.has_key = False
        if frame.key == "<<" and isinstance(value, dict | list):
            frame.merges.append((value, f"{frame.path}.<<"))
        else:
            frame.node[frame.key] = value

    def merge(self, frame: _Frame, node: dict[Any, Any]) -> None:
        """YAML 1.1 merge keys, which GitLab, CircleCI and Compose files live on: own keys win, then the first."""
        for value, path in frame.merges:
            parts = value if isinstance(value, list) else [value]
            for index, part in enumerate(parts):
                source = f"{path}.{index}" if isinstance(value, list) else path
                source = self.aliases.get(source, source)
                for key in part if isinstance(part, dict) else ():
                    if key not in node:
                        node[key] = part[key]
                        self.aliases[f"{frame.path}.{key}"] = f"{source}.{key}"


def _resolve(text: str) -> object:
    """Value of a plain scalar by the core schema; numbers whose text says more than the number stay text (`3.10`)."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INT.match(text):
        return int(text)
    if _OTHER_INT.match(text):
        return int(text, 0)
    if _FLOAT.match(text) and len(text) < 40 and repr(float(text)) == text:
        return float(text)
    return text
