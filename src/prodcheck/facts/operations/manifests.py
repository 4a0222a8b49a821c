"""Schedules that YAML and JSON files declare: Kubernetes, Azure ML, Databricks, Prefect, CloudFormation and others."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from prodcheck.extract.document import Document
from prodcheck.facts.operations.triggers import DEMAND, EVENT, SCHEDULE, Trigger, trigger
from prodcheck.facts.operations.work import DATA, MONITOR, Work, Works, leaves, words
from prodcheck.model import Location


def find(path: str, document: Document, work: Work) -> Iterator[Trigger]:
    """Schedules in one document."""
    for index, part in enumerate(document.parts):
        if isinstance(part, dict):
            prefix = f"{index}." if document.several else ""
            for reader in (_kubernetes, _azure_ml, _databricks, _prefect, _cloudformation, _platforms, _others):
                yield from reader(path, part, document, prefix, work)


def _line(document: Document, key: str) -> int | None:
    while key and key not in document.lines:
        key = key.rpartition(".")[0]
    return document.lines.get(key)


def _below(value: object, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


_PROSE_KEYS = frozenset("description annotations labels comment doc summary".split())


def _without_prose(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_prose(v) for k, v in value.items() if k not in _PROSE_KEYS}
    return [_without_prose(v) for v in value] if isinstance(value, list) else value


MAX_DEPTH = 3
"""Files that name files that name files: followed no further."""


def _target(path: str, value: object, work: Work, depth: int = 0) -> tuple[Works, bool, tuple[str, ...]]:
    """What a manifest's target does: its commands and the files that it names first, then its names."""
    texts = list(leaves(_without_prose(value)))
    done: set[str] = set()
    files: list[str] = []
    for text in [*texts, " ".join(_commandline(value))]:
        for script in work.scripts(text.split()):
            files.append(script)
            done |= work.of_script(script)
        inner = _inside(path, text)
        if inner in work.facts.files and inner != path and depth < MAX_DEPTH:
            files.append(inner)
            if inner.endswith((".py", ".ipynb")):
                done |= work.of_script(inner)
            else:
                document = work.facts.files[inner].document
                if document is not None:
                    done |= _target(inner, document.root, work, depth + 1)[0]
        if " " in text:
            done |= work.of_text(text, path)
    if done:
        return frozenset(done), True, tuple(dict.fromkeys(files))
    return words(" ".join(texts)), False, tuple(dict.fromkeys(files))


def _commandline(value: object) -> Iterator[str]:
    """`command:` and `args:` lists of containers, as the words of one line."""
    if isinstance(value, dict):
        for key in ("command", "args"):
            inner = value.get(key)
            if isinstance(inner, list):
                yield from (str(word) for word in inner)
        for inner in value.values():
            yield from _commandline(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _commandline(inner)


def _inside(path: str, text: str) -> str:
    """A file of the tree that a manifest names, relative to itself."""
    if not re.fullmatch(r"(?:file:|azureml:)?[\w./ -]+\.(?:ya?ml|json|py|ipynb)", text):
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), text.removeprefix("file:")))


def _found(
    system: str, how: str, when: object, path: str, line: int | None, value: object, work: Work, active: bool = True,
    only: bool = False,
) -> Iterator[Trigger]:  # fmt: skip
    """A trigger for what a manifest starts; `only` systems run nothing but pipelines of data and models."""
    done, certain, files = _target(path, value, work)
    if not done and only:
        done, certain = frozenset([DATA]), False
    if done:
        shown = f" ({str(when)[:40]})" if isinstance(when, str) and when else ""
        way = {SCHEDULE: f" on a schedule{shown}", EVENT: f" on an event{shown}", DEMAND: " without a schedule"}[how]
        detail = f"{system}{way}{'' if active else ', paused'}"
        yield trigger(system, how, done, detail, Location(path, line), active=active, certain=certain, files=files)


