"""TOML manifests: `pyproject.toml` of every tool, Pipfile, pixi.toml, and the PEP 723 block of a script.

TOML readers tell no lines, so the line of a requirement is looked up in the text, inside the table it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from prodcheck import toml
from prodcheck.extract import requirements
from prodcheck.extract.dependency import Manifest, Requirement, bound_of, inside, normalise, url_bound
from prodcheck.extract.text import decode, split_lines
from prodcheck.patterns import lazy_regex

_HEADER = lazy_regex(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?\Z")
_KEY = lazy_regex(r"\s*[\"']?([\w.-]+?)[\"']?\s*[.=]")
_STRING = lazy_regex(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'')


class Lines:
    """Where things are in a TOML text."""

    def __init__(self, text: str) -> None:
        self.tables: dict[str, int] = {}
        self.keys: dict[tuple[str, str], int] = {}
        self.strings: dict[tuple[str, str], int] = {}
        table = ""
        for number, line in enumerate(split_lines(text), start=1):
            header = _HEADER.match(line) if line.lstrip().startswith("[") else None
            if header and not line.rstrip().endswith(","):
                table = re.sub(r"\s*\.\s*", ".", header[1]).replace('"', "").replace("'", "")
                self.tables.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key:
                self.keys.setdefault((table, key[1]), number)
            for string in _STRING.finditer(line):
                self.strings.setdefault((table, string[1] or string[2] or ""), number)

    def key(self, table: str, key: str) -> int | None:
        """Line of `key = ...` in a table."""
        return self.keys.get((table, key))

    def table(self, name: str) -> int | None:
        """Line of a table's header."""
        return self.tables.get(name)

    def text(self, table: str, text: str) -> int | None:
        """Line of a quoted string in a table."""
        return self.strings.get((table, text)) or self.strings.get((table, text.replace('"', '\\"')))


def load(data: bytes) -> tuple[Mapping[str, object], str, str]:
    """(tree, text, problem) of a TOML file."""
    text = decode(data)
    try:
        return toml.loads(text.replace("\r\n", "\n")), text, ""
    except toml.TomlError as problem:
        reason = "a template" if "{{" in text or "{%" in text else f"not valid TOML: {problem}"
        return {}, text, reason


