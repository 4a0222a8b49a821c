"""Configuration files as plain trees with the line of every key: TOML, INI, YAML, JSON.

Tool signatures and facts ask hundreds of small questions of configuration files ("is there a table `tool.black`?").
Reading each file once into one shape answers all of them without a parser per tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath

from prodcheck import toml
from prodcheck.extract.text import decode, short_blanks, split_lines
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

MAX_BYTES = 1_000_000
"""Configuration that a person wrote is never larger."""
MAX_JSON = 200_000
"""JSON is data more often than not; configuration in it is small."""

TOML_NAMES = frozenset(["Pipfile"])
INI_NAMES = frozenset(
    ".flake8 .pylintrc pylintrc .isort.cfg .coveragerc .style.yapf .bandit .lfsconfig .pydocstyle .pycodestyle".split()
)
YAML_NAMES = frozenset("MLproject MLmodel dvc.lock CITATION.cff .clang-format .condarc Kitfile .yamllint".split())
JSON_NAMES = frozenset(".prettierrc .eslintrc .babelrc".split())
LEFT_OUT = frozenset(
    "package-lock.json npm-shrinkwrap.json pnpm-lock.yaml conda-lock.yml conda-lock.yaml composer.lock "
    "pixi.lock .terraform.lock.hcl .secrets.baseline".split()
)
"""Lock files and baselines: large, written by machines, and read elsewhere where they matter."""


@dataclass(frozen=True, slots=True)
class Document:
    """One configuration file.

    `root` is made of dicts, lists and scalars; `lines` maps dotted keys (`tool.black.line-length`) to lines. A YAML
    stream with several documents has a list as root. `problem` says why it could not be read.
    """

    format: str
    root: object = None
    lines: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    several: bool = False
    """True for a stream of several YAML documents: `root` is the list of them."""

    @property
    def parts(self) -> tuple[object, ...]:
        """The documents of a YAML stream with several, otherwise the root alone."""
        return tuple(self.root) if self.several and isinstance(self.root, list) else (self.root,)

    def get(self, key: str) -> object:
        """The value at a dotted key, or None. List items are addressed by index; keys may hold dots themselves."""
        found = self.find(key)
        return found[0] if found else None

    def find(self, key: str) -> tuple[object, int | None] | None:
        """(value, line) at a dotted key of the first document that has it, or None. `*` stands for any one key."""
        return next(self.find_all(key), None)

    def find_all(self, key: str) -> Iterator[tuple[object, int | None]]:
        """Every (value, line) at a dotted key in any document of the file."""
        parts = key.split(".")
        if self.several and isinstance(self.root, list):
            for index, part in enumerate(self.root):
                for value, path in _walk(part, parts, str(index)):
                    yield value, self.lines.get(path)
            return
        for value, path in _walk(self.root, parts, None):
            yield value, self.lines.get(path)


def _walk(value: object, parts: list[str], path: str | None) -> Iterator[tuple[object, str]]:
    """Values at a key path; keys that hold dots themselves match several parts at once."""
    if not parts:
        if value is not None:
            yield value, path or ""
        return
    if isinstance(value, list):
        if parts[0] == "*":
            for index, item in enumerate(value):
                yield from _walk(item, parts[1:], _join(path, str(index)))
        elif parts[0].isdigit() and int(parts[0]) < len(value):
            yield from _walk(value[int(parts[0])], parts[1:], _join(path, parts[0]))
        return
    if not isinstance(value, dict):
        return
    if parts[0] == "*":
        for name, item in value.items():
            yield from _walk(item, parts[1:], _join(path, str(name)))
        return
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if name in value:
            child = value[name]
            # An empty table or key still is there: `[tool.black]` without settings.
            yield from _walk("" if child is None and length == len(parts) else child, parts[length:], _join(path, name))


def _join(path: str | None, name: str) -> str:
    """The path of what has a name in the table at `path`, None for the top. An empty key has a path of its own."""
    return name if path is None else f"{path}.{name}"


def format_of(path: str) -> str | None:
    """`toml`, `ini`, `yaml` or `json` when the name says that a file is configuration, else None."""
    pure = PurePosixPath(path)
    name, suffix = pure.name, pure.suffix.lower()
    if name in LEFT_OUT or (suffix == ".lock" and name != "dvc.lock"):
        return None
    if suffix == ".toml" or name in TOML_NAMES:
        return "toml"
    if suffix in (".ini", ".cfg") or name in INI_NAMES or path.endswith((".dvc/config", ".dvc/config.local")):
        return "ini"
    if suffix in (".yml", ".yaml", ".dvc", ".cff") or name in YAML_NAMES:
        return "yaml"
    if suffix in (".json", ".jsonc") or name in JSON_NAMES:
        return "json"
    return None


def wants(path: str) -> bool:
    return format_of(path) is not None


def extract(path: str, data: bytes) -> Document | None:
    """The tree of one configuration file; None for what is too large to be one. Never raises."""
    kind = format_of(path)
    if kind is None or len(data) > (MAX_JSON if kind == "json" else MAX_BYTES):
        return None
    if kind == "yaml":
        return _yaml(data)
    text = decode(data).removeprefix("\ufeff")
    if kind == "toml":
        return _toml(text)
    if kind == "ini":
        return _ini(text)
    return _json(text)


def _yaml(data: bytes) -> Document:
    from prodcheck.extract.yaml import load_all

    stream = load_all(data)
    documents = stream.documents
    if len(documents) > 1:
        return Document("yaml", list(documents), dict(stream.lines), stream.problem, several=True)
    return Document("yaml", documents[0] if documents else None, dict(stream.lines), stream.problem)


def _toml(text: str) -> Document:
    try:
        root = toml.loads(text)
    except toml.TomlError as problem:
        return Document("toml", problem="template" if "{{" in text or "{%" in text else f"not valid TOML: {problem}")
    return Document("toml", root, _toml_lines(text))


_TOML_TABLE = lazy_regex(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_TOML_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_TOML_KEY = lazy_regex(rf"\s*({_TOML_NAME}(?:\s*\.\s*{_TOML_NAME})*)\s*=")


def _toml_lines(text: str) -> dict[str, int]:
    """Lines of tables and keys. The library tells no positions; a scan by line is right for all but exotic layouts."""
    lines: dict[str, int] = {}
    arrays, fence = dict[str, int](), ""
    prefix: str | None = None
    for number, line in enumerate(split_lines(text), start=1):
        if fence:
            if fence in line:
                fence = ""
            continue
        table = _TOML_TABLE.match(line)
        if table and "=" not in table[2]:
            name = _toml_name(table[2])
            if table[1] == "[[":
                index = arrays[name] = arrays.get(name, -1) + 1
                lines.setdefault(name, number)
                name = f"{name}.{index}"
            prefix = name
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                lines.setdefault(".".join(parts[:length]), number)
            continue
        key = _TOML_KEY.match(line)
        if key:
            lines.setdefault(_join(prefix, _toml_name(key[1])), number)
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2:
                fence = quotes
    return lines


def _toml_name(written: str) -> str:
    return ".".join(part.strip() for part in written.split(".")).replace('"', "").replace("'", "")


def _ini(text: str) -> Document:
    import configparser

    text = short_blanks(text)
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True, default_section="\0")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    problem = ""
    try:
        # configparser itself fails on a line that continues a key without a value: read the key as `key =`.
        parser.read_string(re.sub(r"^([^\s=:#;\[][^=:\n]*)$(?=\n[ \t]+[^\s#;])", r"\1 =", text, flags=re.MULTILINE))
    except (configparser.Error, ValueError, AttributeError) as error:
        if not parser.sections():
            problem = "template" if "{{" in text or "{%" in text else f"not valid INI: {str(error).splitlines()[0]}"
            return Document("ini", problem=problem)
    root = {name: dict(parser[name]) for name in parser.sections()}
    lines: dict[str, int] = {}
    section = ""
    for number, line in enumerate(split_lines(text), start=1):
        header = re.match(r"\[(.+)\]", line)
        if header:
            section = header[1]
            lines.setdefault(section, number)
            continue
        option = re.match(r"([^\s=:#;][^=:]*?)\s*(?:[=:]|$)", line)
        if option and section:
            lines.setdefault(f"{section}.{option[1]}", number)
    return Document("ini", root, lines, problem)


_JSON_COMMENT = lazy_regex(r'"(?:[^"\\\n]|\\.)*"?|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_JSON_TOKEN = lazy_regex(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:\n]')


def _json(text: str) -> Document:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        try:
            root = json.loads(text)
        except ValueError:
            # tsconfig style: comments and trailing commas.
            text = _JSON_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else "\n" * m[0].count("\n"), text)
            root = json.loads(re.sub(r",(\s*[}\]])", r"\1", text))
    except (ValueError, RecursionError) as problem:
        return Document("json", problem="template" if "{{" in text or "{%" in text else f"not valid JSON: {problem}")
    if not isinstance(root, dict):
        return Document("json")  # a list at the top is data, not configuration
    return Document("json", root, _json_lines(text))


def _json_lines(text: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    stack: list[tuple[bool, str | None, int]] = []  # (is a mapping, path, next index); None is the top
    number, last, last_line = 1, "", 1
    key: str | None = None
    for token in _JSON_TOKEN.finditer(text):
        mark = token[0]
        if mark == "\n":
            number += 1
        elif mark in "{[":
            path = key
            if stack and not stack[-1][0]:
                path = _join(stack[-1][1], str(stack[-1][2]))
                lines.setdefault(path, number)
            stack.append((mark == "{", path, 0))
        elif mark in "}]":
            if stack:
                stack.pop()
        elif mark == ",":
            if stack and not stack[-1][0]:
                stack[-1] = (False, stack[-1][1], stack[-1][2] + 1)
        elif mark == ":":
            if stack and stack[-1][0]:
                key = _join(stack[-1][1], last)
                lines.setdefault(key, last_line)
        else:
            last, last_line = mark[1:-1], number
            number += mark.count("\n")
    return lines
