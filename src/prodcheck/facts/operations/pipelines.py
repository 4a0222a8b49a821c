"""Pipelines: steps from raw data to a model that are declared with their order, by any orchestrator.

A module called `pipeline.py`, or scikit-learn's `Pipeline`, is none. A definition counts fully when it has at least two
steps and says how they depend on each other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from prodcheck.extract.document import Document
from prodcheck.extract.python_model import PythonFacts
from prodcheck.extract.run import FileFacts
from prodcheck.facts.operations.tables import rows
from prodcheck.model import Evidence, Location, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass


@dataclass(frozen=True)
class Flow:
    """One pipeline definition. `steps` are its tasks; `linked` says whether their order is declared."""

    system: str
    steps: int
    linked: bool
    evidence: Evidence
    path: str

    @property
    def complete(self) -> bool:
        return self.steps >= 2 and self.linked


@dataclass(frozen=True)
class _System:
    """One line of `pipelines.tsv`, which says what the columns mean."""

    name: str
    module: str
    pipeline: re.Pattern[str] | None
    step: re.Pattern[str]
    links: re.Pattern[str] | None


@lru_cache(maxsize=1)
def _systems() -> tuple[_System, ...]:
    found = []
    for name, module, pipeline, step, links in rows("pipelines.tsv"):
        made = lazy_regex(rf"(?:{pipeline})\Z") if pipeline else None
        found.append(_System(name, module, made, lazy_regex(rf"(?:{step})\Z"), lazy_regex(links) if links else None))
    return tuple(found)


@dataclass(frozen=True)
class Part:
    """What one file holds of a system's pipeline. `line` is where the pipeline is made, 0 when only steps are here."""

    system: str
    path: str
    line: int
    steps: int
    linked: bool
    location: Location | None
    alone: bool
    """The system needs no pipeline object: steps by themselves are one."""


def imports_any(python: PythonFacts) -> bool:
    """Whether a file imports an orchestrator at all."""
    modules = {system.module for system in _systems()}
    return any(not item.level and item.module.partition(".")[0] in modules for item in python.imports)


def in_python(path: str, file: FileFacts, python: PythonFacts, text: str) -> Iterator[Part]:
    """What one Python file or notebook holds of pipelines. `text` is its source."""
    tops = {item.module.partition(".")[0] for item in python.imports if not item.level}
    names = [(call.name, call.line) for call in python.calls]
    for definition in python.definitions:
        names += [(name, definition.line) for name in (*definition.decorators, *definition.bases)]
    for system in _systems():
        if system.module not in tops:
            continue
        made = [line for name, line in names if system.pipeline is not None and system.pipeline.match(name)]
        steps = _steps(python, system.step)
        if made and any(system.step.match(name) for name, line in names if line == made[0]):
            steps -= 1  # Prefect's flows are steps of other flows: the first one is the pipeline
        if not made and not steps:
            continue
        linked = system.links is None or bool(system.links.search(text)) or _taskflow(system.name, python)
        line = made[0] if made else min(line for name, line in names if system.step.match(name))
        place = file.locate(line)
        yield Part(system.name, path, line if made else 0, steps, linked, place, system.pipeline is None)


def join(parts: Iterable[Part]) -> Iterator[Flow]:
    """Pipelines from their parts: steps that live in other files are counted where the pipeline is made."""
    by_system: dict[str, list[Part]] = {}
    for part in parts:
        by_system.setdefault(part.system, []).append(part)
    for system, group in by_system.items():
        loose = sum(part.steps for part in group if not part.line)
        made = [part for part in group if part.line]
        if not made and all(part.alone for part in group) and loose >= 2:
            made = [max(group, key=lambda part: part.steps)]
        for part in made:
            steps = part.steps if part.steps >= 2 else part.steps + loose
            linked = part.linked or any(other.linked for other in group if part.alone)
            detail = f"{system} pipeline with {steps} step{'s' * (steps != 1)}"
            if steps > part.steps:
                detail = f"{system} pipeline with its steps in other files"
            yield Flow(system, steps, linked, Evidence(detail, part.location, Strength.USED), part.path)


