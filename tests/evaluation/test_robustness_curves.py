import json

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.bootstrap import ACCURACY, MACRO_F1, Resampling, customer_codes, score_intervals
from kefu.evaluation.robustness_curves import (
    ALONE,
    FUSION,
    Curve,
    area_table,
    area_weights,
    curve_metrics,
    sample_tickets,
    score_curve,
    weakest,
)

FEW = Resampling(resamples=200)
TARGETS = np.arange(60) % 3


def make_curve(fusion, alone=None, targets=TARGETS, customers=None, levels=(0, 10, 20), guess=0, **names):
    """Answers are lists, one a severity, of the answers to all tickets: or of several draws of them."""
    answers = {FUSION: fusion} | ({} if alone is None else {ALONE: alone})
    answers = {
        by: np.array([np.atleast_2d(one) for one in severities], dtype=np.int64) for by, severities in answers.items()
    }
    levels = np.array(levels, dtype=float)
    return Curve(
        names.get("modality", "text"),
        names.get("change", "typos"),
        "Mistyped characters, %",
        tuple(levels),
        tuple(f"{level:g}" for level in levels),
        (levels - levels[0]) / (levels[-1] - levels[0]),
        np.asarray(targets, dtype=np.int64),
        np.arange(len(targets)) if customers is None else customers,
        answers,
        guess,
    )


def wrong(share, targets=TARGETS):
    """The true classes, but for a share of them."""
    answers = np.array(targets)
    some = np.arange(len(targets)) < share * len(targets)
    answers[some] = (answers[some] + 1) % 3
    return answers


def area(scored, by=FUSION, score="accuracy"):
    areas = scored.areas.set_index(["by", "score"])
    return areas.loc[by, score]


def test_without_a_change_the_score_and_its_interval_are_those_of_the_predictions(random_predictions):
    customers = [f"c{row // 3}" for row in range(90)]
    one = random_predictions(90, 3, seed=3, customer_id=customers)
    other = random_predictions(90, 3, seed=4, customer_id=customers)
    codes = customer_codes(one.tickets)
    scored = score_curve(make_curve([one.predicted, other.predicted], None, one.targets, codes, (0, 1)), 3, FEW)
    for point, predictions in enumerate((one, other)):
        expected = score_intervals(predictions, FEW)
        row = scored.points.iloc[point]
        for name, column in (("macro_f1", MACRO_F1), ("accuracy", ACCURACY)):
            assert row[name] == expected.estimate[column]
            assert row[f"{name}_low"] == expected.low[column]
            assert row[f"{name}_high"] == expected.high[column]
    assert scored.num_customers == 30


def test_the_area_under_a_flat_curve_is_its_value():
    scored = score_curve(make_curve([wrong(0.25)] * 3, [wrong(0.5)] * 3, levels=(0, 1, 30)), 3, FEW)
    assert area(scored)["area"] == pytest.approx(0.75)
    assert area(scored)["kept"] == pytest.approx(1)
    assert area(scored)["kept_low"] == pytest.approx(1)
    assert area(scored, score="macro_f1")["area"] == pytest.approx(scored.points["macro_f1"][0])
    assert area(scored, ALONE)["area"] == pytest.approx(0.5)
    assert area(scored)["gain"] == pytest.approx(0.25)
    assert 0 < area(scored)["gain_low"] < 0.25 < area(scored)["gain_high"]
    assert np.isnan(area(scored, ALONE)["gain"])


def test_a_straight_fall_has_half_the_area_however_the_levels_lie():
    for levels, shares in (((0, 10, 20), (0, 0.5, 1)), ((100, 90, 0), (0, 0.1, 1))):
        scored = score_curve(make_curve([wrong(share) for share in shares], levels=levels), 3, FEW)
        assert area(scored)["area"] == pytest.approx(0.5)
        assert area(scored)["kept"] == pytest.approx(0.5)


def test_the_weights_are_those_of_trapezoids():
    assert area_weights(np.array([0, 0.1, 1.0])) == pytest.approx([0.05, 0.5, 0.45])
    assert area_weights(np.linspace(0, 1, 7)).sum() == pytest.approx(1)


