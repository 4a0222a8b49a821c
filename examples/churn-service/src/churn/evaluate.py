"""Measure the model on customers that it has not seen."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import Pipeline

from churn.config import load_params
from churn.data import FEATURES, TARGET
from churn.train import MODEL_PATH

logger = logging.getLogger(__name__)


def evaluate(model: Pipeline, customers: pd.DataFrame) -> dict[str, float]:
    """Metrics of the model on a labelled set."""
    probability = model.predict_proba(customers[FEATURES])[:, 1]
    return {
        "auc": round(float(roc_auc_score(customers[TARGET], probability)), 4),
        "average_precision": round(
            float(average_precision_score(customers[TARGET], probability)), 4
        ),
    }


def main() -> None:
    params = load_params()
    customers = pd.read_csv(Path(params["data"]["processed"]) / "test.csv")
    metrics = evaluate(mlflow.sklearn.load_model(str(MODEL_PATH)), customers)
    mlflow.set_experiment("churn")
    with mlflow.start_run(run_name="evaluate"):
        mlflow.log_metrics(metrics)
    Path("metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    logger.info("%s", metrics)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
