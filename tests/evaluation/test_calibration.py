import dataclasses
import math

import numpy as np
import pytest

from kefu.evaluation.calibration import expected_calibration_error, reliability_curve


def test_two_bins_worked_by_hand(predictions):
    # the lower three: confidence 0.6, one of three right; the upper three: 0.9, all right
    some = predictions([0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 1], confidence=[0.6, 0.6, 0.6, 0.9, 0.9, 0.9])
    curve = reliability_curve(some, bins=2)
    assert curve["confidence"].tolist() == pytest.approx([0.6, 0.9])
    assert curve["accuracy"].tolist() == pytest.approx([1 / 3, 1.0])
    assert curve["n"].tolist() == [3, 3]
    assert expected_calibration_error(some, bins=2) == pytest.approx((0.6 - 1 / 3 + 0.1) / 2)


def test_bins_hold_equal_mass(random_predictions):
    assert set(reliability_curve(random_predictions(150, 4, seed=1))["n"]) == {10}


def test_equal_confidences_share_a_bin_so_order_is_nothing(predictions, random_predictions):
    same = predictions([0] * 30, [0] * 15 + [1] * 15, confidence=0.5)
    assert reliability_curve(same)["n"].tolist() == [30]
    assert expected_calibration_error(same) == pytest.approx(0.0)
    some = random_predictions(101, 3, seed=1)
    shuffled = some.select(np.random.default_rng(0).permutation(101))
    assert expected_calibration_error(some) == pytest.approx(expected_calibration_error(shuffled))


def test_draws_from_the_probabilities_are_calibrated(random_predictions):
    some = random_predictions(8000, 3, seed=1)
    rng = np.random.default_rng(2)
    drawn = (some.probabilities.cumsum(axis=1) < rng.random((8000, 1))).sum(axis=1).clip(max=2)
    assert expected_calibration_error(dataclasses.replace(some, targets=drawn)) < 0.02
    always = dataclasses.replace(some, targets=(some.predicted + 1) % 3)
    assert expected_calibration_error(always) == pytest.approx(some.confidence.mean())


def test_wilson_intervals_hold_the_accuracy(random_predictions):
    curve = reliability_curve(random_predictions(200, 4, seed=1))
    assert (curve["low"] <= curve["accuracy"]).all()
    assert (curve["accuracy"] <= curve["high"]).all()
    assert curve["low"].min() >= 0
    assert curve["high"].max() <= 1


def test_few_and_no_tickets(predictions):
    one = predictions([0], [0], confidence=0.7)
    assert expected_calibration_error(one) == pytest.approx(0.3)
    none = one.select(np.array([], dtype=np.int64))
    assert reliability_curve(none).empty
    assert math.isnan(expected_calibration_error(none))