def test_draws_are_pooled():
    draws = [wrong(0), wrong(0), wrong(0.5), wrong(1)]
    scored = score_curve(make_curve([[wrong(0)] * 4, draws], levels=(0, 1)), 3, FEW)
    assert scored.points["accuracy"].tolist() == pytest.approx([1, 0.625])


def test_a_guess_is_scored_on_the_same_tickets():
    scored = score_curve(make_curve([wrong(0)] * 3, guess=1), 3, FEW)
    assert scored.guess["accuracy"] == pytest.approx(1 / 3)
    assert scored.guess["macro_f1"] == pytest.approx(0.5 / 3)


def test_few_customers_get_no_interval():
    scored = score_curve(make_curve([wrong(0.1)] * 3, customers=np.arange(60) % 9), 3, FEW)
    assert scored.points.filter(regex="_(low|high)$").isna().all(axis=None)
    assert scored.areas.filter(regex="_(low|high)$").isna().all(axis=None)
    assert area(scored)["area"] == pytest.approx(0.9)


def test_one_class_one_customer_and_nothing_right_can_be_scored():
    zeros = np.zeros(4, dtype=int)
    single = score_curve(make_curve([zeros] * 3, [zeros] * 3, targets=zeros, customers=zeros), 1, FEW)
    assert area(single, score="macro_f1")["area"] == 1
    hopeless = score_curve(make_curve([wrong(1)] * 3), 3, FEW)
    assert area(hopeless)["area"] == 0
    assert np.isnan(area(hopeless)["kept"])
    json.dumps([curve_metrics(single), curve_metrics(hopeless)], allow_nan=False)


def test_the_table_has_a_row_a_curve_and_the_weakest_is_named():
    curves = [
        make_curve([wrong(0), wrong(0), wrong(0.2)], [wrong(0.5)] * 3),
        make_curve([wrong(0), wrong(0.5), wrong(1)], modality="", change="missing"),
    ]
    scored = [score_curve(curve, 3, FEW) for curve in curves]
    table = area_table(scored).set_index("input")
    assert list(table.index) == ["text typos", "any missing"]
    assert (table["n"] == 60).all()
    assert (table["intact"] == 1).all()
    assert table.loc["text typos", "gain"] > 0.3
    assert np.isnan(table.loc["any missing", "area_alone"])
    noisy = score_curve(make_curve([wrong(0), wrong(0.4), wrong(0.4)], change="noise"), 3, FEW)
    found = weakest([*scored, noisy])
    assert (found["modality"], found["change"]) == ("text", "noise")
    assert found["kept"] == noisy.areas["kept"][0]
    assert weakest(scored[1:]) is None, "all modalities at once are no single one"
    assert area_table([]).columns.tolist() == table.reset_index().columns.tolist()


def test_the_metrics_hold_every_point():
    scored = score_curve(make_curve([wrong(0), wrong(0.5), wrong(1)], [wrong(0.5)] * 3), 3, FEW)
    metrics = curve_metrics(scored)
    assert [point["level"] for point in metrics["fusion"]["points"]] == [0, 10, 20]
    assert [point["accuracy"] for point in metrics["fusion"]["points"]] == pytest.approx([1, 0.5, 0])
    assert metrics["fusion"]["accuracy"]["area"] == pytest.approx(0.5)
    assert metrics["alone"]["accuracy"]["area"] == pytest.approx(0.5)
    assert metrics["n"] == metrics["customers"] == 60


def test_every_label_has_its_share_of_the_sample():
    tickets = pd.DataFrame({"label": ["a"] * 70 + ["b"] * 20 + ["c"] * 10, "number": range(100)})
    sample = sample_tickets(tickets, 20, seed=0)
    assert sample["label"].value_counts().to_dict() == {"a": 14, "b": 4, "c": 2}
    assert sample["number"].is_monotonic_increasing
    assert sample["number"].tolist() != [*range(14), *range(70, 74), 90, 91], "not simply the first"
    assert sample_tickets(tickets, 20, seed=0).equals(sample)
    assert not sample_tickets(tickets, 20, seed=1).equals(sample)
    assert sample_tickets(tickets, 100, seed=0) is tickets
