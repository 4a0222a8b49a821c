"""The badge: exactly what shields.io's endpoint accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from golden import Golden
from prodcheck.model import Score
from prodcheck.report import Options, render
from reports import report, rich


def badge(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(report(**changes), "badge", Options()))
    return made


def test_the_whole_badge(golden: Golden) -> None:
    golden("badge.json", render(rich(), "badge", Options()))


def test_exactly_the_keys_that_are_known() -> None:
    assert list(badge()) == ["schemaVersion", "label", "message", "color"]  # others are refused
    assert badge()["schemaVersion"] == 1


@pytest.mark.parametrize(
    ("score", "message", "color"),
    [
        (Score(97.2, 97.2, "A", 0.9), "A 97 / 100", "brightgreen"),
        (Score(69.9, 69.9, "C", 0.9), "C 69 / 100", "yellow"),
        (Score(39.0, 90.0, "F", 0.9, cap=("x", 39)), "F 39 / 100", "red"),
        (Score(80.0, 80.0, None, 0.2), "80 / 100", "lightgrey"),
        (Score(80.0, 80.0, "B", 0.9, complete=False), "incomplete", "lightgrey"),
    ],
)
def test_message_and_colour(score: Score, message: str, color: str) -> None:
    made = badge(score=score)
    assert (made["message"], made["color"]) == (message, color)
