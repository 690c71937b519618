"""Scores by number of tickets, and where they lead."""

import numpy as np
import pytest

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.data_size import analyse_data_size, power_law
from kefu.evaluation.report import render_report

MANY = Resampling(resamples=200, method="percentile")


def test_a_power_law_is_found_again() -> None:
    sizes = [100, 200, 400, 800]
    factor, exponent = power_law(sizes, np.array([[2 * size**-0.5 for size in sizes], [0.1] * 4]))
    assert factor.tolist() == pytest.approx([2, 0.1])
    assert exponent.tolist() == pytest.approx([0.5, 0], abs=1e-9)


def test_an_error_that_grows_is_taken_for_one_that_stays() -> None:
    factor, exponent = power_law([10, 20], np.array([[0.1, 0.4]]))
    assert exponent.tolist() == [0]
    assert factor.tolist() == pytest.approx([0.2])


def test_no_error_left_is_no_logarithm_of_zero() -> None:
    factor, exponent = power_law([10, 20], np.array([[0.0, 0.0]]))
    assert np.isfinite([factor, exponent]).all()


@pytest.fixture
def answers(predictions):
    """Predictions of 60 tickets of which the first ``wrong`` are wrong."""

    def make(wrong: int, name: str = "late"):
        truth = [0, 1] * 30
        said = [1 - label if row < wrong else label for row, label in enumerate(truth)]
        kind = "fusion" if name == "late" else "modality"
        return predictions(truth, said, classes=["a", "b"], name=name, kind=kind)

    return make


def test_what_twice_the_tickets_would_bring(answers) -> None:
    found = analyse_data_size({100: [{"late": answers(24)}], 200: [{"late": answers(12)}]}, "late", MANY)
    expected = found.metrics["expected"]
    # the error halves with each doubling: 0.4, 0.2, then 0.1
    assert expected["tickets"] == 400
    assert expected["macro_f1"] == pytest.approx(0.9)
    assert expected["gain"] == pytest.approx(0.1)
    assert expected["exponent"] == pytest.approx(1)
    assert expected["macro_f1_low"] < 0.9 < expected["macro_f1_high"]
    scores = found.tables["scores"]
    assert scores["macro_f1"].tolist() == pytest.approx([0.6, 0.8])
    assert (scores["macro_f1_low"] < scores["macro_f1"]).all()


def test_repetitions_are_averaged_and_a_modality_may_be_missing(answers) -> None:
    small = [{"late": answers(24)}, {"late": answers(12)}]
    large = [{"late": answers(6), "text": answers(12, "text")}, {"late": answers(6), "text": answers(12, "text")}]
    scores = analyse_data_size({50: small, 100: large}, "late", MANY).tables["scores"]
    assert scores[["speaker", "made_with", "repetitions"]].to_numpy().tolist() == [
        ["late", 50, 2],
        ["late", 100, 2],
        ["text", 100, 2],
    ]
    assert scores["macro_f1"].tolist() == pytest.approx([0.7, 0.9, 0.8])


def page(evaluation, analysis) -> str:
    return render_report(
        evaluation, title="t", synthetic=False, contact_sheets={}, facts={}, analyses={"data_size": analysis}
    )


def test_the_report_says_what_is_expected_or_how_to_find_out(usual, answers) -> None:
    found = analyse_data_size({100: [{"late": answers(24)}], 200: [{"late": answers(12)}]}, "late", MANY)
    shown = page(usual, found)
    assert "With twice the tickets, 400, a macro-F1 of 0.900" in shown
    assert "figure-data_size-curve" in shown
    one = page(usual, analyse_data_size({100: [{"late": answers(24)}]}, "late", MANY))
    assert "One size alone" in one
    never = page(usual, Analysis({"command": "kedro run --pipelines learning_curve,report"}))
    assert "<code>kedro run --pipelines learning_curve,report</code>" in never
    assert "figure-data_size-curve" not in never
