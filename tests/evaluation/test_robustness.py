import json
import math

import numpy as np
import pytest

from kefu.evaluation import Scenario, figures
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.metrics import log_loss
from kefu.evaluation.report import render_report
from kefu.evaluation.robustness import score_scenarios

RESAMPLING = Resampling(resamples=200)
TRUTH = np.repeat([0, 1], 20)
HAS_IMAGE = np.arange(40) % 2 == 0
CLASSES = ("a", "b")


@pytest.fixture
def answers(predictions):
    """What the model says of all forty tickets, every other of which has a picture."""
    return lambda predicted, **given: predictions(TRUTH, predicted, CLASSES, has_image=HAS_IMAGE, **given)


@pytest.fixture
def scenarios(answers):
    """All right as it came but two without a picture; without text all is called a; noise changes nothing."""
    as_it_came = answers(np.where(np.isin(np.arange(40), [1, 3]), 1, TRUTH))
    return [
        Scenario("missing", "text", answers(np.zeros(40)).select(HAS_IMAGE)),
        Scenario("none", "", as_it_came),
        Scenario("noisy", "image", answers(TRUTH, confidence=0.6).select(HAS_IMAGE)),
    ]


def test_each_change_is_scored_against_the_same_tickets_as_they_came(scenarios):
    table = score_scenarios(scenarios, RESAMPLING)
    assert table["change"].tolist() == ["none", "missing", "noisy"]
    assert table["modality"].tolist() == ["", "text", "image"]
    assert table["n"].tolist() == [40, 20, 20]
    assert table["accuracy"].tolist() == pytest.approx([38 / 40, 0.5, 1])
    assert table["macro_f1"].tolist() == pytest.approx([(36 / 38 + 40 / 42) / 2, (2 / 3 + 0) / 2, 1])
    # with a picture all was right, so the loss is from 1, not from the score over all tickets
    assert table["loss"].tolist()[1:] == pytest.approx([2 / 3, 0])
    assert table[["loss", "loss_low", "loss_high"]].iloc[0].isna().all()
    assert 0 < table["loss_low"][1] < 2 / 3 < table["loss_high"][1] <= 1
    assert (table["macro_f1_low"] <= table["macro_f1"]).all()


def test_probabilities_are_scored_too(scenarios):
    table = score_scenarios(scenarios, RESAMPLING, bins=1)
    assert table["ece"].tolist() == pytest.approx([0.95 - 0.8, 0.8 - 0.5, 1 - 0.6])
    assert table["log_loss"].tolist() == pytest.approx(
        [log_loss(scenarios[1].predictions), -(math.log(0.8) + math.log(0.2)) / 2, -math.log(0.6)]
    )


def test_few_customers_have_no_interval(answers):
    few = {"customer_id": [f"c{row % 9}" for row in range(40)]}
    changed = answers(np.zeros(40), **few).select(HAS_IMAGE)
    table = score_scenarios(
        [Scenario("none", "", answers(TRUTH, **few)), Scenario("missing", "text", changed)], RESAMPLING
    )
    assert table["loss"][1] == pytest.approx(2 / 3)
    assert table[["macro_f1_low", "accuracy_high", "loss_low", "loss_high"]].isna().all(axis=None)


def test_a_modality_nobody_has_is_a_row_without_scores(answers):
    nobody = answers(TRUTH).select(np.array([], dtype=int))
    table = score_scenarios([Scenario("none", "", answers(TRUTH)), Scenario("noisy", "audio", nobody)], RESAMPLING)
    assert table["n"].tolist() == [40, 0]
    assert table[["macro_f1", "loss", "ece", "log_loss"]].iloc[1].isna().all()