def table(tree: object, *keys: str) -> Mapping[str, object]:
    """A nested table; empty when it is missing or something else."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def text_at(tree: Mapping[str, object], key: str) -> str:
    value = tree.get(key)
    return value if isinstance(value, str) else ""


def extract(path: str, data: bytes) -> tuple[Manifest, ...]:
    """One manifest for each tool that declares dependencies, the first also carrying name, Python and build backend.

    A file that only configures tools gives one manifest without requirements.
    """
    tree, text, problem = load(data)
    if problem:
        return (Manifest(path, "pyproject", "manifest", problem=problem),)
    lines = Lines(text)
    project = table(tree, "project")
    poetry = table(tree, "tool", "poetry")
    found = [_standard(path, tree, lines)]
    if poetry:
        found.append(_poetry(path, poetry, lines))
    found += _hatch(path, tree, lines)
    pixi = table(tree, "tool", "pixi")
    if pixi:
        found.append(_pixi(path, pixi, lines, "tool.pixi."))
    bento = table(tree, "tool", "bentoml", "build", "python")
    if bento:
        found.append(_plain(path, "bentofile", strings(bento.get("packages")), lines, "tool.bentoml.build.python"))
    kept = [m for m in found if m.requirements or m.dynamic or m.includes]
    first = kept[0] if kept else found[0]
    python = first.python or text_at(project, "requires-python")
    named = replace(
        first,
        python=python,
        python_line=first.python_line or (lines.key("project", "requires-python") if python else None),
        project_name=normalise(text_at(project, "name") or text_at(poetry, "name") or _flit_name(tree)),
        build_backend=text_at(table(tree, "build-system"), "build-backend"),
    )
    return (named, *kept[1:])


def _flit_name(tree: Mapping[str, object]) -> str:
    metadata = table(tree, "tool", "flit", "metadata")
    return text_at(metadata, "dist-name") or text_at(metadata, "module")


def _standard(path: str, tree: Mapping[str, object], lines: Lines) -> Manifest:
    """`[project]`, `[dependency-groups]`, and the older tables of uv, PDM and flit."""
    project = table(tree, "project")
    found = list(_listed(project.get("dependencies"), lines, "project"))
    for extra, items in table(project, "optional-dependencies").items():
        rows = _listed(items, lines, "project.optional-dependencies", normalise(extra))
        found += (replace(r, optional=True) for r in rows)
    for group, items in table(tree, "dependency-groups").items():
        found += _listed(items, lines, "dependency-groups", normalise(group))
    for group, items in table(tree, "tool", "pdm", "dev-dependencies").items():
        found += _listed(items, lines, "tool.pdm.dev-dependencies", normalise(group))
    for tool in ("uv", "rye"):
        found += _listed(table(tree, "tool", tool).get("dev-dependencies"), lines, f"tool.{tool}", "dev")
    flit = table(tree, "tool", "flit", "metadata")
    found += _listed(flit.get("requires"), lines, "tool.flit.metadata")
    for extra, items in table(flit, "requires-extra").items():
        found += _listed(items, lines, "tool.flit.metadata.requires-extra", normalise(extra))
    dynamic = "dependencies" in strings(project.get("dynamic"))
    setuptools = table(tree, "tool", "setuptools", "dynamic", "dependencies")
    files = setuptools.get("file")
    names = strings(files) if isinstance(files, list) else (files,) if isinstance(files, str) else ()
    hatch = table(tree, "tool", "hatch", "metadata", "hooks", "requirements_txt")
    names += strings(hatch.get("files"))
    sources = table(tree, "tool", "uv", "sources")
    found = [replace(r, bound=_source_bound(sources, r)) if r.name in _normal(sources) else r for r in found]
    return Manifest(
        path,
        "pyproject",
        "manifest",
        tuple(found),
        includes=tuple(p for name in names if (p := inside(path, name)) is not None) if dynamic else (),
        python=text_at(project, "requires-python") or text_at(flit, "requires-python"),
        dynamic=dynamic,
    )


def _normal(sources: Mapping[str, object]) -> dict[str, object]:
    return {normalise(name): value for name, value in sources.items()}


def _source_bound(sources: Mapping[str, object], requirement: Requirement) -> str:
    """uv takes some distributions from elsewhere: a commit is exact, a workspace member has no version to pin."""
    source = _normal(sources)[requirement.name]
    if isinstance(source, dict):
        if source.get("workspace") is True or "path" in source:
            return "exact"
        if "git" in source:
            reference = str(source.get("rev") or source.get("tag") or "")
            return url_bound(f"git+x/y@{reference}")
    return requirement.bound


def _listed(items: object, lines: Lines, where: str, group: str = "") -> Iterator[Requirement]:
    """Requirements of a list of PEP 508 strings; other items, such as `{include-group = ...}`, are skipped."""
    for item in strings(items):
        requirement = requirements.parse(item, lines.text(where, item), group)
        if requirement is not None:
            yield requirement


def _plain(path: str, format: str, items: tuple[str, ...], lines: Lines, where: str) -> Manifest:
    return Manifest(path, format, "manifest", tuple(_listed(list(items), lines, where)))


def _poetry(path: str, poetry: Mapping[str, object], lines: Lines) -> Manifest:
    found = list(_keyed(table(poetry, "dependencies"), lines, "tool.poetry.dependencies"))
    extras = {normalise(n) for items in table(poetry, "extras").values() for n in strings(items)}
    found = [replace(r, optional=True, group=r.group or "extra") if r.name in extras else r for r in found]
    found += _keyed(table(poetry, "dev-dependencies"), lines, "tool.poetry.dev-dependencies", "dev")
    for group in table(poetry, "group"):
        where = f"tool.poetry.group.{group}.dependencies"
        found += _keyed(table(poetry, "group", group, "dependencies"), lines, where, normalise(group))
    python = table(poetry, "dependencies").get("python")
    return Manifest(
        path,
        "poetry",
        "manifest",
        tuple(found),
        python=python if isinstance(python, str) else "",
        python_line=lines.key("tool.poetry.dependencies", "python"),
    )


def _keyed(items: Mapping[str, object], lines: Lines, where: str, group: str = "") -> Iterator[Requirement]:
    """`name = "^1.2"` or `name = {version = "^1.2", ...}` as Poetry, Pipenv and pixi write it; without Python."""
    for name, value in items.items():
        if name.lower() in ("python", "python_version", "python_full_version"):
            continue
        line = lines.key(where, name) or lines.table(f"{where}.{name}")
        for version in value[:1] if isinstance(value, list) else [value]:
            yield _one(name, version, line, group)


def _one(name: str, value: object, line: int | None, group: str) -> Requirement:
    options = value if isinstance(value, dict) else {"version": value}
    specifier = str(options.get("version") or "")
    source = options.get("git") or options.get("hg")
    marker = str(options.get("markers") or "")
    raw = f"{name} = {specifier!r}".replace("'", '"')
    if source:
        reference = str(options.get("rev") or options.get("ref") or options.get("tag") or options.get("branch") or "")
        return Requirement(normalise(name), line, url_bound(f"git+x/y@{reference}"), group=group, raw=raw, url="git")
    if options.get("path") or options.get("file") or options.get("url"):
        place = str(options.get("path") or options.get("file") or options.get("url"))
        editable = options.get("editable") is True
        return Requirement(normalise(name), line, "exact", group=group, raw=raw, url=place, editable=editable)
    bare = specifier.strip()
    bound = (
        "exact"
        if re.match(r"\d[\w.+!-]*\Z", bare)
        else "range"
        if re.match(r"\d[\w.]*\.\*\Z", bare)
        else bound_of(bare)
    )
    return Requirement(normalise(name), line, bound, specifier, group, marker, raw=raw)


def _hatch(path: str, tree: Mapping[str, object], lines: Lines) -> Iterator[Manifest]:
    """Environments of hatch, which may be all that an application declares."""
    found: list[Requirement] = []
    for name, options in table(tree, "tool", "hatch", "envs").items():
        if isinstance(options, dict):
            group = "" if name == "default" else normalise(name)
            for key in ("dependencies", "extra-dependencies"):
                found += _listed(options.get(key), lines, f"tool.hatch.envs.{name}", group)
    if found:
        yield Manifest(path, "hatch", "manifest", tuple(found))


def extract_pixi(path: str, data: bytes) -> tuple[Manifest, ...]:
    tree, text, problem = load(data)
    if problem:
        return (Manifest(path, "pixi", "manifest", problem=problem),)
    return (_pixi(path, tree, Lines(text), ""),)


def _pixi(path: str, tree: Mapping[str, object], lines: Lines, prefix: str) -> Manifest:
    found: list[Requirement] = []
    for key in ("dependencies", "pypi-dependencies", "host-dependencies"):
        found += _keyed(table(tree, key), lines, prefix + key)
    for feature in table(tree, "feature"):
        for key in ("dependencies", "pypi-dependencies"):
            where = f"{prefix}feature.{feature}.{key}"
            found += _keyed(table(tree, "feature", feature, key), lines, where, normalise(feature))
    python = table(tree, "dependencies").get("python")
    workspace = table(tree, "workspace") or table(tree, "project")
    return Manifest(
        path,
        "pixi",
        "manifest",
        tuple(found),
        python=python if isinstance(python, str) else "",
        python_line=lines.key(prefix + "dependencies", "python"),
        project_name=normalise(text_at(workspace, "name")),
        channels=strings(workspace.get("channels")),
    )


def extract_pipfile(path: str, data: bytes) -> tuple[Manifest, ...]:
    tree, text, problem = load(data)
    if problem:
        return (Manifest(path, "pipfile", "manifest", problem=problem),)
    lines = Lines(text)
    found = list(_keyed(table(tree, "packages"), lines, "packages"))
    found += _keyed(table(tree, "dev-packages"), lines, "dev-packages", "dev")
    requires = table(tree, "requires")
    key = "python_full_version" if "python_full_version" in requires else "python_version"
    line = lines.key("requires", key)
    python = text_at(requires, key)
    return (Manifest(path, "pipfile", "manifest", tuple(found), python=python, python_line=line),)


def extract_script(path: str, data: bytes) -> tuple[Manifest, ...]:
    """The `# /// script` block of a Python file (PEP 723)."""
    rows = split_lines(decode(data))
    first = next((n for n, row in enumerate(rows) if row.rstrip() == "# /// script"), None)
    if first is None:
        return ()
    block: list[str] = []
    for row in rows[first + 1 :]:
        if row.rstrip() == "# ///" or not row.startswith("#"):
            break
        block.append(row[2:] if row.startswith("# ") else row[1:])
    text = "\n" * (first + 1) + "\n".join(block) + "\n"
    tree, _, problem = load(text.encode())
    if problem:
        return (Manifest(path, "script", "manifest", problem=problem),)
    found = tuple(_listed(tree.get("dependencies"), Lines(text), ""))
    return (Manifest(path, "script", "manifest", found, python=text_at(tree, "requires-python")),)


READERS: Mapping[str, Callable[[str, bytes], tuple[Manifest, ...]]] = {
    "script": extract_script,
    "pyproject.toml": extract,
    "pixi.toml": extract_pixi,
    "Pipfile": extract_pipfile,
}
