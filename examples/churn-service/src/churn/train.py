"""Train the model, track the run, and save the model with its signature and environment."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline

from churn.config import load_params
from churn.data import FEATURES, TARGET
from churn.features import build_model

logger = logging.getLogger(__name__)

MODEL_PATH = Path("models/churn")
TRUSTED = ["churn.features.add_ratios"]
"""Our own code inside the model: loading it runs nothing else."""


def train(customers: pd.DataFrame, train_params: dict[str, Any], seed: int) -> Pipeline:
    """A model fitted to the customers."""
    model = build_model(train_params, seed)
    model.fit(customers[FEATURES], customers[TARGET])
    return model


def save(model: Pipeline, customers: pd.DataFrame, path: Path) -> None:
    """Write the model as an MLflow model, replacing an older one."""
    example = customers[FEATURES].head(5)
    if path.exists():
        shutil.rmtree(path)
    mlflow.sklearn.save_model(
        model,
        str(path),
        signature=infer_signature(example, model.predict_proba(example)),
        input_example=example,
        pip_requirements="requirements.txt",
        code_paths=["src/churn"],
        skops_trusted_types=TRUSTED,
    )


def main() -> None:
    params = load_params()
    customers = pd.read_csv(Path(params["data"]["processed"]) / "train.csv")
    mlflow.set_experiment("churn")
    with mlflow.start_run(run_name="train"):
        mlflow.log_params({"seed": params["seed"], **params["train"]})
        model = train(customers, params["train"], params["seed"])
        mlflow.log_metric("train_accuracy", model.score(customers[FEATURES], customers[TARGET]))
        save(model, customers, MODEL_PATH)
    logger.info("saved %s", MODEL_PATH)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
