import math

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from kefu.training.objective import class_weights, warmup_cosine

TARGETS = np.array([0, 0, 0, 0, 1, 1, 2, 0])


def test_balanced_weights_are_those_of_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=TARGETS)
    assert class_weights(TARGETS, 3, "balanced").tolist() == pytest.approx(expected.tolist())


def test_square_root_weights():
    raw = np.array([5, 2, 1]) ** -0.5
    expected = raw * 8 / (raw * [5, 2, 1]).sum()
    assert class_weights(TARGETS, 3, "sqrt").tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("kind", ["none", "sqrt", "balanced"])
def test_weights_have_mean_one_over_tickets_and_none_for_unseen_classes(kind):
    weights = class_weights(TARGETS, 5, kind)
    assert weights[torch.from_numpy(TARGETS)].mean().item() == pytest.approx(1)
    assert weights[3:].tolist() == [0, 0]
    if kind == "none":
        assert weights.tolist() == [1, 1, 1, 0, 0]


def test_no_ticket_at_all_gives_zeros():
    assert class_weights(np.zeros(0, dtype=np.int64), 2, "balanced").tolist() == [0, 0]


def test_the_learning_rate_rises_linearly_and_falls_as_a_cosine():
    factor = warmup_cosine(110, warmup_share=10 / 110, final_share=0.1)
    assert [factor(step) for step in range(10)] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert factor(10) == pytest.approx(1)
    assert factor(60) == pytest.approx(0.55)
    assert factor(35) == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 4)))
    assert factor(110) == factor(500) == pytest.approx(0.1)


def test_a_single_step_has_the_full_rate():
    assert warmup_cosine(1, warmup_share=0.0)(0) == 1
