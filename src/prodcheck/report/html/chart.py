"""Geometry of the two drawings of the HTML report: the gauge and the staircase of "fix first"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from prodcheck.model import FixStep
from prodcheck.records import dataclass
from prodcheck.report.wording import whole
from prodcheck.score import GRADES

RADIUS = 80.0
_START, _SWEEP = 135.0, 270.0


@dataclass(frozen=True)
class Tick:
    """A threshold on the gauge: a short line, and its letter beside it."""

    x1: float
    y1: float
    x2: float
    y2: float
    x: float
    y: float
    letter: str


@dataclass(frozen=True)
class Gauge:
    """Paths of the gauge in a square of 200 by 200. `value` and `raw` are empty where there is nothing to draw."""

    track: str
    value: str
    raw: str
    ticks: tuple[Tick, ...]


def gauge(value: float, raw: float) -> Gauge:
    """A dial from 0 to 100 that is open at the bottom; between `value` and `raw` lies what a cap takes away."""
    ticks = []
    for least, letter in GRADES[:-1]:
        (x1, y1), (x2, y2), (x, y) = (_at(least, radius) for radius in (RADIUS - 9, RADIUS + 9, RADIUS + 17))
        ticks.append(Tick(x1, y1, x2, y2, x, y, letter))
    return Gauge(
        track=_arc(0, 100),
        value=_arc(0, value) if value > 0 else "",
        raw=_arc(value, raw) if raw > value else "",
        ticks=tuple(ticks),
    )


def _at(score: float, radius: float = RADIUS) -> tuple[float, float]:
    angle = math.radians(_START + _SWEEP * max(0.0, min(score, 100.0)) / 100)
    return round(100 + radius * math.cos(angle), 2), round(100 + radius * math.sin(angle), 2)


def _arc(start: float, end: float) -> str:
    (x1, y1), (x2, y2) = _at(start), _at(end)
    large = int((end - start) / 100 * _SWEEP > 180)
    return f"M {x1} {y1} A {RADIUS:g} {RADIUS:g} 0 {large} 1 {x2} {y2}"


WIDTH, HEIGHT = 640.0, 400.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 30.0, 34.0, 36.0


@dataclass(frozen=True)
class Band:
    """The range of one letter in the staircase."""

    letter: str
    y: float
    height: float


@dataclass(frozen=True)
class Point:
    """A landing of the staircase: the score after a number of steps."""

    x: float
    y: float
    label: str
    below: str


@dataclass(frozen=True)
class Chart:
    """Score now and after each suggested fix."""

    line: str
    area: str
    points: tuple[Point, ...]
    bands: tuple[Band, ...]
    summary: str
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT


def steps(value: float, fixes: Sequence[FixStep]) -> Chart | None:
    """The staircase, None without anything to fix."""
    if not fixes:
        return None
    scores = [value, *(step.score_after for step in fixes)]
    decimals = any(whole(a) == whole(b) for a, b in pairwise(scores))
    told = [f"{score:.1f}" if decimals else whole(score) for score in scores]
    width = (WIDTH - _LEFT - _RIGHT) / max(len(scores) - 1, 1)
    places = [(round(_LEFT + width * i, 1), _y(score)) for i, score in enumerate(scores)]
    line = f"M {places[0][0]} {places[0][1]}"
    for (x, y), (to_x, to_y) in pairwise(places):
        # A curve that is flat at both ends: the score rises with the step, and rests on the landing.
        middle = round((x + to_x) / 2, 1)
        line += f" C {middle} {y} {middle} {to_y} {to_x} {to_y}"
    bottom = _y(0)
    ceilings = [100.0, *(least for least, _ in GRADES)]
    return Chart(
        line=line,
        area=f"{line} L {places[-1][0]} {bottom} L {places[0][0]} {bottom} Z",
        points=tuple(Point(x, y, told[i], str(i) if i else "now") for i, (x, y) in enumerate(places)),
        bands=tuple(
            Band(letter, _y(top), round(_y(least) - _y(top), 1))
            for top, (least, letter) in zip(ceilings, GRADES, strict=False)
        ),
        summary=f"The score rises from {told[0]} now to {', '.join(told[1:])} with the steps in this order.",
    )


def _y(score: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - max(0.0, min(score, 100.0)) / 100), 1)