def _steps(python: PythonFacts, step: re.Pattern[str]) -> int:
    """Distinct steps: decorated functions, classes, and calls that make one."""
    decorated = [d for d in python.definitions if any(step.match(n) for n in (*d.decorators, *d.bases))]
    near = {line for d in decorated for line in range(d.line - 12, d.line + 1)}
    called = {(c.line, c.name) for c in python.calls.named(step.match) if not (decorated and c.line in near)}
    return len(decorated) + len(called)


def _taskflow(system: str, python: PythonFacts) -> bool:
    """Airflow's TaskFlow: the result of one decorated function is handed to another."""
    if system != "Airflow":
        return False
    tasks = {
        d.name.rpartition(".")[2]
        for d in python.definitions
        if any(re.fullmatch(r"airflow\.(?:decorators|sdk)\.task(?:\.\w+)*", n) for n in d.decorators)
    }
    calls = [c for c in python.calls if c.method in tasks or c.name.partition(".")[0] in tasks]
    return len(calls) >= 2 and any(c.positional or c.keywords for c in calls)


# Files


def in_document(path: str, document: Document) -> Iterator[Flow]:
    """Pipelines that a YAML or JSON file defines."""
    name = posixpath.basename(path)
    for index, part in enumerate(document.parts):
        if isinstance(part, dict):
            prefix = f"{index}." if document.several else ""
            for reader in _READERS:
                found = reader(name, path, part)
                if found is not None:
                    system, steps, linked, key = found
                    line = document.lines.get(f"{prefix}{key}")
                    detail = f"{system} pipeline with {steps} step{'s' * (steps != 1)}"
                    yield Flow(system, steps, linked, Evidence(detail, Location(path, line), Strength.CONFIGURED), path)
                    break


Shape = tuple[str, int, bool, str]
"""System, number of steps, whether they are linked, key of the steps."""


