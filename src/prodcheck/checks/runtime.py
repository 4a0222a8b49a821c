"""Which Python a project runs on, and which system and CUDA where that matters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodcheck.checks.builds import missing_requirements
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Hit, Kind, Location, Outcome, Severity, Strength
from prodcheck.patterns import lazy_regex

PYTHON_SHARE = 0.7
"""What stating the Python version counts; the rest is the operating system and CUDA, for those that need them."""
STATED, MISNAMED, TESTED, TOLD, TRIVIAL, CLASSIFIED = 0.7, 0.45, 0.4, 0.3, 0.3, 0.2

_NATIVE = frozenset(
    "torch tensorflow jax jaxlib cupy cudf cuml cv2 faiss pytesseract pyodbc dgl mxnet paddle onnxruntime flash_attn "
    "xformers bitsandbytes deepspeed triton pycuda open3d detectron2 torch_geometric".split()
)
"""Modules whose installation depends on the operating system, its libraries or the GPU's driver."""

_TRIVIAL = lazy_regex(r"\s*(?:\*|>=?\s*[23](?:\.0)*|>=?\s*2\.[67]|={0,2}\s*3(?:\.\*)?|[\^~]3(?:\.0)?)\s*\Z")
_IMAGES = "python pytorch tensorflow rapids jupyter miniconda miniforge azureml sagemaker databricks".split()
_FROM = lazy_regex(r"^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?([^\s:@]+)[:@](\S+)", re.IGNORECASE | re.MULTILINE)
_IMAGE = lazy_regex(r'"image"\s*:\s*"([^"]+):([^"]+)"')
_CI_PYTHON = lazy_regex(
    r"python-version\s*:|versionSpec\s*:|image\s*:\s*[\"']?python:\d|^python\s*:|py3\d+", re.MULTILINE
)
_CI_FILES = lazy_regex(
    r"\.github/workflows/[^/]+\.ya?ml\Z|\.gitlab-ci\.yml\Z|azure-pipelines[^/]*\.ya?ml\Z|\.circleci/config\.yml\Z|"
    r"\.travis\.yml\Z|bitbucket-pipelines\.yml\Z|(?:\A|/)tox\.ini\Z"
)
_VERSION_FILES = {
    ".python-version": lazy_regex(r"\s*(?:python-|cpython@?)?(\d+\.\d+(?:\.\d+)*)\S*\s*\Z"),
    "runtime.txt": lazy_regex(r"\s*python-?\s*(\d+\.\d+(?:\.\d+)*)\s*\Z|\s*(\d+\.\d+(?:\.\d+)*)\s*\Z"),
    ".tool-versions": lazy_regex(r"\s*python\s+(\d+\.\d+\S*)"),
    "mise.toml": lazy_regex(r"\s*python\s*=\s*\"?(\d+\.\d+[\d.]*)"),
    ".mise.toml": lazy_regex(r"\s*python\s*=\s*\"?(\d+\.\d+[\d.]*)"),
    "databricks.yml": lazy_regex(r"\s*-?\s*((?:spark_version|environment_version|client)\s*:\s*\S+)"),
}
_CLASSIFIER = lazy_regex(r"Programming Language :: Python :: 3\.\d+")
_PROSE = lazy_regex(r"\bpython\s*(?:version\s*)?(?:>=|≥|=+|:)?\s*v?3\.\d+", re.IGNORECASE)
_FRONT_MATTER = lazy_regex(r"---\n.*?^python_version\s*:\s*[\"']?([\d.]+).*?\n---", re.DOTALL | re.MULTILINE)
_SYSTEM_PROSE = lazy_regex(
    r"\bCUDA\s*(?:toolkit\s*|version\s*)?[v≥>=]*\s*\d+|\bUbuntu\s*\d+|\bcuDNN\s*\d", re.IGNORECASE
)
_SYSTEM_FILES = frozenset("devcontainer.json .devcontainer.json apt.txt packages.txt aptfile conda-lock.yml".split())
_CUDA_NAMES = lazy_regex(r"(?:cudatoolkit|pytorch-cuda|cuda-version|cuda(?:-[a-z-]+)?|cudnn)\Z")
_END_OF_LIFE = {"3.5": "2020-09", "3.6": "2021-12", "3.7": "2023-06", "3.8": "2024-10", "3.9": "2025-10"}
_FOREIGN = (Role.VENDORED, Role.GENERATED, Role.TEMPLATE)


