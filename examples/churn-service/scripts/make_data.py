"""Make the customers of this example: synthetic, always the same ones.

python scripts/make_data.py    # writes data/raw/customers.csv
"""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

NUMBER = 5000


def customer(number: int, dice: random.Random) -> dict[str, object]:
    """One customer. Support calls and a monthly contract raise the risk, tenure lowers it."""
    tenure = int(dice.expovariate(1 / 24))
    charge = round(dice.gauss(65, 20), 2)
    calls = min(int(dice.expovariate(1 / 1.5)), 12)
    contract = dice.choice(["monthly", "monthly", "yearly"])
    logit = -2.2 + 0.55 * calls - 0.05 * tenure + 1.3 * (contract == "monthly") + 0.01 * charge
    return {
        "customer_id": number,
        "tenure_months": tenure,
        "monthly_charge": max(charge, 5.0),
        "support_calls": calls,
        "contract": contract,
        "churned": int(dice.random() < 1 / (1 + math.exp(-logit))),
    }


def main(path: Path = Path("data/raw/customers.csv")) -> None:
    dice = random.Random(7)
    rows = [customer(number, dice) for number in range(1, NUMBER + 1)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
