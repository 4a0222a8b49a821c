import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import roc_auc_score

from churn.data import FEATURES, TARGET, split
from churn.evaluate import evaluate
from churn.promote import good_enough
from churn.train import train

PARAMS = {"C": 1.0, "max_iter": 200}


@pytest.fixture
def parts(customers):
    return split(customers, test_share=0.25, seed=0)


def test_model_beats_the_baseline(parts):
    fitted, unseen = parts
    model = train(fitted, PARAMS, seed=0)
    dummy = DummyClassifier().fit(fitted[FEATURES], fitted[TARGET])
    baseline = roc_auc_score(unseen[TARGET], dummy.predict_proba(unseen[FEATURES])[:, 1])
    assert evaluate(model, unseen)["auc"] > baseline + 0.2


def test_the_same_seed_gives_the_same_model(parts):
    fitted, unseen = parts
    one, two = train(fitted, PARAMS, seed=3), train(fitted, PARAMS, seed=3)
    np.testing.assert_array_equal(
        one.predict_proba(unseen[FEATURES]), two.predict_proba(unseen[FEATURES])
    )


def test_more_calls_do_not_lower_the_risk(parts):
    fitted, unseen = parts
    model = train(fitted, PARAMS, seed=0)
    quiet = unseen.assign(support_calls=0, contract="monthly")
    loud = unseen.assign(support_calls=7, contract="monthly")
    quiet_risk = model.predict_proba(quiet[FEATURES])[:, 1]
    loud_risk = model.predict_proba(loud[FEATURES])[:, 1]
    assert (loud_risk >= quiet_risk).mean() > 0.95


@pytest.mark.parametrize(("auc", "promoted"), [(0.80, True), (0.75, True), (0.7499, False)])
def test_only_a_good_model_is_promoted(auc, promoted):
    assert good_enough({"auc": auc}, min_auc=0.75) is promoted
