"""The JSON that shields.io's endpoint badge reads: exactly the keys it knows, since it refuses others."""

from __future__ import annotations

import json

from prodcheck.model import Report
from prodcheck.report.base import Options
from prodcheck.report.wording import whole

COLORS = {"A": "brightgreen", "B": "green", "C": "yellow", "D": "orange", "F": "red", None: "lightgrey"}


def render(report: Report, options: Options) -> str:
    """A badge such as `production readiness | B 74 / 100`; grey without a letter or when the score is incomplete."""
    score = report.score
    letter = f"{score.grade} " if score.grade else ""
    message = f"{letter}{whole(score.value)} / 100" if score.complete else "incomplete"
    badge = {
        "schemaVersion": 1,
        "label": "production readiness",
        "message": message,
        "color": COLORS[score.grade if score.complete else None],
    }
    return json.dumps(badge) + "\n"