def runtime_unspecified(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Whether the Python version is stated, and the operating system or CUDA where an import depends on them."""
    if not facts.code.python_files and not facts.code.notebooks:
        return Outcome.not_applicable("no Python code")
    worth, python = max(_pythons(facts), key=lambda row: row[0], default=(0.0, None))
    native = sorted({p.module for p in facts.dependencies.third_party if p.role is Role.CODE} & _NATIVE)
    needs_system = bool(native) and facts.project.kind is not Kind.LIBRARY
    system = next(_systems(facts), None) if needs_system else None
    evidence = tuple(e for e in (python, system) if e is not None)
    possible = 1.0 if needs_system else PYTHON_SHARE
    score = (worth + (1.0 - PYTHON_SHARE if system is not None else 0.0)) / possible
    lacking = []
    if python is None:
        lacking.append("no file states the Python version")
    elif worth < STATED:
        lacking.append(f"{python.detail}; no file states which Python it runs on")
    if needs_system and system is None:
        lacking.append(f"nothing states the system or CUDA that {native[0]} runs on")
    if not lacking:
        return Outcome(1.0, evidence, reason="; ".join(e.detail for e in evidence))
    reason = "; ".join(lacking)
    place = python.location if python is not None else None
    softer = Severity.MINOR if facts.code.small_notebooks else None  # Jupyter writes the version beside its cells
    return Outcome(round(score, 4), evidence, (Hit(place, reason, identity="runtime"),), reason, severity=softer)


def _pythons(facts: Facts) -> Iterator[tuple[float, Evidence]]:
    """(worth, evidence) of everything that states a Python version."""
    deps = facts.dependencies
    for manifest in sorted((*deps.manifests, *deps.others), key=lambda m: (m.path.count("/"), m.path)):
        if manifest.python and facts.role(manifest.path) not in (Role.TEST, Role.DOCS):
            detail = f"{manifest.path} asks for Python {manifest.python}{_age(manifest.python)}"
            place = Location(manifest.path, manifest.python_line)
            yield TRIVIAL if _TRIVIAL.match(manifest.python) else STATED, Evidence(detail, place, Strength.CONFIGURED)
    for path in facts.files:
        if facts.role(path) not in (*_FOREIGN, Role.TEST):
            yield from _python_of(facts, path)


def _python_of(facts: Facts, path: str) -> Iterator[tuple[float, Evidence]]:
    """What one file, judged by its name, says about Python."""
    name = path.rpartition("/")[2]
    lowered = name.lower()
    python = facts.files[path].python
    for call in python.calls if python and name == "setup.py" else ():
        if call.method == "setup" and "requires_python" in call.keywords:
            detail = f"{path} says requires_python, which setuptools does not know (it is python_requires)"
            yield MISNAMED, Evidence(detail, Location(path, call.line), Strength.DECLARED)
    if name in _VERSION_FILES:
        for number, line in enumerate(split_lines(facts.text(path)), start=1):
            match = _VERSION_FILES[name].match(line)
            if match:
                version = next(group for group in match.groups() if group)
                detail = f"{path} says {version if ':' in version else 'Python ' + version}{_age(version)}"
                yield STATED, Evidence(detail, Location(path, number), Strength.CONFIGURED)
                return
    elif is_dockerfile(path):
        yield from _of_dockerfile(facts, path)
    elif lowered.endswith((".yaml", ".yml")) and not _CI_FILES.search(path):
        text = facts.text(path) if facts.files[path].size < MAX_YAML else ""
        match = _TAGGED.search(text) if "mage" in text else None
        if match:
            version = f"{match['python'][0]}.{match['python'][1:].lstrip('.')}"
            place = place_of(path, text, match)
            detail = f"{path} runs in an image with Python {version}{_age(version)}"
            yield STATED, Evidence(detail, place, Strength.CONFIGURED)
    elif lowered in ("devcontainer.json", ".devcontainer.json"):
        yield from ((STATED, evidence) for evidence in _images(path, facts.text(path), _IMAGE))
    elif _CI_FILES.search(path):
        yield from _found(facts, path, _CI_PYTHON, TESTED, f"{path} sets up a stated Python")
    elif lowered.startswith("readme") and "/" not in path:
        text = facts.text(path)
        front = _FRONT_MATTER.match(text.replace("\r\n", "\n")) if text.startswith("---") else None
        if front:
            yield STATED, Evidence(f"the Space runs Python {front[1]}", Location(path, 1), Strength.CONFIGURED)
        yield from _found(facts, path, _PROSE, TOLD, f"only {path} mentions a version")
    elif name in ("setup.py", "setup.cfg", "pyproject.toml"):
        yield from _found(facts, path, _CLASSIFIER, CLASSIFIED, f"only the classifiers in {path} name a version")


MAX_YAML = 50_000
"""Bytes; larger files are data."""
_TAGGED = lazy_regex(
    r"^\s*(?:base_image|image|docker_image|baseImage)\s*:\s*[\"']?(?P<image>[\w.-]+(?:/[\w.-]+)+:[\w.-]*(?<![a-z])py(?P<python>3\.?\d{1,2})[\w.-]*)",
    re.MULTILINE,
)
"""An image whose tag says which Python it holds: `anyscale/ray:2.7.0optimized-py310-cu118`."""


def _of_dockerfile(facts: Facts, path: str) -> Iterator[tuple[float, Evidence]]:
    """The Python of its images; little worth in a Dockerfile that the tree cannot build."""
    missing = missing_requirements(facts, path)
    for evidence in _images(path, facts.text(path), _FROM):
        if missing:
            detail = f"{evidence.detail} and installs {missing}, which is not in the tree"
            yield TOLD, Evidence(detail, evidence.location, Strength.DECLARED)
        else:
            yield STATED, evidence


def _found(
    facts: Facts, path: str, pattern: re.Pattern[str], worth: float, detail: str
) -> Iterator[tuple[float, Evidence]]:
    text = facts.text(path)
    match = pattern.search(text)
    if match:
        yield worth, Evidence(detail, place_of(path, text, match), Strength.DECLARED)


def _images(path: str, text: str, pattern: re.Pattern[str]) -> Iterator[Evidence]:
    """Base images that bring a known Python: named after it, and with a version in the tag."""
    for match in pattern.finditer(text):
        image, tag = match[1], match[2]
        if any(word in image for word in _IMAGES) and (re.search(r"\d", tag) or tag.startswith("sha256")):
            detail = f"{path} starts from {image}:{tag[:30]}{_age(tag.partition('-')[0])}"
            yield Evidence(detail, place_of(path, text, match), Strength.CONFIGURED)


def is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name.startswith(("dockerfile", "containerfile")) or name.endswith((".dockerfile", ".containerfile"))


def place_of(path: str, text: str, match: re.Match[str]) -> Location:
    """Where in a file a match begins."""
    return Location(path, text.count("\n", 0, match.start() + len(match[0]) - len(match[0].lstrip())) + 1)


def _age(version: str) -> str:
    """A note for a version that is past its end of life; empty for a bound that newer ones satisfy."""
    exact = re.fullmatch(r"[=~^\s]*(3\.\d+)(?:\.[\w*]+)*", version.strip())
    ended = _END_OF_LIFE.get(exact[1]) if exact else None
    return f", which had its last update in {ended}" if ended else ""


def _systems(facts: Facts) -> Iterator[Evidence]:
    """Everything that states the operating system, its packages or CUDA, the surest first."""
    deps = facts.dependencies
    own = [path for path in facts.files if facts.role(path) not in _FOREIGN]
    for path in own:
        name = path.rpartition("/")[2].lower()
        if is_dockerfile(path) or name.endswith((".def", ".nix")) or name in _SYSTEM_FILES:
            yield Evidence(f"{path} states the system", Location(path), Strength.CONFIGURED)
        elif name.endswith((".yaml", ".yml")) and facts.files[path].size < MAX_YAML:
            text = facts.text(path)
            match = _TAGGED.search(text)
            if match:
                yield Evidence(f"{path} names an image", place_of(path, text, match), Strength.CONFIGURED)
    for manifest in (*deps.manifests, *deps.locks):
        if manifest.format in ("cog", "azureml", "pixi"):
            yield Evidence(f"{manifest.path} states the system", Location(manifest.path), Strength.CONFIGURED)
        for requirement in manifest.requirements:
            if _CUDA_NAMES.match(requirement.name) or re.search(r"\+(?:cu\d+|cpu|rocm)", requirement.specifier):
                detail = f"{manifest.path} asks for {requirement.name} {requirement.specifier}".rstrip()
                yield Evidence(detail, Location(manifest.path, requirement.line), Strength.CONFIGURED)
        for line, option in manifest.options:
            if re.search(r"/(?:cu\d+|cpu|rocm[\d.]+)\b", option):
                detail = f"{manifest.path} takes packages for one CUDA version"
                yield Evidence(detail, Location(manifest.path, line), Strength.CONFIGURED)
    for path in own:
        if path.lower().startswith("readme"):
            text = facts.text(path)
            match = _SYSTEM_PROSE.search(text)
            if match:
                detail = f"{path} names {' '.join(match[0].split())}"
                yield Evidence(detail, place_of(path, text, match), Strength.DECLARED)
