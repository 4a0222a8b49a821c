"""A small sample of customers that every test may use."""

from __future__ import annotations

import random

import pandas as pd
import pytest


@pytest.fixture
def customers() -> pd.DataFrame:
    """400 customers; those who call often on a monthly contract have left."""
    dice = random.Random(1)
    rows = [
        {
            "tenure_months": dice.randrange(0, 60),
            "monthly_charge": round(dice.uniform(20, 110), 2),
            "support_calls": dice.randrange(0, 8),
            "contract": dice.choice(["monthly", "yearly"]),
        }
        for _ in range(400)
    ]
    frame = pd.DataFrame(rows)
    left = (frame["support_calls"] > 3) & (frame["contract"] == "monthly")
    return frame.assign(churned=left.astype(int))
