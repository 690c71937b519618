import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.analysis import records
from kefu.evaluation.bootstrap import ACCURACY, FIRST_CLASS, MACRO_F1, Resampling, scores_of
from kefu.evaluation.contribution import (
    choose_examples,
    class_table,
    contributions_to_scores,
    evidence_by_group,
    overall_table,
    score_subsets,
)
from kefu.explanation.shapley import shapley_values, subsets

FEW = Resampling(resamples=60)
NAMES = ("image", "text", "audio", "video")


def make_said(predictions, modalities: int, n: int = 60, n_classes: int = 3, **columns):
    """What a model says of each subset: the more it sees, the more often it is right."""
    rng = np.random.default_rng(0)
    targets = rng.integers(n_classes, size=n)
    classes = tuple(f"class {number}" for number in range(n_classes))
    said = []
    for subset in subsets(modalities):
        right = rng.random(n) < 0.2 + 0.7 * subset.mean()
        has = {f"has_{name}": np.arange(n) % (place + 2) > 0 for place, name in enumerate(NAMES[:modalities])}
        predicted = np.where(right, targets, 0)
        said.append(predictions(targets, predicted, classes, **{**has, **columns}))
    return said


@pytest.mark.parametrize("modalities", [1, 2, 3, 4])
def test_contributions_add_up_overall_and_for_each_class(predictions, modalities):
    said = make_said(predictions, modalities)
    found = contributions_to_scores(said, FEW)
    scores = np.stack([scores_of(one) for one in said])
    np.testing.assert_allclose(found.estimate.reshape(modalities, -1), shapley_values(scores))
    np.testing.assert_allclose(
        found.estimate.reshape(modalities, -1).sum(axis=0), scores[-1] - scores[0], rtol=0, atol=1e-9
    )
    assert found.estimate.shape == (modalities * (FIRST_CLASS + 3),)
    assert (found.low <= found.estimate).all()
    assert (found.estimate <= found.high).all()


def test_the_whole_credit_goes_to_the_modality_that_does_the_work(predictions):
    targets = [0, 1, 2] * 10
    nothing, good = [0] * 30, targets
    said = [predictions(targets, one) for one in (nothing, nothing, good, good)]
    found = contributions_to_scores(said, FEW).estimate.reshape(2, -1)
    assert found[0, ACCURACY] == pytest.approx(2 / 3)
    bounds = contributions_to_scores(said, FEW)
    assert not bounds.low.reshape(2, -1)[1].any()
    assert not bounds.high.reshape(2, -1)[1].any()
    assert (bounds.low.reshape(2, -1)[0, :2] > 0.3).all()
    assert found[0, MACRO_F1] == pytest.approx(1 - 0.5 / 3)
    np.testing.assert_allclose(found[1], 0, atol=1e-12)
    table = class_table(contributions_to_scores(said, FEW), ["image", "text"], said).set_index("class")
    assert table.loc["b", "image"] == pytest.approx(1.0)
    assert table.loc["a", ["f1_of_nothing", "image", "text"]].sum() == pytest.approx(table.loc["a", "f1"])
    overall = overall_table(contributions_to_scores(said, FEW), {"image": np.ones(30), "text": np.zeros(30)},
                            said[-1], FEW).set_index("of_modality")  # fmt: skip
    assert overall.loc["image", "share_of_gain"] == pytest.approx(1.0)
    assert overall.loc["image", "evidence"] == 1.0


def test_a_class_without_tickets_has_no_row_and_one_class_no_gain(predictions):
    targets = [0, 1] * 10
    said = [predictions(targets, one) for one in ([2] * 20, targets)]
    found = contributions_to_scores(said, FEW)
    assert list(class_table(found, ["text"], said)["class"]) == ["a", "b"]
    assert np.isnan(found.estimate[FIRST_CLASS + 2])
    always = contributions_to_scores([predictions(targets, [2] * 20)] * 2, FEW)
    assert np.isnan(always.estimate[FIRST_CLASS + 2]), "predicted, but there is nothing to find"
    single = [predictions([0] * 12, [0] * 12, ("only",)) for _ in range(2)]
    table = overall_table(contributions_to_scores(single, FEW), {"text": np.zeros(12)}, single[-1], FEW)
    assert table["to_macro_f1"].tolist() == [0.0]
    assert records(table)[0]["share_of_gain"] is None


def test_one_customer_gets_no_interval(predictions):
    said = make_said(predictions, 2, customer_id=["k"] * 60)
    row = overall_table(contributions_to_scores(said, FEW), dict.fromkeys(NAMES[:2], np.ones(60)), said[-1], FEW).iloc[
        0
    ]
    assert np.isnan([row["to_macro_f1_low"], row["evidence_high"]]).all()
    assert row["evidence"] == 1.0


def test_subsets_are_scored_on_all_tickets_the_smallest_first(predictions):
    said = make_said(predictions, 2)
    table = score_subsets(said, NAMES[:2], FEW)
    assert table["seen"].tolist() == ["nothing", "text", "image", "image+text"]
    assert table["shown"].tolist() == [0, 40, 30, 50]
    assert table["macro_f1"].iloc[-1] == pytest.approx(scores_of(said[-1])[MACRO_F1])


def test_evidence_is_a_mean_over_each_group(tickets):
    evidence = {"image": np.arange(24.0), "text": np.full(24, -1.0)}
    table = evidence_by_group(evidence, tickets(24), ["en"] * 20 + ["zh"] * 4, FEW).set_index("group")
    assert table.loc["en", ["n", "image", "text"]].tolist() == [20, 9.5, -1.0]
    assert table.loc["en", "image_low"] < 9.5 < table.loc["en", "image_high"]
    assert table.loc["zh", "image"] == 21.5
    assert np.isnan(table.loc["zh", "image_low"]), "four customers"


def test_examples_take_turns(predictions):
    languages = ["en"] * 20 + ["zh"] * 4
    has_audio = [row % 4 < 2 for row in range(24)]
    said = predictions([0] * 24, [row % 2 for row in range(24)], language=languages, has_audio=has_audio)
    chosen = choose_examples(said, 4, seed=0)
    kinds = {(languages[row], row % 2) for row in chosen}
    assert len(kinds) == 4
    assert sum(has_audio[row] for row in chosen) == 4
    assert choose_examples(said, 4, seed=0).tolist() == chosen.tolist()
    assert len(choose_examples(said, 0, seed=0)) == 0
    assert len(choose_examples(said, 99, seed=0)) == 24


def test_examples_of_an_unknown_language(predictions):
    said = predictions([0, 1], [0, 1], language=[None, pd.NA])
    assert len(choose_examples(said, 4, seed=0)) == 2
