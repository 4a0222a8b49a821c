"""Register the model and make it the champion, if it is good enough."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from churn.config import load_params
from churn.train import MODEL_PATH

logger = logging.getLogger(__name__)

NAME = "churn"


def good_enough(metrics: dict[str, float], min_auc: float) -> bool:
    """Whether the model may replace the one in production."""
    return metrics["auc"] >= min_auc


def main() -> int:
    """0 when the model was promoted, 1 when it is not good enough."""
    metrics = json.loads(Path("metrics.json").read_text(encoding="utf-8"))
    if not good_enough(metrics, load_params()["promote"]["min_auc"]):
        logger.error("not promoted: %s", metrics)
        return 1
    with mlflow.start_run(run_name="promote"):
        mlflow.log_artifacts(str(MODEL_PATH), "model")
        run = mlflow.active_run()
        assert run is not None
        version = mlflow.register_model(f"runs:/{run.info.run_id}/model", NAME)
    MlflowClient().set_registered_model_alias(NAME, "champion", version.version)
    logger.info("version %s is the champion", version.version)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    sys.exit(main())
