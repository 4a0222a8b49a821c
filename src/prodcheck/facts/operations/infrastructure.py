"""Schedules and events that infrastructure as code declares: Terraform, AWS CDK, Bicep, charts.

These are read as text: what a resource starts is known by names at best, so nothing found here is certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prodcheck.facts.operations.triggers import DEMAND, EVENT, SCHEDULE, Trigger, trigger
from prodcheck.facts.operations.work import JOBS, MONITOR, TRAIN, words
from prodcheck.model import Location
from prodcheck.patterns import lazy_regex


def wants(path: str) -> bool:
    """Whether a file's name says that it may be infrastructure as code."""
    return path.endswith((".tf", ".tofu", ".ts", ".bicep"))


def find(path: str, text: str) -> Iterator[Trigger]:
    """Schedules and events in one file that `wants` has chosen."""
    if path.endswith((".tf", ".tofu")):
        yield from _terraform(path, text)
    else:
        yield from _templates(path, text)


_TF_SCHEDULES = {
    "aws_cloudwatch_event_rule": "EventBridge",
    "aws_scheduler_schedule": "EventBridge Scheduler",
    "google_cloud_scheduler_job": "Cloud Scheduler",
    "azurerm_logic_app_trigger_recurrence": "Logic Apps",
    "azurerm_data_factory_trigger_schedule": "Data Factory",
    "azurerm_data_factory_trigger_tumbling_window": "Data Factory",
    "databricks_job": "Databricks job",
    "kubernetes_cron_job": "Kubernetes CronJob",
    "kubernetes_cron_job_v1": "Kubernetes CronJob",
    "aws_glue_trigger": "Glue",
    "google_bigquery_data_transfer_config": "BigQuery",
    "aws_sagemaker_monitoring_schedule": "SageMaker",
}
_TF_EVENTS = frozenset(
    "aws_s3_bucket_notification aws_cloudwatch_event_rule google_eventarc_trigger "
    "azurerm_eventgrid_event_subscription".split()
)
_TF_RESOURCE = lazy_regex(r"^resource\s+\"(\w+)\"\s+\"([\w-]+)\"\s*\{", re.MULTILINE)
_TF_WHEN = lazy_regex(
    r"\b(?:schedule_expression|schedule|quartz_cron_expression|frequency|cron)\s*=\s*\"?([^\n\"]+)", re.IGNORECASE
)


def _terraform(path: str, text: str) -> Iterator[Trigger]:
    starts = list(_TF_RESOURCE.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    for match, end in zip(starts, ends, strict=False):
        kind, name = match[1], match[2]
        body = text[match.end() : end].partition("\n}")[0]
        if kind not in _TF_SCHEDULES and kind not in _TF_EVENTS:
            continue
        when = _TF_WHEN.search(body)
        if not when and kind not in _TF_EVENTS and kind != "databricks_job":
            continue
        body = re.sub(r"^\s*(?:description|tags)\b.*$|#.*$|//.*$", "", body, flags=re.MULTILINE)
        done = words(f"{name} {body} {path}")
        if kind == "aws_sagemaker_monitoring_schedule":
            done = done | {MONITOR}
        if not done & (JOBS | {MONITOR}):
            continue
        how = SCHEDULE if when else EVENT if kind in _TF_EVENTS else DEMAND
        active = not re.search(
            r"\b(?:is_enabled\s*=\s*false|state\s*=\s*\"DISABLED\"|paused\s*=\s*true|pause_status\s*=\s*\"PAUSED\"|suspend\s*=\s*true)",
            body,
        )
        system = _TF_SCHEDULES.get(kind, kind)
        line = text.count("\n", 0, match.start()) + 1
        shown = f" ({when[1].strip()[:40]})" if when else ""
        what = {SCHEDULE: "schedule", EVENT: "event", DEMAND: "job without a schedule"}[how]
        detail = f"{system} {what}{shown}{'' if active else ', paused'} in Terraform ({kind}.{name})"
        yield trigger(system, how, done, detail, Location(path, line), active=active, certain=False)


_CDK_SCHEDULE = lazy_regex(r"\b(?:Schedule|ScheduleExpression)\.(?:cron|rate|expression)\s*\(")
_CDK_EVENT = lazy_regex(r"\b(?:S3SourceAction|S3Trigger|EventType\.OBJECT_CREATED|new\s+(?:events\.)?Rule)\b")
_BICEP = lazy_regex(r"'Microsoft\.(?:MachineLearningServices/workspaces/schedules|DataFactory/factories/triggers)@")


def _templates(path: str, text: str) -> Iterator[Trigger]:
    """AWS CDK in TypeScript, Bicep."""
    if path.endswith(".bicep"):
        patterns = [(_BICEP, SCHEDULE, "a schedule of Azure")]
    elif "aws-cdk" in text or "@aws-cdk" in text:
        patterns = [(_CDK_SCHEDULE, SCHEDULE, "a schedule of EventBridge"), (_CDK_EVENT, EVENT, "an event of AWS")]
    else:
        return
    for pattern, how, system in patterns:
        match = pattern.search(text)
        if not match:
            continue
        around = text[max(0, match.start() - 600) : match.end() + 600]
        done = words(re.sub(r"//.*", "", around)) | words(path)
        if pattern is _CDK_EVENT and "S3SourceAction" in match[0] and re.search(r"(?i)sagemaker:?\W?\w*pipeline", text):
            done = done | {TRAIN}
            system = "new data in a bucket, which starts the pipeline of SageMaker,"
        if done & (JOBS | {MONITOR}):
            line = text.count("\n", 0, match.start()) + 1
            yield trigger(system, how, done, f"{system} in infrastructure code", Location(path, line), certain=False)
