import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.evaluation import metrics
from kefu.evaluation.predictions import Predictions


def test_scores_of_five_tickets_worked_by_hand(predictions):
    # a: 1 of 2 found, 1 of 1 right: 2/3. b: 2 of 2 found, 2 of 3 right: 4/5. c: 1 of 1, 1 of 1: 1.
    five = predictions([0, 0, 1, 1, 2], [0, 1, 1, 1, 2])
    assert metrics.accuracy(five) == pytest.approx(4 / 5)
    assert metrics.macro_f1(five) == pytest.approx((2 / 3 + 4 / 5 + 1) / 3)
    assert metrics.log_loss(five) == pytest.approx(-(4 * math.log(0.8) + math.log(0.1)) / 5)
    right, wrong = 0.2**2 + 2 * 0.1**2, 0.8**2 + 0.9**2 + 0.1**2
    assert metrics.brier(five) == pytest.approx((4 * right + wrong) / 5)
    assert metrics.confusion_matrix(five).tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 1]]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_agrees_with_scikit_learn_whatever_is_absent(pairs):
    targets, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    table = dict.fromkeys(("customer_id", "language", "split"), "") | {"has_text": True}
    tickets = pd.DataFrame({"ticket_id": np.arange(len(pairs)).astype(str)}).assign(**table)
    some = Predictions("late", "fusion", tuple("abcd"), np.eye(4)[predicted] * 0.6 + 0.1, targets, tickets)
    expected = reference.f1_score(targets, predicted, average="macro", zero_division=0)
    assert metrics.macro_f1(some) == pytest.approx(expected)
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        targets, predicted, labels=range(4), zero_division=0
    )
    found = metrics.per_class(some)
    for column, values in (("precision", precision), ("recall", recall), ("f1", f1), ("support", support)):
        assert found[column].fillna(0).tolist() == pytest.approx(values.tolist())


def test_probability_scores_agree_with_scikit_learn(random_predictions):
    some = random_predictions(200, 5, seed=1)
    assert metrics.log_loss(some) == pytest.approx(reference.log_loss(some.targets, some.probabilities))
    assert metrics.brier(some) == pytest.approx(
        reference.brier_score_loss(some.targets, some.probabilities, labels=range(5), scale_by_half=False)
    )
    assert metrics.accuracy(some) == pytest.approx(reference.accuracy_score(some.targets, some.predicted))


def test_a_class_in_neither_is_left_out_and_one_in_either_counts_as_zero(predictions):
    absent = predictions([0, 0], [0, 0])
    assert metrics.macro_f1(absent) == 1.0
    assert metrics.per_class(absent)["f1"].isna().tolist() == [False, True, True]
    assert metrics.macro_f1(predictions([0, 0, 0], [0, 0, 1])) == pytest.approx((4 / 5 + 0) / 2)


def test_one_class_is_always_right(predictions):
    only = predictions([0, 0], [0, 0], classes=["a"])
    assert (metrics.accuracy(only), metrics.macro_f1(only), metrics.log_loss(only)) == (1.0, 1.0, 0.0)


def test_certain_and_wrong_is_finite(predictions):
    assert 30 < metrics.log_loss(predictions([0], [1], confidence=1.0)) < 40


def test_no_tickets_have_no_score(predictions):
    none = predictions([0], [0]).select(np.array([], dtype=np.int64))
    for score in (metrics.accuracy, metrics.macro_f1, metrics.log_loss, metrics.brier):
        assert math.isnan(score(none))
    assert metrics.per_class(none)["f1"].isna().all()


def test_confusions_are_the_commonest_first(predictions):
    some = predictions([0, 0, 0, 1, 2, 2], [1, 1, 0, 2, 2, 2])
    found = metrics.frequent_confusions(some)
    assert found.to_dict("records") == [
        {"true": "a", "predicted": "b", "tickets": 2, "share": pytest.approx(2 / 3)},
        {"true": "b", "predicted": "c", "tickets": 1, "share": 1.0},
    ]
    assert metrics.frequent_confusions(dataclasses.replace(some, targets=some.predicted)).empty
