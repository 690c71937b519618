"""Nothing that is judged was learned from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from kefu.fusion.contract import FusionRows
from kefu.fusion.ensemble import select_greedily
from kefu.fusion.out_of_fold import EnsembleOutOfFold, OutOfFold, choose_weights_out_of_fold, make_fusion_folds
from kefu.fusion.strategies import FusionParameters, fit_ensemble, fit_fusion

PRIOR = torch.ones(3)
PARAMS = FusionParameters.model_validate(
    {name: {"training": {"max_epochs": 3, "batch_size": 16}} for name in ("early", "modular", "adaptive")}
)


def make_heads():
    heads = {}
    for name in ("audio", "text"):
        heads[name] = nn.Linear(3, 3)
        heads[name].weight.data = torch.eye(3)
        heads[name].bias.data.zero_()
    return heads


def make_rows(size, seed=0):
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 3, size)
    embeddings = {
        name: torch.from_numpy(2 * np.eye(3)[targets] + rng.normal(size=(size, 3))).float()
        for name in ("audio", "text")
    }
    present = {name: torch.from_numpy(rng.random(size) < 0.8) for name in ("audio", "text")}
    return FusionRows(embeddings, present, targets, np.arange(size) // 2)


def test_a_customer_is_in_one_fold():
    rows = [make_rows(40), make_rows(31, seed=1)]
    folds = make_fusion_folds(rows, seed=0)
    for own, part in zip(folds, rows, strict=True):
        assert set(own) == set(range(5))
        assert all(len(set(own[part.groups == group])) == 1 for group in part.groups)


@pytest.mark.parametrize("strategy", ["late", "only_text", "adaptive"])
def test_the_label_of_a_ticket_has_no_say_in_its_own_prediction(strategy):
    rows, heads = [make_rows(60), make_rows(40, seed=1)], [make_heads(), make_heads()]
    folds = make_fusion_folds(rows, seed=0)
    before = OutOfFold.fit(strategy, heads, PRIOR, rows, params=PARAMS, seed=0).predict(rows)
    assert before.shape == (100, 3)
    np.testing.assert_allclose(before.sum(axis=1), 1)
    there = folds[0] == 2
    flipped = FusionRows(
        rows[0].embeddings, rows[0].present, np.where(there, (rows[0].targets + 1) % 3, rows[0].targets), rows[0].groups
    )
    after = OutOfFold.fit(strategy, heads, PRIOR, [flipped, rows[1]], params=PARAMS, seed=0).predict(rows)
    same = np.concatenate(folds) == 2
    np.testing.assert_array_equal(after[same], before[same])
    assert not np.array_equal(after[~same], before[~same])


def test_greedy_selection_finds_the_better_member_and_mixes_those_that_help():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 300)
    good, noise = (np.eye(3)[targets] * a + rng.random((300, 3)) for a in (2.0, 0.0))
    probabilities = {name: p / p.sum(axis=1, keepdims=True) for name, p in {"good": good, "noise": noise}.items()}
    assert select_greedily(probabilities, targets) == {"good": 1.0, "noise": 0.0}
    other = np.eye(3)[targets] * 2.0 + rng.random((300, 3)) * 2
    twins = {"a": probabilities["good"], "b": other / other.sum(axis=1, keepdims=True)}
    weights = select_greedily(twins, targets)
    assert sum(weights.values()) == pytest.approx(1)
    assert select_greedily(twins, targets[:0]) == {"a": 0.5, "b": 0.5}


def test_the_ensemble_of_a_fold_is_chosen_on_the_others():
    targets = np.array([0, 0, 1, 1, 0, 1, 0, 1, 1, 0])
    folds = np.arange(10) % 5
    right, wrong = np.where(np.eye(2)[targets] > 0, 0.9, 0.1), np.where(np.eye(2)[targets] > 0, 0.1, 0.9)
    # one strategy is right but for a fold: there, the choice must follow the other folds and err
    tricky = np.where((folds == 3)[:, None], wrong, right)
    weights = choose_weights_out_of_fold({"tricky": tricky, "wrong": wrong}, targets, folds)
    assert weights == [{"tricky": 1.0, "wrong": 0.0}] * 5


def test_an_ensemble_speaks_of_a_fold_with_the_weights_chosen_without_it():
    rows, heads = [make_rows(60), make_rows(40, seed=1)], [make_heads(), make_heads()]
    strategies = {
        name: OutOfFold.fit(name, heads, PRIOR, rows, params=PARAMS, seed=0) for name in ("late", "only_text")
    }
    ensemble = EnsembleOutOfFold.fit(strategies, rows, seed=0)
    chosen = [{"late": 1.0, "only_text": 0.0} if fold == 2 else {"late": 0.0, "only_text": 1.0} for fold in range(5)]
    mixed = replace(ensemble, weights=chosen).predict([part.without("audio") for part in rows])
    folds = np.concatenate(make_fusion_folds(rows, seed=0))
    late, text = (strategies[name].predict([part.without("audio") for part in rows]) for name in strategies)
    np.testing.assert_array_equal(mixed, np.where((folds == 2)[:, None], late, text))
    assert not np.array_equal(late, text)


def test_labels_of_a_fold_have_no_say_in_the_weights_of_the_ensemble_there():
    rows, heads = [make_rows(60)], [make_heads()]
    strategies = {
        name: OutOfFold.fit(name, heads, PRIOR, rows, params=PARAMS, seed=0) for name in ("late", "only_text")
    }
    folds = make_fusion_folds(rows, seed=0)[0]
    before = EnsembleOutOfFold.fit(strategies, rows, seed=0).weights
    flipped = replace(rows[0], targets=np.where(folds == 2, (rows[0].targets + 1) % 3, rows[0].targets))
    after = EnsembleOutOfFold.fit(strategies, [flipped], seed=0).weights
    assert after[2] == before[2]
    assert after != before


def test_an_ensemble_averages_the_probabilities_of_its_members():
    rows, heads = [make_rows(60)], [make_heads()]
    fitted = {name: fit_fusion(name, heads, PRIOR, rows, params=PARAMS, seed=0) for name in PARAMS.on_shared_parts}
    weights = dict.fromkeys(fitted, 0.0) | {"late": 0.25, "modular": 0.75}
    (ensemble,) = fit_ensemble(fitted, heads, PRIOR, weights)
    with torch.inference_mode():
        late, modular = (fitted[n][0](rows[0].embeddings, rows[0].present).softmax(dim=1) for n in ("late", "modular"))
        mixed = ensemble(rows[0].embeddings, rows[0].present).softmax(dim=1)
    torch.testing.assert_close(mixed, 0.25 * late + 0.75 * modular)
