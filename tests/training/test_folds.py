import numpy as np
import pandas as pd
import pytest

from kefu.tickets.errors import KefuError
from kefu.training.folds import BaggingParameters, make_folds


@pytest.fixture
def tickets():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "ticket_id": [f"t{i}" for i in range(300)],
            "customer_id": [f"c{i // 3}" for i in range(300)],
            "label": rng.choice(["refund", "login", "发货"], 300, p=[0.6, 0.3, 0.1]),
            "split": np.repeat(rng.choice(["train", "validation", "test"], 100, p=[0.7, 0.15, 0.15]), 3),
        }
    )


def test_one_fold_is_the_given_split(tickets):
    (fold,) = make_folds(tickets, BaggingParameters(), seed=0)
    assert set(fold.training["split"]) == {"train"}
    assert set(fold.validation["split"]) == {"validation"}


def test_every_ticket_that_is_not_for_testing_is_held_out_once(tickets):
    folds = make_folds(tickets, BaggingParameters(folds=4), seed=0)
    held_out = pd.concat([fold.validation["ticket_id"] for fold in folds])
    assert sorted(held_out) == sorted(tickets.loc[tickets["split"] != "test", "ticket_id"])
    for fold in folds:
        assert not set(fold.training["customer_id"]) & set(fold.validation["customer_id"])
        assert len(fold.training) + len(fold.validation) == len(held_out)
        shares = fold.validation["label"].value_counts(normalize=True)
        assert shares["refund"] == pytest.approx((tickets["label"] == "refund").mean(), abs=0.1)


def test_folds_repeat_and_depend_on_the_seed(tickets):
    def ids(seed):
        return [list(fold.validation["ticket_id"]) for fold in make_folds(tickets, BaggingParameters(folds=3), seed)]

    assert ids(0) == ids(0)
    assert ids(0) != ids(1)


def test_labels_rarer_than_the_folds_are_no_error(tickets):
    few = tickets.assign(label=[f"label {i}" for i in range(300)])
    assert len(make_folds(few, BaggingParameters(folds=5), seed=0)) == 5


def test_too_few_customers_are_told(tickets):
    with pytest.raises(KefuError, match=r"2 customers cannot be divided into 5 folds; lower bagging\.folds"):
        make_folds(tickets.assign(customer_id=tickets["label"].eq("refund").astype(str)), BaggingParameters(folds=5), 0)


def test_what_is_trained_on(tickets):
    assert BaggingParameters().training_splits == ("train",)
    assert BaggingParameters(folds=2).training_splits == ("train", "validation")


def test_labels_of_a_modality_are_those_of_the_training_tickets_that_have_it(tickets):
    (fold,) = make_folds(tickets.assign(has_text=tickets.index % 2 == 0), BaggingParameters(), seed=0)
    expected = tickets[(tickets.index % 2 == 0) & (tickets["split"] == "train")]
    pd.testing.assert_series_equal(fold.labels_of("text"), expected["label"])
