"""The model's view of a customer: one pipeline for training and serving alike."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


def add_ratios(customers: pd.DataFrame) -> pd.DataFrame:
    """Support calls per month of tenure; a customer of less than a month counts as one month."""
    months = customers["tenure_months"].clip(lower=1)
    return customers.assign(calls_per_month=customers["support_calls"] / months)


def build_model(train_params: dict[str, Any], seed: int) -> Pipeline:
    """An untrained model: features and classifier in one object."""
    columns = ColumnTransformer(
        [("contract", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["contract"])],
        remainder=StandardScaler(),
    )
    return Pipeline(
        [
            ("ratios", FunctionTransformer(add_ratios)),
            ("columns", columns),
            ("classifier", LogisticRegression(random_state=seed, **train_params)),
        ]
    )
