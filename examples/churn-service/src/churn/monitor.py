"""Watch for drift: do the customers of last week look like those that the model was trained on?

Two-sample Kolmogorov-Smirnov tests for numbers and chi-squared tests for categories, against the
training data.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

from churn.config import load_params
from churn.data import FEATURES

logger = logging.getLogger(__name__)


def p_values(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """Per feature, how likely such a difference is when nothing has changed."""
    found = {}
    for name in FEATURES:
        if pd.api.types.is_numeric_dtype(reference[name]):
            found[name] = float(ks_2samp(reference[name], current[name]).pvalue)
        else:
            source = ["reference"] * len(reference) + ["current"] * len(current)
            values = pd.concat([reference[name], current[name]], ignore_index=True)
            found[name] = float(chi2_contingency(pd.crosstab(pd.Series(source), values)).pvalue)
    return found


def drifted(reference: pd.DataFrame, current: pd.DataFrame, p_value: float) -> list[str]:
    """Features that have changed; the limit is divided by the number of tests (Bonferroni)."""
    limit = p_value / len(FEATURES)
    return [name for name, p in p_values(reference, current).items() if p < limit]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requests", type=Path, help="CSV of the features that were asked for")
    path = parser.parse_args(arguments).requests
    params = load_params()
    reference = pd.read_csv(params["data"]["raw"])
    changed = drifted(reference, pd.read_csv(path), params["monitor"]["p_value"])
    if changed:
        logger.warning("drift in %s: look at the new model before it is promoted", changed)
    else:
        logger.info("no drift")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
