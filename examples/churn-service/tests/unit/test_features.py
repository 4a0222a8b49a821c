import pandas as pd

from churn.features import add_ratios


def test_calls_per_month_counts_a_new_customer_as_one_month():
    customers = pd.DataFrame({"tenure_months": [0, 1, 10], "support_calls": [3, 3, 5]})
    assert add_ratios(customers)["calls_per_month"].tolist() == [3.0, 3.0, 0.5]


def test_the_given_frame_is_left_alone():
    customers = pd.DataFrame({"tenure_months": [1], "support_calls": [1]})
    add_ratios(customers)
    assert list(customers.columns) == ["tenure_months", "support_calls"]
