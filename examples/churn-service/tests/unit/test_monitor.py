from churn.monitor import drifted


def test_the_same_customers_have_not_drifted(customers):
    assert drifted(customers, customers.sample(200, random_state=0), p_value=0.01) == []


def test_changed_features_are_named(customers):
    current = customers.assign(monthly_charge=customers["monthly_charge"] * 1.5, contract="monthly")
    assert drifted(customers, current, p_value=0.01) == ["monthly_charge", "contract"]