def _kubernetes(path: str, part: Mapping[str, Any], document: Document, prefix: str, work: Work) -> Iterator[Trigger]:
    kind, spec = part.get("kind"), part.get("spec")
    if not isinstance(spec, dict) or "apiVersion" not in part:
        return
    named = {"name": _below(part, "metadata", "name"), "spec": spec}
    suspended = spec.get("suspend") is True
    if kind in ("CronJob", "CronWorkflow", "ScheduledSparkApplication", "ScheduledWorkflow"):
        when = spec.get("schedule") or spec.get("schedules") or _below(spec, "trigger", "cronSchedule", "cron")
        system = {"CronJob": "Kubernetes CronJob", "CronWorkflow": "Argo CronWorkflow"}.get(str(kind), str(kind))
        line = _line(document, f"{prefix}spec.schedule") or _line(document, f"{prefix}spec")
        if isinstance(when, list):
            when = when[0] if when else ""
        yield from _found(system, SCHEDULE, when, path, line, named, work, not suspended)
    elif kind == "Sensor" and "argoproj" in str(part["apiVersion"]):
        yield from _found("Argo Events", EVENT, "", path, _line(document, f"{prefix}spec"), named, work)


def _azure_ml(path: str, part: Mapping[str, Any], document: Document, prefix: str, work: Work) -> Iterator[Trigger]:
    schema = str(part.get("$schema", ""))
    when = _below(part, "trigger", "expression") or _below(part, "trigger", "frequency")
    line = _line(document, f"{prefix}trigger")
    active = part.get("is_enabled") is not False
    if schema.endswith("monitorSchedule.schema.json") or ("create_monitor" in part and when):
        detail = f"Azure ML monitor ({when})"
        yield trigger("Azure ML", SCHEDULE, frozenset([MONITOR]), detail, Location(path, line), active=active)
    elif schema.endswith("schedule.schema.json") or ("create_job" in part and when):
        yield from _found("Azure ML", SCHEDULE, when, path, line, part, work, active, only=True)


def _databricks(path: str, part: Mapping[str, Any], document: Document, prefix: str, work: Work) -> Iterator[Trigger]:
    groups = [("resources.jobs", _below(part, "resources", "jobs"))]
    targets = part.get("targets")
    for name, target in targets.items() if isinstance(targets, dict) else ():
        groups.append((f"targets.{name}.resources.jobs", _below(target, "resources", "jobs")))
    for key, jobs in groups:
        for name, job in jobs.items() if isinstance(jobs, dict) else ():
            if not isinstance(job, dict):
                continue
            place = f"{prefix}{key}.{name}"
            paused = "PAUSED" in [
                str(_below(job, word, "pause_status")) for word in ("schedule", "trigger", "continuous")
            ]
            when = _below(job, "schedule", "quartz_cron_expression")
            if when:
                line = _line(document, f"{place}.schedule.quartz_cron_expression")
                yield from _found(
                    "Databricks job", SCHEDULE, when, path, line, {name: job}, work, not paused, only=True
                )
            elif isinstance(job.get("trigger"), dict) or isinstance(job.get("continuous"), dict):
                line = _line(document, f"{place}.trigger")
                yield from _found("Databricks job", EVENT, "", path, line, {name: job}, work, not paused, only=True)
            elif job.get("tasks"):
                yield from _found(
                    "Databricks job", DEMAND, "", path, _line(document, place), {name: job}, work, only=True
                )


