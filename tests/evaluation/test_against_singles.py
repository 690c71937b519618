import json
import math

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.against_singles import against_singles
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.report import render_report

RESAMPLING = Resampling(resamples=200)
TRUTH = np.repeat([0, 1, 2], 20)
B_CALLED_C = np.where(TRUTH == 1, 2, TRUTH)


@pytest.fixture
def single(predictions):
    """What a modality says of the tickets that have it."""

    def make(name, predicted, rows=None, **columns):
        whole = predictions(TRUTH, predicted, name=name, **columns)
        part = whole if rows is None else whole.select(np.asarray(rows))
        return type(part)(name, "modality", part.classes, part.probabilities, part.targets, part.tickets)

    return make


def by_name(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["kind", "group"]).sort_index()


def test_a_fusion_that_is_worse_in_a_class_is_found_out(predictions, single):
    fusion = predictions(TRUTH, B_CALLED_C)
    table = against_singles(fusion, [single("text", TRUTH)], RESAMPLING)
    assert table[["kind", "group", "n"]].to_numpy().tolist() == [
        ["class", "a", 20],
        ["class", "b", 20],
        ["class", "c", 20],
        ["language", "en", 60],
        ["holds", "text+image", 60],
    ]
    assert set(table["modality"]) == {"text"}
    assert table["single"].tolist() == [1.0] * 5
    mean = (1 + 0 + 2 / 3) / 3
    assert table["fusion"].tolist() == pytest.approx([1, 0, 2 / 3, mean, mean])
    assert table["gain"].tolist() == pytest.approx([0, -1, -1 / 3, mean - 1, mean - 1])
    assert table["worse"].tolist() == [False, True, True, True, True]
    found = by_name(table).loc[("class", "c")]
    assert found["gain_low"] < found["gain"] < found["gain_high"] < 0


def test_a_fusion_that_is_better_is_not_worse(predictions, single):
    table = against_singles(predictions(TRUTH, TRUTH), [single("text", B_CALLED_C)], RESAMPLING)
    assert (table["gain"] >= 0).all()
    assert table["p_value"].min() < 0.01
    assert not table["worse"].any()


def test_equal_answers_gain_nothing_and_have_no_interval(predictions, single):
    table = against_singles(predictions(TRUTH, B_CALLED_C), [single("text", B_CALLED_C)], RESAMPLING)
    assert table["gain"].tolist() == [0.0] * 5
    assert table["gain_low"].isna().all()
    assert table["p_value"].tolist() == [1.0] * 5
    assert not table["worse"].any()


def test_the_best_single_is_picked_for_each_class_and_group(predictions, single):
    language = ["zh"] * 30 + ["en"] * 30
    holds = {"language": language, "has_audio": [True] * 60}
    good_at_c, good_at_a = np.array([1, 0, 2])[TRUTH], np.array([0, 2, 1])[TRUTH]
    table = by_name(
        against_singles(
            predictions(TRUTH, TRUTH, **holds),
            [single("text", good_at_c, **holds), single("audio", good_at_a, **holds)],
            RESAMPLING,
        )
    )
    assert table.loc[("class", "a"), "modality"] == "audio"
    assert table.loc[("class", "c"), "modality"] == "text"
    assert table.loc[("language", "en"), "modality"] == "text"
    assert table.loc[("language", "zh"), "modality"] == "audio"
    # zh is a and b: audio has a right and calls b c; text has both wrong
    assert table.loc[("language", "zh"), "single"] == pytest.approx(1 / 3)
    assert table.loc[("language", "zh"), "fusion"] == 1.0


def test_the_fusion_is_scored_on_the_tickets_that_have_the_modality(predictions, single):
    """It errs only where there is no picture, so against the picture it loses nothing."""
    has_image = np.arange(60) % 2 == 0
    fusion = predictions(TRUTH, np.where(has_image, TRUTH, (TRUTH + 1) % 3), has_image=has_image)
    image = single("image", TRUTH, rows=has_image, has_image=has_image)
    table = by_name(against_singles(fusion, [image], RESAMPLING))
    assert table.loc[("class", "a"), "n"] == 10
    assert table["gain"].tolist() == [0.0] * len(table)
    assert ("holds", "text") not in table.index, "no single modality has a ticket there"


def test_what_holds_only_one_modality_is_compared_too(predictions, single):
    """A fusion may spoil what its only modality had right."""
    has_image = TRUTH > 5
    fusion = predictions(TRUTH, (TRUTH + 1) % 3, has_image=has_image)
    table = by_name(against_singles(fusion, [single("text", TRUTH, has_image=has_image)], RESAMPLING))
    assert table.loc[("holds", "text"), "worse"]
    assert table.loc[("holds", "text"), "gain"] == -1.0


def test_few_customers_have_no_interval_and_are_never_worse(predictions, single):
    customers = [f"c{row % 9}" for row in range(60)]
    fusion = predictions(TRUTH, B_CALLED_C, customer_id=customers)
    table = against_singles(fusion, [single("text", TRUTH, customer_id=customers)], RESAMPLING)
    assert table["gain"].min() == -1.0
    assert table[["gain_low", "gain_high", "p_value"]].isna().all(axis=None)
    assert not table["worse"].any()