def _items(value: object) -> list[Any]:
    if isinstance(value, dict):
        return [v for v in value.values() if isinstance(v, dict)]
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _dvc(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    stages = part.get("stages")
    if name != "dvc.yaml" or not isinstance(stages, dict) or not stages:
        return None
    outs: set[str] = set()
    deps: set[str] = set()
    for stage in _items(stages):
        body = stage.get("do", stage) if isinstance(stage.get("do", stage), dict) else stage
        for key in ("outs", "metrics", "plots", "outs_persist", "outs_no_cache"):
            for item in body.get(key) or []:
                outs |= {str(k).rstrip("/") for k in (item if isinstance(item, dict) else [item])}
        deps |= {str(item).rstrip("/") for item in body.get("deps") or [] if isinstance(item, str)}
    linked = any(d == o or d.startswith(f"{o}/") for d in deps for o in outs)
    return "DVC", len(stages), linked, "stages"


def _argo(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    if "argoproj.io" not in str(part.get("apiVersion")):
        return None
    spec = part.get("spec")
    spec = spec.get("workflowSpec", spec) if isinstance(spec, dict) else {}
    for template in _items(spec.get("templates") if isinstance(spec, dict) else None):
        dag, steps = template.get("dag"), template.get("steps")
        if isinstance(dag, dict) and dag.get("tasks"):
            tasks = _items(dag["tasks"])
            return "Argo Workflows", len(tasks), any(t.get("dependencies") or t.get("depends") for t in tasks), "spec"
        if isinstance(steps, list) and steps:
            return "Argo Workflows", len(steps), True, "spec"
    return None


def _azure_ml(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    jobs = part.get("jobs")
    schema = str(part.get("$schema", ""))
    if not isinstance(jobs, dict) or not (
        "pipelineJob" in schema or "pipelineComponent" in schema or part.get("type") == "pipeline"
    ):
        return None
    text = str(jobs)
    return "Azure ML", len(jobs), "parent.jobs." in text or ".outputs." in text, "jobs"


def _databricks(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    resources = part.get("resources")
    jobs = resources.get("jobs") if isinstance(resources, dict) else None
    for job in _items(jobs):
        tasks = _items(job.get("tasks"))
        if tasks:
            return "Databricks job", len(tasks), any(t.get("depends_on") for t in tasks), "resources"
    return None


def _step_functions(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    if isinstance(part.get("States"), dict) and "StartAt" in part:
        states = part["States"]
        return "Step Functions", len(states), any(s.get("Next") for s in _items(states)), "States"
    return None


def _kubeflow(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    if "pipelineInfo" in part and "deploymentSpec" in part:
        root = part.get("root")
        dag = root.get("dag") if isinstance(root, dict) else None
        tasks = _items(dag.get("tasks") if isinstance(dag, dict) else None)
        return "Kubeflow Pipelines", len(tasks), any(t.get("dependentTasks") for t in tasks), "root"
    return None


def _spacy(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    workflows, commands = part.get("workflows"), part.get("commands")
    if name == "project.yml" and isinstance(workflows, dict) and isinstance(commands, list):
        sizes = [len(steps) for steps in workflows.values() if isinstance(steps, list)]
        return ("spaCy project", max(sizes), True, "workflows") if sizes else None
    return None


def _ploomber(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    tasks = _items(part.get("tasks"))
    if name.startswith("pipeline") and any("source" in t for t in tasks) and any("product" in t for t in tasks):
        return "Ploomber", len(tasks), True, "tasks"
    return None


def _kestra(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    if part.get("namespace") and part.get("id") and isinstance(part.get("tasks"), list):
        return "Kestra", len(part["tasks"]), True, "tasks"
    return None


def _mage(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    blocks = _items(part.get("blocks"))
    if name == "metadata.yaml" and any("upstream_blocks" in b for b in blocks):
        return "Mage", len(blocks), any(b.get("upstream_blocks") for b in blocks), "blocks"
    return None


def _dag_factory(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    for key, dag in part.items():
        if isinstance(dag, dict) and dag.get("tasks") and "schedule_interval" in dag:
            tasks = _items(dag["tasks"])
            return "Airflow", len(tasks), any(t.get("dependencies") for t in tasks), str(key)
    return None


def _valohai(name: str, path: str, part: Mapping[str, Any]) -> Shape | None:
    if name == "dbt_project.yml" and ("model-paths" in part or "models" in part or "source-paths" in part):
        return "dbt", 2, True, "name"
    if name.startswith("polyaxonfile") and "dag" in str(part.get("run", ""))[:40]:
        return "Polyaxon", 2, True, "run"
    return None


_READERS = (
    _dvc, _argo, _azure_ml, _databricks, _step_functions, _kubeflow, _spacy, _ploomber, _kestra, _mage, _dag_factory,
    _valohai,
)  # fmt: skip

_RULE = lazy_regex(r"^(?:rule|checkpoint)\s+(\w+)\s*:", re.MULTILINE)
_PROCESS = lazy_regex(r"^\s*process\s+(\w+)\s*\{", re.MULTILINE)


def wants_text(path: str) -> bool:
    """Whether a file's name says that `in_text` may find a pipeline in it."""
    name = posixpath.basename(path)
    return name == "Snakefile" or name.endswith((".smk", ".nf", ".pipeline")) or name == "dodo.py"


def in_text(path: str, text: str) -> Iterator[Flow]:
    """Pipelines in languages of their own: Snakemake, Nextflow, Elyra, doit."""
    name = posixpath.basename(path)
    system, steps, linked = "", 0, True
    if name == "Snakefile" or name.endswith(".smk"):
        rules = [r for r in _RULE.findall(text) if r != "all"]
        system, steps, linked = "Snakemake", len(rules), bool(re.search(r"^\s+input:", text, re.MULTILINE))
    elif name.endswith(".nf"):
        system, steps = "Nextflow", len(_PROCESS.findall(text))
        linked = bool(re.search(r"^\s*workflow\b", text, re.MULTILINE)) or "from" in text
    elif name.endswith(".pipeline"):
        system, steps = "Elyra", text.count('"execution_node"')
        linked = '"links"' in text
    elif name == "dodo.py":
        system, steps = "doit", len(re.findall(r"^def task_\w+", text, re.MULTILINE))
        linked = "task_dep" in text or ("file_dep" in text and "targets" in text)
    if steps:
        detail = f"{system} pipeline with {steps} step{'s' * (steps != 1)}"
        yield Flow(system, steps, linked, Evidence(detail, Location(path, 1), Strength.CONFIGURED), path)
