"""The model behind an HTTP interface. The model is loaded once, when the service starts."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import mlflow
import pandas as pd
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import BaseModel, Field

from churn.config import Settings

logger = logging.getLogger(__name__)

PREDICTIONS = Counter("churn_predictions_total", "Predictions made", ["risk"])
PROBABILITY = Histogram(
    "churn_probability", "Predicted probability", buckets=(0.1, 0.25, 0.5, 0.75, 0.9)
)


class Customer(BaseModel):
    """What must be known of a customer."""

    tenure_months: int = Field(ge=0, le=600)
    monthly_charge: float = Field(ge=0, le=1000)
    support_calls: int = Field(ge=0)
    contract: Literal["monthly", "yearly"]


class Prediction(BaseModel):
    """Probability that the customer cancels within a month, and the model that says so."""

    probability: float
    model: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = Settings.from_environment()
    logging.basicConfig(level=settings.log_level)
    app.state.model_uri = settings.model_uri
    app.state.model = mlflow.sklearn.load_model(settings.model_uri)
    yield


app = FastAPI(title="churn", lifespan=lifespan)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/metrics")
def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@app.post("/predict")
def predict(customer: Customer, request: Request) -> Prediction:
    state = request.app.state
    row = pd.DataFrame([customer.model_dump()])
    probability = float(state.model.predict_proba(row)[0, 1])
    PREDICTIONS.labels(risk="high" if probability >= 0.5 else "low").inc()
    PROBABILITY.observe(probability)
    logger.info(
        "prediction=%.3f model=%s features=%s",
        probability,
        state.model_uri,
        customer.model_dump_json(),
    )
    return Prediction(probability=probability, model=state.model_uri)