def test_the_customers_of_a_class_are_counted_not_those_of_the_table(predictions, single):
    customers = ["all of b" if target == 1 else f"c{row}" for row, target in enumerate(TRUTH)]
    fusion = predictions(TRUTH, B_CALLED_C, customer_id=customers)
    table = by_name(against_singles(fusion, [single("text", TRUTH, customer_id=customers)], RESAMPLING))
    assert math.isnan(table.loc[("class", "b"), "p_value"])
    assert table.loc[("class", "c"), "p_value"] < 1


def test_luck_with_three_tickets_is_not_the_best(predictions, single):
    has_audio = np.isin(np.arange(60), [0, 1, 2])
    columns = {"has_audio": has_audio}
    lucky = single("audio", TRUTH, rows=has_audio, **columns)
    text = single("text", np.where(np.arange(60) % 10 == 0, 1, TRUTH), **columns)
    fusion = predictions(TRUTH, TRUTH, **columns)
    table = by_name(against_singles(fusion, [lucky, text], RESAMPLING))
    assert table.loc[("class", "a"), "modality"] == "text"
    assert table.loc[("language", "en"), "modality"] == "text"
    alone = by_name(against_singles(fusion, [lucky], RESAMPLING))
    assert alone.loc[("class", "a"), "modality"] == "audio", "better than nothing, without an interval"
    assert math.isnan(alone.loc[("class", "a"), "gain_low"])


def test_chance_in_one_of_many_rows_is_not_worse(predictions, single):
    """Four mistakes more have p of about 0.03, which of five rows means nothing."""
    slips = np.where(np.isin(np.arange(60), [20, 21, 22, 23]), 2, TRUTH)
    table = against_singles(predictions(TRUTH, slips), [single("text", TRUTH)], Resampling(resamples=4000))
    p_value = by_name(table).loc[("class", "b"), "p_value"]
    assert 0.01 < p_value < 0.05
    assert not table["worse"].any()


def test_many_classes_do_not_make_worse_impossible(predictions):
    """With 100 resamples no p-value is below 0.02, and 40 rows would multiply it to 0.8."""
    targets = np.repeat(np.arange(40), 12)
    classes = [f"class {index}" for index in range(40)]
    spoilt = np.where(targets == 7, 8, targets)
    text = predictions(targets, targets, classes, name="text", kind="modality")
    table = against_singles(predictions(targets, spoilt, classes), [text], Resampling(resamples=100))
    worse = table.loc[table["worse"] & (table["kind"] == "class"), "group"]
    assert worse.tolist() == ["class 7", "class 8"]


def test_nothing_to_compare_with(predictions):
    nobody = predictions([0], [0], name="audio", kind="modality", has_audio=[True]).select(np.array([], dtype=int))
    for singles in ([], [nobody]):
        table = against_singles(predictions(TRUTH, TRUTH), singles, RESAMPLING)
        assert table.empty
        assert "worse" in table


def test_a_class_without_tickets_has_no_row(predictions):
    fusion = predictions([0, 0], [0, 2])
    text = predictions([0, 0], [0, 1], name="text", kind="modality")
    table = against_singles(fusion, [text], RESAMPLING)
    assert table.loc[table["kind"] == "class", "group"].tolist() == ["a"]


def test_one_customer_one_class_and_no_language(predictions):
    columns = {"customer_id": ["x", "x"], "language": [None, ""]}
    fusion = predictions([0, 0], [0, 0], ["only"], **columns)
    text = predictions([0, 0], [0, 0], ["only"], name="text", kind="modality", **columns)
    table = against_singles(fusion, [text], RESAMPLING)
    assert table["group"].tolist() == ["only", "unknown", "text+image"]
    assert table["gain"].tolist() == [0.0] * 3
    assert not table["worse"].any()


def report(found) -> str:
    return " ".join(render_report(found, title="t", synthetic=False, contact_sheets={}, facts={}).split())


def test_the_evaluation_and_the_report_say_where(evaluated, predictions, single):
    found = evaluated([predictions(TRUTH, B_CALLED_C), single("text", TRUTH)])
    assert found.metrics["significantly_worse"] == 4
    rows = found.metrics["against_singles"]
    assert [row["group"] for row in rows if row["worse"]] == ["b", "c", "en", "text+image"]
    assert rows[0]["gain_low"] is None
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    page = report(found)
    assert (
        "In 4 of the 5 classes and groups late is significantly worse than the best single modality: "
        "b (text), c (text), en (text), text+image (text)." in page
    )
    assert ">Best single<" in page


def test_the_report_says_that_it_is_nowhere_worse(evaluated, predictions, single):
    same = evaluated([predictions(TRUTH, TRUTH), single("text", TRUTH)])
    assert same.metrics["significantly_worse"] == 0
    assert (
        "In none of the 5 classes and groups is late significantly worse than the best single modality.</span>"
        in report(same)
    )
    few = {"customer_id": [f"c{row % 9}" for row in range(60)]}
    page = report(evaluated([predictions(TRUTH, TRUTH, **few), single("text", TRUTH, **few)]))
    assert "In 5 of them there are too few customers to tell." in page


def test_without_single_modalities_the_report_is_silent(evaluated, predictions):
    found = evaluated([predictions(TRUTH, TRUTH)])
    assert found.metrics["against_singles"] == []
    assert found.metrics["significantly_worse"] == 0
    assert "Against the best single modality" not in report(found)
