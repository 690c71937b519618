import dataclasses

import numpy as np
import pytest

from kefu.evaluation.predictions import Predictions, combinations, on_common_tickets


@pytest.fixture
def good(predictions):
    return predictions([0, 1, 2, 1], [0, 1, 1, 1])


def changed(good, **fields):
    return dataclasses.replace(good, **fields)


def test_predicted_is_the_most_probable_class_and_confidence_its_probability(good):
    assert good.predicted.tolist() == [0, 1, 1, 1]
    assert good.confidence.tolist() == [0.8] * 4
    assert len(good) == 4


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda g: {"probabilities": g.probabilities[:, :2]}, "one column a class"),
        (lambda g: {"probabilities": g.probabilities[:3]}, "targets must be"),
        (lambda g: {"probabilities": np.where(np.eye(4, 3) > 0, np.nan, g.probabilities)}, "row 0 are not finite"),
        (lambda g: {"probabilities": g.probabilities * 1.01}, "sums to 1.01"),
        (lambda g: {"probabilities": np.tile([1.5, -0.5, 0.0], (4, 1))}, "negative"),
        (lambda g: {"targets": np.array([0, 1, 3, 1])}, "target 3 of row 2"),
        (lambda g: {"targets": np.array([0, -1, 2, 1])}, "target -1 of row 1"),
        (lambda g: {"targets": np.array([0.0, 1, 2, 1])}, "integers"),
        (lambda g: {"tickets": g.tickets.iloc[:2]}, "2 tickets for 4 rows"),
        (lambda g: {"tickets": g.tickets.drop(columns="language")}, "lack the columns language"),
        (lambda g: {"tickets": g.tickets.assign(ticket_id="same")}, "twice"),
        (lambda g: {"tickets": g.tickets[["ticket_id", "customer_id", "language", "split"]]}, "has_<modality>"),
        (lambda g: {"tickets": g.tickets.assign(has_text=[True, None, True, True])}, "has_text"),
        (lambda g: {"classes": ("a", "a", "b")}, "unique"),
        (lambda g: {"kind": "other"}, "kind"),
        (lambda g: {"kind": "modality", "name": "audio"}, "ticket 't0' has no audio"),
        (lambda g: {"kind": "modality", "name": "video"}, "has_video"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_the_reason(good, spoil, message):
    with pytest.raises(ValueError, match=message):
        changed(good, **spoil(good))


def test_rows_may_be_off_one_by_a_thousandth(good):
    assert len(changed(good, probabilities=good.probabilities * 1.0005)) == 4


def test_a_modality_that_nobody_has_is_empty_not_wrong(good):
    none = Predictions("audio", "modality", good.classes, np.empty((0, 3)), np.empty(0), good.tickets.iloc[:0])
    assert len(none) == 0
    assert none.targets.dtype == np.int64


def test_select_takes_masks_and_positions(good):
    assert good.select(np.array([False, True, False, True])).tickets["ticket_id"].tolist() == ["t1", "t3"]
    assert good.select(np.array([3, 0])).targets.tolist() == [1, 0]


def test_combinations_follow_the_columns(tickets):
    table = tickets(3, has_text=[True, True, False], has_image=[True, False, False], has_audio=[False, True, False])
    assert combinations(table) == ["text+image", "text+audio", "nothing"]


def test_common_tickets_are_aligned_by_id(good):
    other = changed(good.select(np.array([3, 1, 2])), name="early")
    first, second = on_common_tickets(good, other)
    assert first.tickets["ticket_id"].tolist() == second.tickets["ticket_id"].tolist() == ["t1", "t2", "t3"]


def test_two_truths_about_a_ticket_are_refused(good):
    with pytest.raises(ValueError, match="target of 't0'"):
        on_common_tickets(good, changed(good, targets=np.array([1, 1, 2, 1])))
