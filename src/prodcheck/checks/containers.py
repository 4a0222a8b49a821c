"""Is the runtime captured as a container, or as something from which a platform builds the same image every time?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map

from prodcheck.checks.builds import missing_requirements
from prodcheck.extract.container import Container
from prodcheck.extract.python import Call
from prodcheck.extract.run import FileFacts
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Hit, Kind, Location, Outcome, Severity
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

WHOLE, MANAGED, NO_COMMAND, BUILDPACK, INCOMPLETE = 1.0, 0.8, 0.8, 0.7, 0.6

_REST = r"[^\n&;|]{0,500}"
"""The rest of one command; bounded, so that no line however long takes long."""
_INSTALLS = lazy_regex(
    rf"\bpip[\d.]*\s+(?:-\S+\s+){{0,4}}install\b{_REST}(?:\s-r\s*\S|\s--requirement\b|\s\.(?:\s|\[|/|$)|\s-e\s|\.whl\b|"
    rf"/\S+\s*$)|\b(?:poetry|pdm|pipenv|rye|pixi)\b{_REST}\b(?:install|sync)\b|\buv\s+sync\b|"
    rf"\buv\s+pip\s+(?:install|sync)\s+{_REST}(?:-r|\.)|"
    rf"\b(?:conda|mamba|micromamba)\b{_REST}(?:env\s+(?:create|update)|(?:install|create){_REST}(?:-f|--file))|"
    r"\bconda-lock\s+install|\bsetup\.py\s+(?:install|develop)|\bmake\s+\S*(?:install|setup|requirements|build)|"
    r"\bpip-sync\b|\bhatch\s+(?:env|run|build)|--from=\S+\s+\S*(?:venv|site-packages|\.local|conda|/app)"
)
_MANIFEST = lazy_regex(
    r"requirements[\w.-]*\.(?:txt|in|lock)|pyproject\.toml|Pipfile|poetry\.lock|uv\.lock|environment[\w.-]*\.ya?ml|"
    r"setup\.py|conda[\w.-]*\.ya?ml"
)
_PYTHON = lazy_regex(
    r"python|\bpip[\d.]*\b|conda|mamba|\buv\b|poetry|pytorch|tensorflow|jupyter|cuda|rapids|scipy|sagemaker|vertex|azureml|"
    r"databricks|spark|mlflow|airflow|prefect|dagster|ray|triton|torchserve|tfserving|vllm|huggingface|\.py\b",
    re.IGNORECASE,
)
_SUPPORT = lazy_regex(
    r"(?:^|/)(?:\.github|\.gitlab|\.circleci|\.ci|ci|\.azure|\.jenkins|docs?|tests?|e2e|benchmarks?|website|frontend|ui|web|client)(?:/|$)|"
    r"(?:^|/)[^/]*(?:docs?|tests?|lint|ci|bench\w*)[^/]*\.?dockerfile|(?:^|/)dockerfile[._-][^/]*(?:docs?|test|lint|ci|bench)",
    re.IGNORECASE,
)
_DEVELOPMENT = lazy_regex(r"\.devcontainer/|\.gitpod|(?:^|[/._-])dev(?:el|elopment)?(?:$|[/._-])", re.IGNORECASE)
_PINNED = lazy_regex(r"azureml://registries/[\w-]+/environments/[\w.-]+/versions/\d+|:[\w.-]*\d|@sha256:")
_CODE_IMAGES = (
    (lazy_regex(r"modal\.Image\..*"), "an image of Modal"),
    (lazy_regex(r"bentoml\.images\..*"), "an image of BentoML"),
    (lazy_regex(r"flytekit\.ImageSpec|flyte\.Image\..*"), "an image of Flyte"),
    (lazy_regex(r"zenml\..*DockerSettings"), "an image of ZenML"),
    (lazy_regex(r"prefect_docker\..*|prefect\.docker\.DockerImage"), "an image of Prefect"),
)
_KEYWORD_IMAGES = {
    "base_image": "an image of Kubeflow", "image_uri": "an image of SageMaker",
    "framework_version": "an image of SageMaker", "container_uri": "an image of Vertex AI",
    "serving_container_image_uri": "an image of Vertex AI",
}  # fmt: skip


_CHOSEN = "whose system the platform chooses"


@dataclass(frozen=True)
class _Image:
    """One way to the runtime: how much it is worth, what it is, and what it lacks."""

    score: float
    evidence: Evidence
    lacks: str = ""


def no_container(facts: Facts, params: Map[str, object]) -> Outcome:
    """The best image, or declared environment of a platform, that captures the runtime."""
    service = facts.project.kind is Kind.SERVICE
    # A batch job is moved less often than a service: its absence is told more quietly, and weighs less.
    severity = None if service else Severity.MINOR
    found = sorted(_images(facts, service), key=lambda image: -image.score)
    if not found:
        reason = "no Dockerfile, nor anything else that captures the system and the interpreter"
        return Outcome(0.0, hits=(Hit(None, reason, identity="container"),), reason=reason, severity=severity)
    best = found[0]
    evidence = tuple(dict.fromkeys(image.evidence for image in found[:4]))
    if best.score >= WHOLE:
        return Outcome(WHOLE, evidence, reason=_said(best.evidence), severity=severity)
    reason = f"{_said(best.evidence)}, {best.lacks}" if best.lacks else _said(best.evidence)
    hit = Hit(best.evidence.location, reason, identity="partly")
    return Outcome(best.score, evidence, (hit,), reason, severity=severity)


def _said(evidence: Evidence) -> str:
    return f"{evidence.location.path} {evidence.detail}" if evidence.location else evidence.detail


def _images(facts: Facts, service: bool) -> Iterator[_Image]:
    asking = facts.calls.giving(_KEYWORD_IMAGES)
    speaking = asking.union(facts.calls.where(_speaks_of_images))
    for path, file in facts.files.items():
        role = facts.role(path)
        if role is not Role.CODE:
            continue
        if file.container is not None and not _SUPPORT.search(path):
            image = _dockerfile(facts, path, file.container, service)
            if image is not None:
                yield image
        yield from _by_name(facts, path)
        if file.document is not None:
            yield from _in_document(facts, path)
        python = file.source
        if python is not None and path in speaking:
            calls = python.calls if path in asking else python.calls.named(_speaks_of_images)
            yield from _in_python(path, file, calls)


def _speaks_of_images(name: str) -> bool:
    return "Image" in name or "mage" in name or "DockerSettings" in name


def _in_python(path: str, file: FileFacts, calls: Iterable[Call]) -> Iterator[_Image]:
    """Images that code builds or asks a platform for."""
    for call in calls:
        found: tuple[float, str] | None = None
        keys = call.keywords.keys() & _KEYWORD_IMAGES.keys() if call.keywords else ()
        if _speaks_of_images(call.name):
            found = next(
                ((WHOLE, f"builds {what}") for pattern, what in _CODE_IMAGES if pattern.fullmatch(call.name)), None
            )
        if found is None and "base_image" in keys:
            found = WHOLE, f"runs in {_KEYWORD_IMAGES['base_image']}"
        elif found is None and keys and call.name.startswith(("sagemaker.", "google.cloud.aiplatform")):
            found = MANAGED, f"runs in {_KEYWORD_IMAGES[min(keys)]}"
        if found is not None:
            place = file.locate(call.line)
            yield _Image(found[0], Evidence(found[1], place), _CHOSEN if found[0] == MANAGED else "")


def _dockerfile(facts: Facts, path: str, container: Container, service: bool) -> _Image | None:
    text = "\n".join(f"{i.word} {i.text}\n{i.body}" for i in container.instructions)
    images = " ".join(image for image, _ in container.images)
    if "{{" in images or not _PYTHON.search(f"{images}\n{text}"):
        return None  # a template, or the image of something else
    place = Location(path, container.stages[0].line)
    if _DEVELOPMENT.search(path):
        return _Image(INCOMPLETE, Evidence("describes a development container", place), "which is not what runs")
    command = _command(container)
    if not _installs(facts, path, container, text):
        if _all_pinned(text):
            lacks = "which installs a list of its own instead of the manifest"
            return _Image(NO_COMMAND, Evidence("describes an image", place), lacks)
        lacks = (
            "which does not install the declared dependencies"
            if facts.dependencies.manifests
            else ("which installs no dependencies from a manifest")
        )
        return _Image(INCOMPLETE, Evidence("describes an image", place), lacks)
    missing = missing_requirements(facts, path)
    if missing:
        return _Image(INCOMPLETE, Evidence(f"installs {missing}", place), "which is not in the repository")
    if service and command is None and not _inherits_command(container):
        return _Image(NO_COMMAND, Evidence("describes an image", place), "which starts no server (no CMD)")
    starts = f" and starts `{command[:50]}`" if command else ""
    return _Image(WHOLE, Evidence(f"installs the dependencies{starts}", place))


def _command(container: Container) -> str | None:
    """What the built image starts: its entry point and the words after it."""
    found: dict[str, str] = {}
    for stage in container.lineage(container.stages[-1]):
        for item in reversed(stage.instructions):
            if item.word in ("CMD", "ENTRYPOINT"):
                found.setdefault(item.word, " ".join(item.arguments))
    return " ".join(found[word] for word in ("ENTRYPOINT", "CMD") if word in found) if found else None


_SELF_STARTING = lazy_regex(
    r"tensorflow/serving|torchserve|tritonserver|vllm|mlserver|lambda/python|functions/python|ray-ml|streamlit|nginx"
)


def _inherits_command(container: Container) -> bool:
    """Bases that bring a server of their own."""
    return any(_SELF_STARTING.search(image) for image, _ in container.images)


def _installs(facts: Facts, path: str, container: Container, text: str) -> bool:
    """Whether the image installs what the manifest declares, directly or through a script it runs."""
    flat = re.sub(r"\s*\\\s*", " ", text)
    if _INSTALLS.search(flat):
        return True
    if re.search(r"^COPY --from=\S*(?:build|deps|venv|base)\S*", text, re.MULTILINE | re.IGNORECASE) and "pip" in text:
        return True
    for script in re.findall(r"[\w./-]+\.(?:sh|bash)\b", flat):
        for candidate in (script.lstrip("./"), posixpath.join(posixpath.dirname(path), posixpath.basename(script))):
            if candidate in facts.files and _INSTALLS.search(facts.text(candidate)):
                return True
    return any(_MANIFEST.search(i.text) and i.word == "RUN" for i in container.instructions)


def _all_pinned(text: str) -> bool:
    """Whether every package that the image installs by name has an exact version."""
    flat = re.sub(r"\s*\\\s*", " ", text)
    words = [w for line in re.findall(r"\bpip3?\s+install\s+([^\n&;|]+)", flat) for w in line.split()]
    names = [w.strip("\"'") for w in words if re.match(r"[\"']?[A-Za-z][\w.-]*(?:\[|==|[<>~!]|[\"']?$)", w)]
    return bool(names) and all("==" in name for name in names)


def _by_name(facts: Facts, path: str) -> Iterator[_Image]:
    name, folder = posixpath.basename(path), posixpath.dirname(path)
    place = Location(path, 1)
    if name == "cog.yaml":
        yield _Image(WHOLE, Evidence("describes a Cog image", place))
    elif name == "bentofile.yaml":
        yield _Image(WHOLE, Evidence("describes a Bento", place))
    elif name == "config.yaml" and f"{folder}/model/model.py".lstrip("/") in facts.files:
        yield _Image(WHOLE, Evidence("describes a Truss", place))
    elif (name.startswith("Singularity") or name.endswith(".def")) and re.search(
        r"^Bootstrap\s*:", facts.text(path), re.MULTILINE | re.IGNORECASE
    ):
        yield _Image(WHOLE, Evidence("describes an Apptainer image", place))
    elif name == "flake.nix" or (name in ("shell.nix", "default.nix", "guix.scm", "manifest.scm", "devbox.json")):
        locked = name == "flake.nix" and f"{folder}/flake.lock".lstrip("/") in facts.files
        score = WHOLE if locked or name in ("guix.scm", "manifest.scm", "devbox.json") else BUILDPACK
        yield _Image(score, Evidence("describes the whole environment", place), "which is not locked")
    elif name == "devcontainer.json" or name == ".devcontainer.json":
        yield _Image(INCOMPLETE, Evidence("describes a development container", place), "which is not what runs")
    elif name == "Procfile" or (name == "project.toml" and "buildpack" in facts.text(path)):
        yield _Image(BUILDPACK, Evidence("lets a buildpack make the image", place), "whose system nobody chooses")
    elif folder in ("binder", ".binder") and re.search(
        r"environment\.ya?ml|requirements\.txt|postBuild|apt\.txt|Dockerfile", name
    ):
        yield _Image(BUILDPACK, Evidence("lets repo2docker make the image", place), "for notebooks")
    elif path.lower() == "readme.md":
        head = re.match(r"---\s*\n(.*?)\n---", facts.text(path)[:3000], re.DOTALL)
        space = head and re.search(r"^sdk\s*:\s*(gradio|streamlit|docker)", head[1], re.MULTILINE)
        if space:
            yield _Image(MANAGED, Evidence(f"makes this a {space[1]} Space of Hugging Face", place), _CHOSEN)


def _in_document(facts: Facts, path: str) -> Iterator[_Image]:
    document = facts.files[path].document
    assert document is not None
    name = posixpath.basename(path)
    if name == "MLproject" and (found := document.find("docker_env")):
        yield _Image(WHOLE, Evidence("runs in a Docker image (docker_env)", Location(path, found[1])))
    if document.format == "yaml" and (found := document.find("base_image")) and document.find("post_build_cmds"):
        # The base, the packages and the commands are written down, as in a Dockerfile.
        pinned = _PINNED.search(str(found[0])) is not None
        evidence = Evidence(f"builds an image on {str(found[0])[:60]}", Location(path, found[1]))
        yield _Image(WHOLE if pinned else MANAGED, evidence, "" if pinned else "which is not pinned")
    schema = str(document.get("$schema") or "")
    if "azureml" in schema:
        for key in ("image", "environment.image", "environment", "jobs.*.environment", "build.path"):
            for value, line in document.find_all(key):
                if not isinstance(value, str):
                    continue
                if key == "build.path":
                    yield _Image(WHOLE, Evidence("builds an Azure ML environment", Location(path, line)))
                elif _PINNED.search(value) and "latest" not in value:
                    yield _Image(MANAGED, Evidence(f"runs in {value[:60]}", Location(path, line)), _CHOSEN)
                elif key.endswith("image") or value.startswith(("azureml:", "azureml://")):
                    yield _Image(
                        INCOMPLETE, Evidence(f"runs in {value[:60]}", Location(path, line)), "which is not pinned"
                    )
    if name in ("databricks.yml", "databricks.yaml") or path.startswith("resources/"):
        for key in (
            "resources.jobs.*.job_clusters.*.new_cluster.spark_version",
            "resources.jobs.*.tasks.*.new_cluster.spark_version",
            "resources.jobs.*.environments.*.spec.client",
        ):
            for value, line in document.find_all(key):
                yield _Image(
                    MANAGED, Evidence(f"runs on Databricks {value}", Location(path, line)), "a runtime of the platform"
                )
    if re.fullmatch(r"(?:docker-)?compose[\w.-]*\.ya?ml", name):
        services = document.get("services")
        for key, service in services.items() if isinstance(services, dict) else ():
            image = str(service.get("image", "")) if isinstance(service, dict) else ""
            if (
                isinstance(service, dict)
                and "build" not in service
                and re.search(r"python|pytorch|tensorflow|jupyter", image)
            ):
                line = document.lines.get(f"services.{key}.image")
                yield _Image(
                    INCOMPLETE,
                    Evidence(f"runs {image[:50]}", Location(path, line)),
                    "without the project's dependencies",
                )
