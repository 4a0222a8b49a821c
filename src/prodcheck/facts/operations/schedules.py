"""Schedules that Python code declares: Airflow, Prefect, Dagster, Celery, APScheduler and the others.

A call's resolved name says which system it is, its keywords say when the work starts; `schedules.tsv` is the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from prodcheck.extract.python_model import Call, PythonFacts
from prodcheck.extract.run import FileFacts
from prodcheck.facts.operations.tables import rows
from prodcheck.facts.operations.triggers import DEMAND, EVENT, SCHEDULE, Trigger, trigger
from prodcheck.facts.operations.work import DATA, JOBS, Work, Works, words
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

_NEVER = (None, "None", "none", "@once", "once", "", "null")
"""Values of a schedule that mean: only when somebody asks."""
_HOUSEKEEPING = lazy_regex(
    r"(?<![a-z])(?:clean_?-?up|cleanup|purge|backup|log_?rotat\w*|health_?check|heartbeat|stale|db_?clean\w*|maintenance|"
    r"smoke|hello_?-?world|example|tutorial|sync_users|certificates?|keepalive|ping)(?![a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Sign:
    """One line of `schedules.tsv`, which says what the columns mean."""

    system: str
    how: str
    flow: bool
    needs: tuple[str, ...]
    missing: str
    keywords: tuple[str, ...]
    name: re.Pattern[str]


@lru_cache(maxsize=1)
def _signs() -> tuple[_Sign, ...]:
    found = []
    for system, how, flags, needs, missing, keywords, name in rows("schedules.tsv"):
        modules, words = tuple(needs.split(",")), tuple(filter(None, keywords.split(",")))
        found.append(_Sign(system, how, "flow" in flags, modules, missing, words, lazy_regex(rf"(?:{name})\Z")))
    return tuple(found)


@lru_cache(maxsize=1)
def _tops() -> frozenset[str]:
    return frozenset(needed.partition(".")[0] for sign in _signs() for needed in sign.needs)


_PAUSED = {
    "is_paused_upon_creation": True, "paused": True, "is_schedule_active": False, "is_enabled": False, "active": False,
    "enabled": False, "pause": True, "suspend": True,
}  # fmt: skip


def find(path: str, file: FileFacts, python: PythonFacts, work: Work) -> Iterator[Trigger]:
    """Schedules that one Python file or notebook declares."""
    modules = {item.module for item in python.imports if not item.level}
    if not {module.partition(".")[0] for module in modules} & _tops():
        return
    signs = [s for s in _signs() if any(m == n or m.startswith(f"{n}.") for n in s.needs for m in modules)]
    seen: set[tuple[str, str, int]] = set()
    for call in python.calls if signs else ():
        for sign in signs:
            if not sign.name.match(call.name):
                continue
            found = _trigger(sign, call, path, file, work)
            if found is not None and (found.system, found.how, call.line) not in seen:
                seen.add((found.system, found.how, call.line))
                yield found
            break


def _trigger(sign: _Sign, call: Call, path: str, file: FileFacts, work: Work) -> Trigger | None:
    how, active, when = sign.how, True, ""
    if sign.keywords:
        given = {k: call.keywords[k] for k in sign.keywords if k in call.keywords}
        if not given and "**" in call.keywords:
            given = {"**": ...}
        if given and all(value in _NEVER for value in given.values()):
            active = False
        elif given:
            value = next(iter(given.values()))
            when = f" ({value})" if isinstance(value, str) else ""
        elif sign.missing:
            how = DEMAND if sign.system == "Airflow" and _airflow_3(work) else sign.missing
        else:
            return None
    if any(call.keywords.get(key, ...) == value for key, value in _PAUSED.items() if key in call.keywords):
        active = False
    done, certain = _work(sign, call, path, work)
    if not done:
        return None
    what = {SCHEDULE: f"on a schedule{when}", EVENT: "on an event", DEMAND: "without a schedule"}[how]
    detail = f"{sign.system} {what}" if active else f"{sign.system}, with a schedule that is None or paused"
    if sign.system == "schedule":
        detail = f"the library schedule starts {call.argument or 'a job'}"
    place = file.locate(call.line)
    return trigger(sign.system, how, done, detail, place, active=active, certain=certain, files=(path,))


def _airflow_3(work: Work) -> bool:
    """Airflow 3 runs a DAG without a schedule only on demand; before, it ran every day."""
    dependencies = work.facts.dependencies
    for manifest in (*dependencies.locks, *dependencies.manifests):
        for requirement in manifest.requirements:
            if requirement.name == "apache-airflow" and re.search(r"(?:[=>~^]|^)\s*v?3", requirement.specifier):
                return True
    return False


def _work(sign: _Sign, call: Call, path: str, work: Work) -> tuple[Works, bool]:
    """What the schedule starts, and whether code says so rather than names."""
    done = work.of_file(path)
    if done & JOBS:
        return done, True
    label = " ".join([call.text or "", path, call.scope, call.argument, str(call.keywords.get("dag_id", ""))])
    named = words(label) | done
    if named & JOBS or (named and not sign.flow):
        return named, False
    if sign.flow and not _HOUSEKEEPING.search(label):
        return named | {DATA}, False
    return named, False