def _prefect(path: str, part: Mapping[str, Any], document: Document, prefix: str, work: Work) -> Iterator[Trigger]:
    deployments = part.get("deployments")
    if not isinstance(deployments, list):
        return
    for index, deployment in enumerate(deployments):
        if not isinstance(deployment, dict) or not (deployment.get("entrypoint") or deployment.get("flow_name")):
            continue
        key = f"{prefix}deployments.{index}"
        schedules = deployment.get("schedules") or ([deployment["schedule"]] if deployment.get("schedule") else [])
        timed = [s for s in schedules if isinstance(s, dict) and {"cron", "interval", "rrule"} & set(s)]
        entry = str(deployment.get("entrypoint", "")).partition(":")[0]
        target = {**deployment, "entry": entry}
        paused = deployment.get("paused") is True or deployment.get("is_schedule_active") is False
        live = [s for s in timed if s.get("active") is not False and s.get("paused") is not True]
        if timed:
            when = (live or timed)[0].get("cron") or "interval"
            line = _line(document, f"{key}.schedules") or _line(document, key)
            active = bool(live) and not paused
            yield from _found("Prefect deployment", SCHEDULE, when, path, line, target, work, active, only=True)
        elif deployment.get("triggers"):
            yield from _found("Prefect deployment", EVENT, "", path, _line(document, key), target, work, only=True)
        else:
            yield from _found("Prefect deployment", DEMAND, "", path, _line(document, key), target, work, only=True)


_RULES = frozenset(["AWS::Events::Rule", "AWS::Scheduler::Schedule"])


def _cloudformation(
    path: str, part: Mapping[str, Any], document: Document, prefix: str, work: Work
) -> Iterator[Trigger]:
    resources = part.get("Resources")
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        if not isinstance(resource, dict):
            continue
        kind, properties = str(resource.get("Type", "")), resource.get("Properties")
        place = f"{prefix}Resources.{name}"
        active = str(_below(properties, "State")).upper() != "DISABLED"
        if kind in _RULES:
            when = _below(properties, "ScheduleExpression")
            how = SCHEDULE if when else EVENT
            yield from _found("EventBridge", how, when, path, _line(document, place), {name: resource}, work, active)
        elif kind == "AWS::SageMaker::MonitoringSchedule":
            detail = "SageMaker monitoring schedule"
            yield trigger("SageMaker", SCHEDULE, frozenset([MONITOR]), detail, Location(path, _line(document, place)))
        events = _below(properties, "Events")
        for event in events.values() if isinstance(events, dict) else ():
            kind = str(_below(event, "Type"))
            if kind in ("Schedule", "ScheduleV2"):
                when = _below(event, "Properties", "Schedule") or _below(event, "Properties", "ScheduleExpression")
                enabled = _below(event, "Properties", "Enabled") is not False
                line = _line(document, f"{place}.Properties.Events")
                yield from _found("AWS SAM", SCHEDULE, when, path, line, {name: resource}, work, enabled)
            elif kind in ("S3", "SQS", "Kinesis", "EventBridgeRule"):
                line = _line(document, f"{place}.Properties.Events")
                yield from _found("AWS SAM", EVENT, kind, path, line, {name: resource}, work)


def _platforms(path: str, part: Mapping[str, Any], document: Document, prefix: str, work: Work) -> Iterator[Trigger]:
    """Render, Vercel, App Engine, Serverless Framework, Azure Functions, DigitalOcean."""
    name = posixpath.basename(path)
    services = part.get("services")
    if name == "render.yaml" and isinstance(services, list):
        for index, service in enumerate(services):
            if isinstance(service, dict) and service.get("type") == "cron":
                line = _line(document, f"{prefix}services.{index}")
                yield from _found("Render cron job", SCHEDULE, service.get("schedule"), path, line, service, work)
    if name in ("vercel.json", "cron.yaml") and isinstance(part.get("crons", part.get("cron")), list):
        for job in part.get("crons", part.get("cron")) or []:
            when = _below(job, "schedule")
            yield from _found(name, SCHEDULE, when, path, _line(document, f"{prefix}cron"), job, work)
    if re.fullmatch(r"serverless[\w.-]*\.ya?ml", name) and isinstance(part.get("functions"), dict):
        for key, function in part["functions"].items():
            events = _below(function, "events")
            for event in events if isinstance(events, list) else ():
                line = _line(document, f"{prefix}functions.{key}.events")
                when = _below(event, "schedule")
                if when is not None:
                    active = _below(when, "enabled") is not False
                    shown = when if isinstance(when, str) else ""
                    yield from _found("Serverless", SCHEDULE, shown, path, line, {key: function}, work, active)
                elif _below(event, "s3") is not None:
                    yield from _found("Serverless", EVENT, "s3", path, line, {key: function}, work)
    if name == "function.json" and isinstance(part.get("bindings"), list):
        for binding in part["bindings"]:
            kind = str(_below(binding, "type"))
            how = (
                SCHEDULE
                if kind == "timerTrigger"
                else EVENT
                if re.match(r"(?:blob|eventGrid|queue)Trigger", kind)
                else ""
            )
            if how:
                folder = posixpath.dirname(path)
                script = posixpath.join(folder, str(part.get("scriptFile", "__init__.py")))
                target = {"folder": folder, "script": script}
                line = _line(document, f"{prefix}bindings")
                yield from _found("Azure Functions", how, _below(binding, "schedule"), path, line, target, work)


