import math

import numpy as np
import pytest

from kefu.confidence.held_out import HeldOutScores

TEN = np.arange(1.0, 11.0)


def test_the_rank_counts_the_ticket_to_come() -> None:
    scores = HeldOutScores.collect(TEN[::-1].copy(), ["text"] * 10)
    assert scores.threshold("text", 0.5, 1) == 6  # ceil(11 * 0.5)
    assert scores.threshold("text", 0.9, 1) == 10  # ceil(11 * 0.9) = 10
    assert scores.threshold("text", 0.91, 1) == math.inf
    nine = HeldOutScores.collect(TEN[:9], ["text"] * 9)
    assert nine.threshold("text", 0.9, 1) == 9  # 10 * 0.9 is 9, rounding or not


def test_few_tickets_of_a_combination_borrow_from_all() -> None:
    scores = HeldOutScores.collect(np.concatenate([TEN, TEN + 100]), ["text"] * 10 + ["image"] * 10)
    assert scores.threshold("image", 0.5, 10) == 106
    assert scores.threshold("image", 0.5, 11) == 101  # ceil(21 * 0.5) = 11th of all
    assert scores.threshold("audio", 0.5, 10) == 101
    assert scores.threshold("text", 0.95, 10) == 110  # ten are too few for 0.95, twenty are enough


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_without_tickets_there_is_no_threshold(share: float) -> None:
    assert HeldOutScores().threshold("text", share, 1) == math.inf
