"""The whole way: raw customers to a model with metrics, then a prediction over HTTP."""

import json
from pathlib import Path

import mlflow
import pytest
import yaml
from fastapi.testclient import TestClient

from churn import data, evaluate, monitor, promote, train
from churn.service import app

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch, customers):
    """A folder like this project's, with a small sample as its data and its own tracking store."""
    monkeypatch.chdir(tmp_path)
    params = yaml.safe_load((PROJECT / "params.yaml").read_text())
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    (tmp_path / "requirements.txt").write_text((PROJECT / "requirements.txt").read_text())
    (tmp_path / "src").symlink_to(PROJECT / "src")
    raw = tmp_path / params["data"]["raw"]
    raw.parent.mkdir(parents=True)
    customers.to_csv(raw, index=False)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    return tmp_path


@pytest.fixture
def trained(project):
    data.main()
    train.main()
    evaluate.main()
    return project


def test_pipeline_writes_metrics_of_a_useful_model(trained):
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["auc"] > 0.8


def test_service_answers_with_the_trained_model(trained, monkeypatch):
    monkeypatch.setenv("MODEL_URI", str(trained / "models/churn"))
    risky = {"tenure_months": 2, "monthly_charge": 70.0, "support_calls": 6, "contract": "monthly"}
    with TestClient(app) as client:
        assert client.get("/health").json() == {"status": "ok"}
        high = client.post("/predict", json=risky).json()["probability"]
        low = client.post("/predict", json={**risky, "contract": "yearly"}).json()["probability"]
        assert high > 0.5 > low
        assert client.post("/predict", json={**risky, "contract": "weekly"}).status_code == 422
        assert "churn_predictions_total" in client.get("/metrics").text


def test_a_good_model_becomes_the_champion(trained):
    assert promote.main() == 0
    champion = mlflow.MlflowClient().get_model_version_by_alias("churn", "champion")
    assert int(champion.version) == 1
    assert mlflow.sklearn.load_model("models:/churn@champion").classes_.tolist() == [0, 1]


def test_a_bad_model_does_not(trained):
    (trained / "metrics.json").write_text('{"auc": 0.5}')
    assert promote.main() == 1


def test_monitor_says_that_nothing_has_changed(trained, caplog):
    with caplog.at_level("INFO"):
        monitor.main([str(trained / "data/raw/customers.csv")])
    assert "no drift" in caplog.text
