"""How work starts and in which order: triggers, pipelines, entry points, and what all of them do in the end."""

from prodcheck.facts.operations.build import Operations
from prodcheck.facts.operations.pipelines import Flow
from prodcheck.facts.operations.triggers import DEMAND, EVENT, PUSH, SCHEDULE, Trigger
from prodcheck.facts.operations.work import DATA, JOBS, MONITOR, REGISTER, SCORE, TRAIN, Work

__all__ = [
    "DATA",
    "DEMAND",
    "EVENT",
    "JOBS",
    "MONITOR",
    "PUSH",
    "REGISTER",
    "SCHEDULE",
    "SCORE",
    "TRAIN",
    "Flow",
    "Operations",
    "Trigger",
    "Work",
]
