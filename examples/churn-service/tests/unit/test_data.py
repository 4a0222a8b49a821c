import pandera.errors
import pytest

from churn.data import TARGET, read_customers, split


def test_customers_are_read_and_foreign_columns_dropped(tmp_path, customers):
    path = tmp_path / "customers.csv"
    customers.assign(customer_id=range(len(customers))).to_csv(path, index=False)
    read = read_customers(path)
    assert len(read) == len(customers)
    assert "customer_id" not in read.columns


@pytest.mark.parametrize(
    ("column", "value"),
    [("tenure_months", -1), ("contract", "weekly"), ("churned", 2), ("monthly_charge", 1e6)],
)
def test_wrong_values_are_refused(tmp_path, customers, column, value):
    path = tmp_path / "customers.csv"
    customers.assign(**{column: value}).to_csv(path, index=False)
    with pytest.raises(pandera.errors.SchemaErrors):
        read_customers(path)


def test_split_keeps_the_share_of_cancellations(customers):
    train, test = split(customers, test_share=0.25, seed=0)
    assert len(train) + len(test) == len(customers)
    assert test[TARGET].mean() == pytest.approx(customers[TARGET].mean(), abs=0.02)
    assert train.index.intersection(test.index).empty