def _others(path: str, part: Mapping[str, Any], document: Document, prefix: str, work: Work) -> Iterator[Trigger]:
    """Kestra, Mage, dag-factory, Compose with ofelia."""
    triggers = part.get("triggers")
    if isinstance(triggers, list) and (part.get("namespace") and part.get("tasks")):  # Kestra
        for item in triggers:
            kind = str(_below(item, "type"))
            how = SCHEDULE if kind.endswith("Schedule") else EVENT
            active = _below(item, "disabled") is not True
            line = _line(document, f"{prefix}triggers")
            yield from _found("Kestra", how, _below(item, "cron"), path, line, part, work, active, only=True)
    elif isinstance(triggers, list) and posixpath.basename(path) == "triggers.yaml":  # Mage
        for item in triggers:
            kind = _below(item, "schedule_type")
            if kind in ("time", "event", "api"):
                how = {"time": SCHEDULE, "event": EVENT}.get(str(kind), DEMAND)
                active = _below(item, "status") != "inactive"
                when = _below(item, "schedule_interval")
                target = {"folder": posixpath.dirname(path), "trigger": item}
                yield from _found(
                    "Mage", how, when, path, _line(document, f"{prefix}triggers"), target, work, active, only=True
                )
    for name, dag in part.items():  # dag-factory
        if isinstance(dag, dict) and isinstance(dag.get("tasks"), dict | list) and "schedule_interval" in dag:
            when = dag["schedule_interval"]
            active = when not in (None, "None", "@once")
            line = _line(document, f"{prefix}{name}.schedule_interval")
            yield from _found("Airflow", SCHEDULE, when, path, line, {name: dag}, work, active, only=True)
    services = part.get("services")
    for name, service in services.items() if isinstance(services, dict) else ():
        labels = _below(service, "labels")
        entries = (
            labels.items()
            if isinstance(labels, dict)
            else [str(x).split("=", 1) for x in labels if "=" in str(x)]
            if isinstance(labels, list)
            else ()
        )
        for key, value in entries:
            if re.fullmatch(r"ofelia\.job-\w+\.[\w-]+\.schedule", str(key)):
                line = _line(document, f"{prefix}services.{name}.labels")
                yield from _found("ofelia", SCHEDULE, str(value), path, line, {name: service}, work)


def chart(path: str, text: str) -> Iterator[Trigger]:
    """A CronJob in a Helm chart, not YAML before it is rendered, so names and commands in its text have to do."""
    match = re.search(r"^\s*schedule:\s*(.+)$", text, re.MULTILINE)
    done = words(re.sub(r"#.*", "", text))
    if match and done:
        line = text.count("\n", 0, match.start()) + 1
        suspended = re.search(r"^\s*suspend:\s*true", text, re.MULTILINE) is not None
        detail = f"Kubernetes CronJob in a chart{', paused' if suspended else ''}"
        yield trigger(
            "Kubernetes CronJob", SCHEDULE, done, detail, Location(path, line), active=not suspended, certain=False
        )
