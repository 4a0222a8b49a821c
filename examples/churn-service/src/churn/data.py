"""Read and validate customers, and split them into a training and a test set."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
from sklearn.model_selection import train_test_split

from churn.config import load_params

logger = logging.getLogger(__name__)

FEATURES = ["tenure_months", "monthly_charge", "support_calls", "contract"]
TARGET = "churned"

SCHEMA = pa.DataFrameSchema(
    {
        "tenure_months": pa.Column(int, pa.Check.in_range(0, 600)),
        "monthly_charge": pa.Column(float, pa.Check.in_range(0, 1000)),
        "support_calls": pa.Column(int, pa.Check.ge(0)),
        "contract": pa.Column(str, pa.Check.isin(["monthly", "yearly"])),
        TARGET: pa.Column(int, pa.Check.isin([0, 1])),
    },
    strict="filter",
    coerce=True,
)


def read_customers(path: Path) -> pd.DataFrame:
    """Customers that satisfy the schema. Raises `pandera.errors.SchemaErrors` for others."""
    return SCHEMA.validate(pd.read_csv(path), lazy=True)


def split(
    customers: pd.DataFrame, test_share: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test set with the same share of cancellations."""
    train, test = train_test_split(
        customers, test_size=test_share, stratify=customers[TARGET], random_state=seed
    )
    return train, test


def main() -> None:
    params = load_params()
    customers = read_customers(Path(params["data"]["raw"]))
    train, test = split(customers, params["data"]["test_share"], params["seed"])
    folder = Path(params["data"]["processed"])
    folder.mkdir(parents=True, exist_ok=True)
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    logger.info("%d customers for training, %d for the test", len(train), len(test))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
