"""Conda's manifests, and those of the ML platforms that are YAML too: MLproject, cog, BentoML, Databricks ...

The bounds follow conda's own reading: `numpy=1.21` is a pin, `numpy==1.21.4=py39_0` one to the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from prodcheck.extract import requirements
from prodcheck.extract.dependency import Manifest, Requirement, bound_of, has_build, inside, normalise
from prodcheck.extract.text import decode
from prodcheck.patterns import lazy_regex

_SPEC = lazy_regex(r"(?:[\w./-]+::)?([A-Za-z0-9_][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)\Z", re.DOTALL)
_JINJA_LINE = lazy_regex(r"^[ \t]*\{%.*%\}[ \t]*$", re.MULTILINE)


def parse(spec: str, line: int | None, group: str = "") -> Requirement | None:
    """One conda match specification: `numpy`, `numpy=1.21`, `numpy >=1.2,<2`, `conda-forge::numpy==1.21.4=py39_0`."""
    text = re.sub(r"(?<=\s)#.*", "", spec).strip()
    match = _SPEC.match(text)
    if match is None:
        return None
    rest = match[2].strip()
    return Requirement(normalise(match[1]), line, bound(rest), rest, group, raw=text, conda=True)


def bound(version: str) -> str:
    """How tightly the version part of a conda specification binds."""
    text = version.strip()
    if not text or text == "*":
        return "none"
    pinned = re.match(r"={0,2}\s*(\d[\w.!+]*?)(\.?\*)?(?:[=\s]+[\w.*]+)?\Z", text)
    if pinned:
        return "range" if pinned[2] else "exact"
    return bound_of(text)


def extract(path: str, data: bytes) -> tuple[Manifest, ...]:
    """The manifests of a YAML file, found by its name and its keys; nothing when it is about something else."""
    name = path.rpartition("/")[2]
    text = decode(data)
    if name == "meta.yaml":
        text = re.sub(r"\{\{[^{}\n]*\}\}", "0", _JINJA_LINE.sub("", text))
    elif "{{" in text or "{%" in text:
        return ()
    tree, lines, problem = _load(text)
    if problem:
        relevant = re.search(r"(?m)^(dependencies|build|python|requirements)\s*:", text)
        return (Manifest(path, "conda", "manifest", problem=problem),) if relevant else ()
    if not isinstance(tree, dict):
        return ()
    reader = _READERS.get(name.lower(), _environment)
    return tuple(reader(path, tree, lines))


def _load(text: str) -> tuple[Any, Mapping[str, int], str]:
    try:
        from prodcheck.extract import yaml
    except ImportError:
        return None, {}, "no reader for YAML"
    stream = yaml.load_all(text.encode("utf-8", "replace"))
    documents = [d for d in stream.documents if d is not None]
    return (documents[0] if documents else None), stream.lines, stream.problem


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(tree: object, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def _environment(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    """environment.yml of conda, in all its names, and the environment of Azure ML that refers to one."""
    if isinstance(tree.get("conda_file"), str):
        target = inside(path, tree["conda_file"])
        yield Manifest(path, "azureml", "manifest", includes=(target,) if target else (), dynamic=bool(target))
        return
    if "dependencies" not in tree and isinstance(tree.get("conda_file"), dict):
        yield from _environment(path, tree["conda_file"], {k.removeprefix("conda_file."): v for k, v in lines.items()})
        return
    if not isinstance(tree.get("dependencies"), list):
        return
    found: list[Requirement] = []
    includes: list[str] = []
    local: list[str] = []
    python, python_line = "", None
    for index, item in enumerate(tree["dependencies"]):
        line = _at(lines, "dependencies", index)
        if isinstance(item, str):
            requirement = parse(item, line)
            if requirement and requirement.name == "python":
                python, python_line = requirement.specifier or "*", line
            elif requirement:
                found.append(requirement)
        elif isinstance(item, dict):
            for position, row in enumerate(_list(item.get("pip"))):
                at = lines.get(f"dependencies.{index}.pip.{position}") or line
                reader = requirements.read_line(path, str(row), at)
                found += reader.requirements
                includes += reader.includes
                local += reader.local
    prefix = tree.get("prefix")
    exported = bool(found) and isinstance(prefix, str)
    listed = [r for r in found if r.conda]
    frozen = len(listed) >= 10 and sum(has_build(r) for r in listed) > 0.5 * len(listed)
    yield Manifest(
        path,
        "conda",
        "both" if frozen else "manifest",
        tuple(found),
        tuple(includes),
        python=python,
        python_line=python_line,
        local=tuple(local),
        generated_by="conda env export" if frozen or exported else "",
        prefix_line=lines.get("prefix") if isinstance(prefix, str) else None,
        channels=tuple(c for c in _list(tree.get("channels")) if isinstance(c, str)),
    )


def _at(lines: Mapping[str, int], key: str, index: int) -> int | None:
    return lines.get(f"{key}.{index}") or lines.get(key)


def _specs(path: str, items: object, lines: Mapping[str, int], key: str, format: str) -> Manifest:
    """A list of PEP 508 strings under one key."""
    rows = _list(items)
    found = [requirements.read_line(path, str(row), _at(lines, key, i)) for i, row in enumerate(rows)]
    return Manifest(
        path,
        format,
        "manifest",
        tuple(r for reader in found for r in reader.requirements),
        tuple(p for reader in found for p in reader.includes),
    )


def _mlproject(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    target = tree.get("conda_env") or tree.get("python_env")
    resolved = inside(path, target) if isinstance(target, str) else None
    yield Manifest(
        path,
        "mlproject",
        "manifest",
        includes=(resolved,) if resolved else (),
        project_name=normalise(str(tree.get("name") or "")),
        dynamic=bool(resolved or tree.get("docker_env")),
    )


def _python_env(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    manifest = _specs(path, tree.get("dependencies"), lines, "dependencies", "python_env")
    python = str(tree.get("python") or "")
    yield replace(manifest, python=python, python_line=lines.get("python"))


def _cog(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    build = _table(tree, "build")
    manifest = _specs(path, build.get("python_packages"), lines, "build.python_packages", "cog")
    target = inside(path, str(build.get("python_requirements") or ""))
    python = str(build.get("python_version") or "")
    includes = (*manifest.includes, *((target,) if target else ()))
    line = lines.get("build.python_version")
    yield replace(manifest, python=python, python_line=line, includes=includes)


def _bento(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    python = _table(tree, "python")
    manifest = _specs(path, python.get("packages"), lines, "python.packages", "bentofile")
    target = inside(path, str(python.get("requirements_txt") or ""))
    version = str(_table(tree, "docker").get("python_version") or "")
    includes = (*manifest.includes, *((target,) if target else ()))
    yield replace(manifest, includes=includes, python=version)


def _truss(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    if not ({"model_name", "model_module_dir"} & tree.keys() and {"requirements", "requirements_file"} & tree.keys()):
        return
    manifest = _specs(path, tree.get("requirements"), lines, "requirements", "truss")
    target = inside(path, str(tree.get("requirements_file") or ""))
    includes = (*manifest.includes, *((target,) if target else ()))
    yield replace(manifest, includes=includes, python=str(tree.get("python_version") or ""))


def _databricks(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    """`libraries: [{pypi: {package: ...}}]` and `environments: [{spec: {dependencies: [...]}}]`, wherever they are."""
    rows: list[str] = []
    waiting: list[Any] = [tree]
    while waiting and len(rows) < 1000:
        node = waiting.pop()
        if isinstance(node, dict):
            for item in _list(node.get("libraries")):
                package = _table(item, "pypi").get("package")
                rows += [package] if isinstance(package, str) else []
            for item in _list(node.get("environments")):
                rows += [d for d in _list(_table(item, "spec").get("dependencies")) if isinstance(d, str)]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    manifest = _specs(path, rows, {}, "", "databricks")
    if manifest.requirements or manifest.includes:
        yield manifest


def _recipe(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    """A conda-build recipe: what the package needs to run."""
    run = _list(_table(tree, "requirements").get("run"))
    python, found = "", list[Requirement]()
    for index, item in enumerate(run):
        requirement = parse(str(item), _at(lines, "requirements.run", index))
        if requirement and requirement.name == "python":
            python = requirement.specifier
        elif requirement:
            found.append(requirement)
    name = normalise(str(_table(tree, "package").get("name") or ""))
    yield Manifest(path, "conda-recipe", "manifest", tuple(found), python=python, project_name=name)


def _anaconda_project(path: str, tree: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Manifest]:
    key = "packages" if "packages" in tree else "dependencies"
    yield from _environment(
        path, {"dependencies": _list(tree.get(key))}, {k.replace(key, "dependencies", 1): v for k, v in lines.items()}
    )


_READERS = {
    "mlproject": _mlproject,
    "python_env.yaml": _python_env,
    "python_env.yml": _python_env,
    "cog.yaml": _cog,
    "bentofile.yaml": _bento,
    "config.yaml": _truss,
    "databricks.yml": _databricks,
    "databricks.yaml": _databricks,
    "meta.yaml": _recipe,
    "anaconda-project.yml": _anaconda_project,
    "anaconda-project.yaml": _anaconda_project,
}
