"""Wrong labels, planted and found."""

import numpy as np
import pytest

from kefu.evaluation.label_errors import find_label_errors


def test_a_label_that_the_model_confidently_disagrees_with() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.05, 0.95], [0.45, 0.55]])
    given = np.array([0, 0, 1, 1, 0, 0])
    # means of the own class: (0.9 + 0.8 + 0.05 + 0.45) / 4 = 0.55 and (0.9 + 0.7) / 2 = 0.8
    found = find_label_errors(probabilities, given)
    assert found.suspects["row"].tolist() == [4], "0.55 is below the 0.8 that class 1 has by itself"
    assert found.suspects["margin"].iloc[0] == pytest.approx(0.05 - 0.95)
    assert found.joint.sum() == pytest.approx(6)
    assert found.joint[0].tolist() == pytest.approx([4 * 2 / 3, 4 / 3])


def test_planted_errors_come_first() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(4, size=2000)
    logits = rng.normal(size=(2000, 4))
    logits[np.arange(2000), truth] += 4
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = rng.random(2000) < 0.1
    given = np.where(wrong, (truth + 1 + rng.integers(3, size=2000)) % 4, truth)
    found = find_label_errors(probabilities, given)
    assert wrong[found.suspects["row"][: wrong.sum() // 2]].mean() > 0.98
    assert found.share == pytest.approx(wrong.mean(), abs=0.03)
    assert (found.suspects["suggested"] == truth[found.suspects["row"]]).mean() > 0.9


def test_one_class_no_ticket_and_a_class_nobody_has() -> None:
    assert find_label_errors(np.ones((3, 1)), np.zeros(3, dtype=int)).share == 0
    none = find_label_errors(np.ones((0, 2)), np.zeros(0, dtype=int))
    assert none.suspects.empty
    assert np.isnan(none.share)
    lonely = find_label_errors(np.array([[0.4, 0.6], [0.6, 0.4]]), np.array([0, 0]))
    assert lonely.suspects.empty, "a class without tickets has no threshold to pass"
