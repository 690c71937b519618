"""Calibration before and after, coverage of label sets, and the report that shows them."""

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.calibration import expected_calibration_error
from kefu.evaluation.calibration_curves import analyse_confidence, compare_calibration, coverage_curve
from kefu.evaluation.report import render_report

FEW = Resampling(resamples=50)


@pytest.fixture
def before(predictions):
    return predictions([0, 1, 2, 0] * 10, [0, 1, 2, 1] * 10, confidence=0.99)


@pytest.fixture
def after(predictions):
    return predictions([0, 1, 2, 0] * 10, [0, 1, 2, 1] * 10, confidence=0.75)


def judged(foreign: int) -> pd.DataFrame:
    known = pd.DataFrame({"in_scope": True, "score": np.linspace(-1, 1, 40), "flagged": False})
    strangers = pd.DataFrame({"in_scope": False, "score": np.linspace(0, 3, foreign), "flagged": True})
    both = pd.concat([known, strangers.iloc[:foreign]], ignore_index=True)
    return both.assign(holds="text", covered=True, set_size=1, asked=0.9)


def test_errors_before_and_after_with_intervals(before, after) -> None:
    found = compare_calibration(before, after, 15, FEW)
    assert found["before"]["ece"] == pytest.approx(0.24) == pytest.approx(expected_calibration_error(before))
    assert found["after"]["ece"] == pytest.approx(0)
    assert found["gain"]["ece"] == pytest.approx(0.24)
    assert found["before"]["low"] < 0.24 < found["before"]["high"]


def test_the_error_is_that_of_the_report_whatever_the_bins(random_predictions) -> None:
    one, other = random_predictions(200, 4, seed=1), random_predictions(200, 4, seed=2)
    found = compare_calibration(one, other, 7, FEW)
    assert found["before"]["ece"] == pytest.approx(expected_calibration_error(one, 7))
    assert found["after"]["ece"] == pytest.approx(expected_calibration_error(other, 7))


def test_one_customer_gets_no_interval(predictions) -> None:
    alone = predictions([0, 1], [0, 0], customer_id=["x", "x"])
    assert compare_calibration(alone, alone, 5, FEW)["after"]["low"] is None


def test_coverage_and_size_of_label_sets() -> None:
    narrow = np.array([[True, False], [True, False], [False, True]])
    found = coverage_curve({0.9: np.ones((3, 2), dtype=bool), 0.5: narrow}, np.array([0, 1, 1]))
    assert found["asked"].tolist() == [0.5, 0.9]
    assert found["coverage"].tolist() == [pytest.approx(2 / 3), 1.0]
    assert found["set_size"].tolist() == [1.0, 2.0]
    assert found["one_label"].tolist() == [1.0, 0.0]


def report(evaluation, analysis) -> str:
    return render_report(
        evaluation,
        title="t",
        synthetic=False,
        contact_sheets={},
        facts={},
        analyses={"calibration_curves": analysis},
    )


def test_the_report_shows_curves_of_scope_where_there_are_any(evaluated, before, after) -> None:
    sets = {0.9: np.ones((40, 3), dtype=bool)}
    without = analyse_confidence(before, after, sets, judged(0), 5, FEW)
    assert without.metrics["out_of_scope"] is None
    page = report(evaluated(judged=judged(0)), without)
    assert "figure-calibration_curves-roc" not in page
    assert "figure-calibration_curves-reliability" in page
    with_strangers = analyse_confidence(before, after, sets, judged(10), 5, FEW)
    page = report(evaluated(judged=judged(10)), with_strangers)
    for name in ("label_sets", "roc", "precision_recall", "flagged"):
        assert f"figure-calibration_curves-{name}" in page
