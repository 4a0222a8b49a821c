"""`setup.py` and `setup.cfg`. A setup script is read, never run: only what it writes down as literals is known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from prodcheck.extract import requirements
from prodcheck.extract.dependency import Manifest, Requirement, inside, normalise
from prodcheck.extract.python import parse
from prodcheck.extract.text import decode, short_blanks
from prodcheck.patterns import lazy_regex

_REQUIREMENTS_FILE = lazy_regex(
    r"[\w./\\-]*(?:requirement|require|reqs?|constraint|dependenc)[\w./\\-]*\.(?:txt|in|pip)\Z", re.I
)
_INSTALL_REQUIRES = lazy_regex(r"\b(install_requires|requires)\s*=\s*(\[[^\]]{0,20000}\]|\([^)]{0,20000}\))")


def extract_py(path: str, data: bytes, tree: ast.Module | None = None) -> tuple[Manifest, ...]:
    """The manifest of a setup script; nothing for a `setup.py` that does not call `setup`.

    `tree` is its syntax tree, where somebody has parsed it before.
    """
    text = decode(data)
    if "setup" not in text:
        return ()
    try:
        module = tree or parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _unparsable(path, text)
    script = _Script(module)
    call = script.setup_call()
    if call is None:
        return ()
    arguments = script.arguments(call)
    found: list[Requirement] = []
    unknown = False
    for key, group in (
        ("install_requires", ""),
        ("requires", ""),
        ("setup_requires", "build"),
        ("tests_require", "test"),
    ):
        if key in arguments:
            rows, complete = script.texts(arguments[key])
            found += _parsed(rows, group)
            unknown = unknown or (not complete and not group)
    extras = arguments.get("extras_require")
    for extra, rows in script.groups(extras) if extras is not None else ():
        found += _parsed(rows, normalise(extra.partition(":")[0]) or "extra")
    files = tuple(p for name in script.files() if (p := inside(path, name)) is not None)
    includes = files if "install_requires" not in arguments or unknown else ()
    python, line = script.text(arguments.get("python_requires"))
    name, _ = script.text(arguments.get("name"))
    return (
        Manifest(
            path,
            "setup.py",
            "manifest",
            tuple(found),
            includes=includes,
            python=python,
            python_line=line,
            project_name=normalise(name),
            build_backend="setuptools",
            dynamic=unknown or bool(includes),
        ),
    )


def _parsed(rows: list[tuple[str, int]], group: str) -> Iterator[Requirement]:
    for text, line in rows:
        requirement = requirements.parse(text.partition("#")[0] if "://" not in text else text, line, group)
        if requirement is not None:
            optional = group not in ("", "build", "test")
            yield replace(requirement, optional=optional)


def _unparsable(path: str, text: str) -> tuple[Manifest, ...]:
    """Python 2 or broken: a literal list is still readable."""
    match = _INSTALL_REQUIRES.search(text)
    if match is None:
        return (Manifest(path, "setup.py", "manifest", problem="not valid Python 3"),)
    line = text.count("\n", 0, match.start()) + 1
    try:
        value = ast.literal_eval(match[2])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return (Manifest(path, "setup.py", "manifest", problem="not valid Python 3"),)
    rows = [(item, line) for item in value if isinstance(item, str)]
    return (Manifest(path, "setup.py", "manifest", tuple(_parsed(rows, "")), build_backend="setuptools"),)


def _text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


class _Script:
    """A setup script's literals: module-level names, lists, and the call of `setup`."""

    def __init__(self, module: ast.Module) -> None:
        self.module = module
        self.values: dict[str, ast.expr] = {}
        for node in ast.walk(module):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.values.setdefault(node.targets[0].id, node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                self.values.setdefault(node.target.id, node.value)

    def setup_call(self) -> ast.Call | None:
        for node in ast.walk(self.module):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if name == "setup":
                    return node
        return None

    def arguments(self, call: ast.Call) -> Mapping[str, ast.expr]:
        """Keyword arguments, those of `**options` with a known dictionary included."""
        found: dict[str, ast.expr] = {}
        for keyword in call.keywords:
            if keyword.arg is not None:
                found[keyword.arg] = keyword.value
                continue
            value = self.resolve(keyword.value)
            if isinstance(value, ast.Dict):
                for key, item in zip(value.keys, value.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        found[key.value] = item
            elif isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict":
                found.update({k.arg: k.value for k in value.keywords if k.arg})
            if isinstance(keyword.value, ast.Name):
                for name, assigned in self.assigned(keyword.value.id):
                    found.setdefault(name, assigned)
        return found

    def assigned(self, name: str) -> Iterator[tuple[str, ast.expr]]:
        """(key, value) of every `name["key"] = value`."""
        for node in ast.walk(self.module):
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name:
                key = _text_of(target.slice)
                if key is not None and isinstance(node, ast.Assign):
                    yield key, node.value

    def resolve(self, node: ast.expr | None, depth: int = 0) -> ast.expr | None:
        while isinstance(node, ast.Name) and depth < 5:
            node, depth = self.values.get(node.id), depth + 1
        return node

    def texts(self, node: ast.expr | None, depth: int = 0) -> tuple[list[tuple[str, int]], bool]:
        """(text, line) of a list of strings, and whether that is all of it."""
        node = self.resolve(node)
        if isinstance(node, ast.List | ast.Tuple | ast.Set) and depth < 20:
            rows: list[tuple[str, int]] = []
            complete = True
            for item in node.elts:
                inner = item.value if isinstance(item, ast.Starred) else item
                more, known = self.texts(inner, depth + 1)
                rows += more
                complete = complete and known
            return rows, complete
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [(row.strip(), node.lineno) for row in node.value.splitlines() if row.strip()], True
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and depth < 20:
            bounded = _bounded(node.left, self.resolve(node.right))
            if bounded:
                return [(bounded, node.lineno)], False
            left, known = self.texts(node.left, depth + 1)
            right, also = self.texts(node.right, depth + 1)
            return left + right, known and also
        if isinstance(node, ast.IfExp):
            left, known = self.texts(node.body, depth + 1)
            right, also = self.texts(node.orelse, depth + 1)
            return left + right, known and also
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") in ("list", "tuple", "sorted", "set")
            and node.args
        ):
            return self.texts(node.args[0], depth + 1) if depth < 20 else ([], False)
        looked_up = self.looked_up(node)
        if looked_up:
            return looked_up, True
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            name = re.match(r"[\w.-]+", str(first.value)) if isinstance(first, ast.Constant) else None
            # What follows the name in a formatted requirement is its bound; only the value is computed.
            return ([(f"{name[0]}>=0", node.lineno)] if name else []), False
        return [], False

    def looked_up(self, node: ast.expr | None) -> list[tuple[str, int]]:
        """`deps["numpy"]`, `deps_list("numpy", "scipy")`: names whose versions stand in a list of the script."""
        if isinstance(node, ast.Subscript):
            keys: list[ast.expr] = [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            keys = node.args
        else:
            return []
        found = []
        for key in keys:
            row = self.versions.get(normalise(_text_of(key) or ""))
            if row is None:
                return []
            found.append(row)
        return found

    @cached_property
    def versions(self) -> dict[str, tuple[str, int]]:
        """Every requirement written as a literal at the module's top, by its name."""
        found: dict[str, tuple[str, int]] = {}
        for value in self.values.values():
            for item in value.elts if isinstance(value, ast.List | ast.Tuple) else ():
                text = _text_of(item)
                requirement = requirements.parse(text) if text else None
                if text and requirement is not None:
                    found.setdefault(requirement.name, (text, item.lineno))
        return found

    def groups(self, node: ast.expr | None) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        name = node.id if isinstance(node, ast.Name) else ""
        node = self.resolve(node)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                text = _text_of(key) if key is not None else None
                if text is not None:
                    yield text, self.texts(value)[0]
        for extra, value in self.assigned(name):
            yield extra, self.texts(value)[0]

    def text(self, node: ast.expr | None) -> tuple[str, int | None]:
        node = self.resolve(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value, node.lineno
        return "", None

    def files(self) -> Iterator[str]:
        """Names of requirements files the script mentions, so that it most likely reads them."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _REQUIREMENTS_FILE.match(node.value):
                yield node.value.replace("\\", "/").lstrip("/")


def extract_cfg(path: str, data: bytes) -> tuple[Manifest, ...]:
    """`setup.cfg` of setuptools, and of pbr, which takes the dependencies from `requirements.txt`."""
    import configparser

    text = short_blanks(decode(data))
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError, AttributeError):  # the last for a continued line below a bare key
        return (Manifest(path, "setup.cfg", "manifest", problem="not a valid INI file"),)
    found: list[Requirement] = []
    includes: list[str] = []
    options = dict(parser["options"]) if parser.has_section("options") else {}
    listed = options.get("install_requires") or ""
    if listed.strip().startswith("file:"):
        includes += (p for n in listed.strip()[5:].split(",") if (p := inside(path, n.strip())) is not None)
    else:
        found += _rows(listed, text, "")
    if parser.has_section("options.extras_require"):
        for extra, value in parser["options.extras_require"].items():
            found += _rows(value or "", text, normalise(extra) or "extra")
    found += _rows(options.get("tests_require") or "", text, "test")
    metadata = dict(parser["metadata"]) if parser.has_section("metadata") else {}
    if "description-file" in metadata and parser.has_section("files"):
        includes += [p for p in [inside(path, "requirements.txt")] if p]
    python = (options.get("python_requires") or metadata.get("python-requires") or "").strip()
    if not (found or includes or python or metadata.get("name")):
        return ()
    return (
        Manifest(
            path,
            "setup.cfg",
            "manifest",
            tuple(found),
            includes=tuple(includes),
            python=python,
            python_line=_line(text, "python_requires"),
            project_name=normalise(metadata.get("name") or ""),
            build_backend="setuptools",
            dynamic=bool(includes),
        ),
    )


def _rows(value: str, text: str, group: str) -> Iterator[Requirement]:
    for row in re.split(r"[\n]|(?<=\w);(?=\s*$)", value):
        row = re.sub(r"(?<=\s)#.*", "", row).strip()
        if row and not row.startswith("#"):
            requirement = requirements.parse(row, _line(text, row), group)
            if requirement is not None:
                yield replace(requirement, optional=group not in ("", "test"))


def _line(text: str, needle: str) -> int | None:
    position = text.find(needle)
    return text.count("\n", 0, position) + 1 if position >= 0 else None


def _bounded(left: ast.expr, right: ast.expr | None) -> str:
    """`"tensorflow" + version_range`: a bound is there, only its value is computed. Empty for anything else."""
    name = left.value if isinstance(left, ast.Constant) else None
    if not isinstance(name, str) or not re.fullmatch(r"[\w.\[\]-]+", name):
        return ""
    return "" if isinstance(right, ast.Constant | ast.List | ast.Tuple | ast.BinOp) else f"{name}>=0"
