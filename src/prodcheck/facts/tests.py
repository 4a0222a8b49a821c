"""The tests that a test runner would collect, counted without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Paths
from prodcheck.model import Evidence, Location


@dataclass(frozen=True)
class TestItem:
    """One collectable test. `runner` is pytest, unittest, doctest, behave, robot, nbdev, testthat."""

    name: str
    runner: str
    location: Location
    asserts: int = 0
    skipped: bool = False


@dataclass(frozen=True)
class Tests:
    items: tuple[TestItem, ...]
    configuration: tuple[Evidence, ...]
    """Where a test runner is configured."""
    lookalikes: tuple[Evidence, ...] = ()
    """Files named like tests that hold none, such as evaluation scripts called `test.py`."""


def build(files: Mapping[str, FileFacts], paths: Paths) -> Tests:
    raise NotImplementedError
