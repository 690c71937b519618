import dataclasses
import json

import numpy as np
import pytest

from kefu.evaluation import EvaluationParameters
from kefu.evaluation.metrics import accuracy, macro_f1


def test_the_headline_comes_first_and_all_of_it_is_json(usual):
    metrics = usual.metrics
    assert list(metrics)[:9] == [
        "macro_f1",
        "macro_f1_low",
        "macro_f1_high",
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        "n",
        "customers",
        "chosen",
    ]
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    assert metrics["macro_f1_low"] < metrics["macro_f1"] < metrics["macro_f1_high"]


def test_modalities_are_compared_on_the_tickets_they_have(usual, random_predictions):
    table = usual.tables["comparison"].set_index("name")
    late = random_predictions(120, 3, seed=1, skill=3.0).select(np.arange(0, 120, 2))
    assert table.loc["image", "n"] == table.loc["image", "common"] == 60
    assert table.loc["image", "chosen_macro_f1"] == pytest.approx(macro_f1(late))
    assert table.loc["image", "chosen_accuracy"] == pytest.approx(accuracy(late))
    assert table.loc["image", "gain"] == pytest.approx(macro_f1(late) - table.loc["image", "macro_f1"])
    assert table.loc["early", "common"] == 120
    assert np.isnan(table.loc["late", "gain"])


def test_the_gain_is_over_the_best_modality(usual):
    metrics = usual.metrics
    best = max(metrics["modalities"], key=lambda name: metrics["modalities"][name]["macro_f1"])
    assert metrics["best_modality"]["name"] == best
    assert metrics["gain_over_best_modality"] == metrics["modalities"][best]["gain"]


def test_only_the_split_is_scored(evaluated, random_predictions):
    late = random_predictions(120, 3, seed=1, split=["test"] * 40 + ["train"] * 80)
    metrics = evaluated([late]).metrics
    assert metrics["n"] == 40
    assert metrics["macro_f1"] == pytest.approx(macro_f1(late.select(np.arange(40))))
    assert evaluated([late], parameters=EvaluationParameters(split="train")).metrics["n"] == 80
    with pytest.raises(ValueError, match="no ticket of the split 'test'"):
        evaluated([late.select(np.arange(40, 120))])


def test_wrong_arguments_are_named(evaluated, random_predictions):
    late = random_predictions(20, 3, seed=1)
    with pytest.raises(ValueError, match="'late' is not among the fusions: early"):
        evaluated([dataclasses.replace(late, name="early")])
    with pytest.raises(ValueError, match="same name: late"):
        evaluated([late, late])
    with pytest.raises(ValueError, match="different classes"):
        evaluated([late, dataclasses.replace(late, name="early", classes=("x", "y", "z"))])


def test_a_modality_nobody_has_says_so(evaluated, predictions):
    late = predictions([0, 1, 2], [0, 1, 1])
    nobody = predictions([0], [0], name="audio", kind="modality", has_audio=[True]).select(np.array([], dtype=int))
    found = evaluated([late, nobody])
    assert found.metrics["modalities"]["audio"]["n"] == 0
    assert found.metrics["modalities"]["audio"]["macro_f1"] is None
    assert found.metrics["best_modality"] is None
    json.dumps(found.metrics, allow_nan=False)


def test_one_customer_one_class_and_absent_classes_are_said(evaluated, predictions):
    cautions = evaluated([predictions([0, 0], [0, 0], customer_id=["x", "x"])]).metrics["cautions"]
    assert any("one customer" in caution["en"] for caution in cautions)
    assert any("b, c" in caution["en"] for caution in cautions)
    assert any("Only 2 tickets" in caution["en"] for caution in cautions)
    only = evaluated([predictions([0, 0], [0, 0], classes=["a"])])
    assert only.metrics["macro_f1"] == 1.0
    nameless = evaluated([predictions([0, 0], [0, 0], customer_id=["", None])]).metrics["cautions"]
    assert any("2 tickets name no customer" in caution["en"] for caution in nameless)


def test_nothing_quarantined_and_nothing_learnt_leave_no_figure(evaluated, quarantine):
    found = evaluated(histories={}, quarantine=quarantine.iloc[:0])
    assert "quarantine" not in found.figures
    assert not [name for name in found.figures if name.startswith("learning")]
    assert found.metrics["data"]["quarantined"] == 0
    assert found.tables["quarantine"].empty


def test_the_most_confident_mistakes_come_first(evaluated, predictions):
    late = predictions([0, 0, 0], [1, 2, 0], confidence=[0.6, 0.9, 0.99])
    found = evaluated([late]).tables["mistakes"]
    assert found["ticket_id"].tolist() == ["t1", "t0"]
    assert found["predicted"].tolist() == ["c", "b"]