def test_what_cannot_be_compared_is_named(answers):
    right = answers(TRUTH)
    came = Scenario("none", "", right)
    with pytest.raises(ValueError, match="no scenario has the change 'none', to compare with text missing"):
        score_scenarios([Scenario("missing", "text", right)], RESAMPLING)
    with pytest.raises(ValueError, match="same change: unchanged"):
        score_scenarios([came, came], RESAMPLING)
    with pytest.raises(ValueError, match="'text noisy' holds tickets that are not among the unchanged"):
        score_scenarios(
            [Scenario("none", "", right.select(np.arange(10))), Scenario("noisy", "text", right)], RESAMPLING
        )
    with pytest.raises(ValueError, match="'none' cannot have the modality 'text'"):
        Scenario("none", "text", right)
    with pytest.raises(ValueError, match="'noisy' cannot have the modality ''"):
        Scenario("noisy", "", right)
    with pytest.raises(ValueError, match="not 'lost'"):
        Scenario("lost", "text", right)


def test_the_figure_shows_the_changed_beside_the_same_as_they_came(scenarios):
    table = score_scenarios(scenarios, RESAMPLING)
    figure = figures.robustness(table)
    changed, came = figure.data
    assert [name.split("<br>")[0] for name in figure.layout.yaxis.ticktext] == [
        "image noisy",
        "text missing",
        "as it came",
    ]
    assert list(changed.x)[:2] == pytest.approx([1, 1 / 3])
    assert math.isnan(changed.x[2])
    assert list(came.x) == pytest.approx([1, 1, table["macro_f1"][0]])
    assert changed.x[1] - changed.error_x.arrayminus[1] == pytest.approx(table["macro_f1_low"][1])
    assert came.x[2] + came.error_x.array[2] == pytest.approx(table["macro_f1_high"][0])
    assert list(came.error_x.array)[:2] == [0, 0]
    assert figure.layout.title.text


def report(found) -> str:
    return " ".join(render_report(found, title="t", synthetic=False, contact_sheets={}, facts={}).split())


def test_the_evaluation_and_the_report_show_it(evaluated, scenarios):
    found = evaluated([scenarios[1].predictions], scenarios=scenarios)
    assert list(found.metrics["robustness"]) == ["unchanged", "text missing", "image noisy"]
    assert found.metrics["robustness"]["text missing"]["loss"] == pytest.approx(2 / 3)
    assert found.metrics["robustness"]["unchanged"]["loss"] is None
    json.dumps(found.metrics, allow_nan=False)
    assert "robustness" in found.figures
    page = report(found)
    assert '<a href="#robustness">' in page
    assert "Noise and absence</span>" in page
    assert "Worst is text missing: macro-F1 of the 20 tickets goes from 1.000 to 0.333 (lost 0.667, interval" in page
    assert "The calibration error lies between 0.150 (as it came) and 0.400 (image noisy)." in page
    assert ">as it came</span>" in page


def test_a_change_that_costs_nothing_says_so(evaluated, answers):
    right = answers(TRUTH)
    given = [Scenario("none", "", right), Scenario("noisy", "text", right)]
    assert (
        "No change costs macro-F1, not even text noisy: macro-F1 of the 40 tickets goes from 1.000 to 1.000"
        in report(evaluated([right], scenarios=given))
    )


def test_only_the_split_is_scored(evaluated, answers):
    split = ["test"] * 20 + ["train"] * 20
    right = answers(TRUTH, split=split)
    found = evaluated([right], scenarios=[Scenario("none", "", right), Scenario("noisy", "text", right)])
    assert found.tables["robustness"]["n"].tolist() == [20, 20]


def test_nobody_having_it_still_renders(evaluated, answers):
    right = answers(TRUTH)
    nobody = Scenario("noisy", "audio", right.select(np.array([], dtype=int)))
    page = report(evaluated([right], scenarios=[Scenario("none", "", right), nobody]))
    assert "Noise and absence</span>" in page
    assert "Worst is" not in page


def test_without_scenarios_there_is_no_section(usual):
    assert usual.metrics["robustness"] == {}
    assert "robustness" not in usual.tables
    assert "robustness" not in usual.figures
    assert "Noise and absence" not in report(usual)
