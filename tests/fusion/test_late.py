"""Late fusion against what is known exactly."""

import numpy as np
import pytest
import torch
from torch import nn

from kefu.fusion.contract import FusionRows
from kefu.fusion.late import LateFusion, LateParameters
from kefu.fusion.strategies import FusionParameters, build_fusion, fit_fusion

PRIOR = torch.tensor([0.5, 0.3, 0.2])


def heads(*names, scale=1.0):
    """Heads that pass a three-dimensional embedding through as logits."""
    made = {}
    for name in names:
        made[name] = nn.Linear(3, 3)
        made[name].weight.data = scale * torch.eye(3)
        made[name].bias.data.zero_()
    return made


def draw(size, *names, seed=0, useless=()):
    """Tickets whose modalities are independent given the class, and exact posteriors as embeddings."""
    rng = np.random.default_rng(seed)
    prior = PRIOR.numpy()
    targets = rng.choice(3, size, p=prior)
    embeddings = {}
    for name in names:
        centres = np.zeros((3, 3)) if name in useless else 1.2 * np.eye(3)
        x = centres[targets] + rng.normal(size=(size, 3))
        log_likelihood = -0.5 * ((x[:, None] - centres) ** 2).sum(axis=2)
        if name in useless:
            log_likelihood = rng.normal(size=(size, 3)) * 2
        embeddings[name] = torch.from_numpy(np.log(prior) + log_likelihood).float()
    there = torch.ones(size, dtype=torch.bool)
    return FusionRows(embeddings, dict.fromkeys(names, there), targets, np.arange(size))


def fit(rows, made, **params):
    settings = FusionParameters(late=LateParameters(**params))
    (fusion,) = fit_fusion("late", [made], PRIOR, [rows], params=settings, seed=0)
    assert isinstance(fusion, LateFusion)
    return fusion


def accuracy(fusion, rows):
    with torch.inference_mode():
        predicted = fusion(rows.embeddings, rows.present).argmax(dim=1).numpy()
    return (predicted == rows.targets).mean()


def test_a_temperature_recovers_a_known_miscalibration():
    fusion = fit(draw(4000, "text"), heads("text", scale=3.0))
    assert fusion.temperatures["text"] == pytest.approx(3.0, rel=0.1)
    calm = fit(draw(4000, "text"), heads("text", scale=0.5))
    assert calm.temperatures["text"] == pytest.approx(0.5, rel=0.1)


def test_unit_weights_are_the_exact_product_of_experts():
    rows = draw(50, "audio", "image", "text")
    fusion = build_fusion("late", heads("audio", "image", "text"), PRIOR, FusionParameters())
    likelihoods = sum(value.log_softmax(dim=1) - PRIOR.log() for value in rows.embeddings.values())
    exact = (PRIOR.log() + likelihoods).log_softmax(dim=1)
    with torch.inference_mode():
        pooled = fusion(rows.embeddings, rows.present).log_softmax(dim=1)
    torch.testing.assert_close(pooled, exact, atol=1e-5, rtol=1e-5)


def test_fitting_finds_that_independent_experts_count_fully():
    fusion = fit(draw(4000, "audio", "text"), heads("audio", "text"))
    for weights in fusion.weights.values():
        assert all(weight == pytest.approx(1.0, abs=0.12) for weight in weights.values())


def test_experts_that_repeat_each_other_count_for_less():
    rows = draw(2000, "text")
    embeddings, present = (dict.fromkeys(("audio", "text"), part["text"]) for part in (rows.embeddings, rows.present))
    twins = FusionRows(embeddings, present, rows.targets, rows.groups)
    weights = fit(twins, heads("audio", "text")).weights
    assert sum(weights["audio+text"].values()) == pytest.approx(1.0, abs=0.15)
    assert weights["text"]["text"] == pytest.approx(1.0, abs=0.1)


def test_a_useless_modality_counts_for_little_and_does_no_harm():
    rows, unseen = (draw(1500, "audio", "text", seed=seed, useless=["audio"]) for seed in (0, 1))
    fusion = fit(rows, heads("audio", "text"))
    weights = fusion.weights["audio+text"]
    temperature = fusion.temperatures["audio"]
    assert weights["audio"] / temperature < 0.1
    assert weights["text"] == pytest.approx(1.0, abs=0.15)
    alone = {"text": unseen.present["text"], "audio": torch.zeros_like(unseen.present["audio"])}
    without = FusionRows(unseen.embeddings, alone, unseen.targets, unseen.groups)
    assert accuracy(fusion, unseen) >= accuracy(fusion, without) - 0.01


def test_weights_are_never_negative():
    rows = draw(300, "audio", "text")
    wrong = FusionRows({**rows.embeddings, "audio": -rows.embeddings["audio"]}, rows.present, rows.targets, rows.groups)
    fusion = fit(wrong, heads("audio", "text"))
    assert all(weight >= 0 for weights in fusion.weights.values() for weight in weights.values())
    assert fusion.weights["audio+text"]["audio"] / fusion.temperatures["audio"] < 0.1


def test_a_combination_that_nobody_has_keeps_weight_one():
    rows = draw(200, "audio", "text")
    half = torch.arange(200) < 100
    apart = FusionRows(rows.embeddings, {"audio": half, "text": ~half}, rows.targets, rows.groups)
    weights = fit(apart, heads("audio", "text")).weights
    assert set(weights) == {"audio", "text", "audio+text"}
    assert list(weights["audio+text"].values()) == pytest.approx([1.0, 1.0], abs=1e-3)


def test_a_strong_pull_keeps_the_plain_product():
    fusion = fit(draw(200, "audio", "text", useless=["audio"]), heads("audio", "text"), pull=1e6)
    assert all(weight == pytest.approx(1, abs=0.01) for w in fusion.weights.values() for weight in w.values())


def test_broken_numbers_of_absent_modalities_do_not_reach_the_fit():
    rows = draw(100, "audio", "text")
    there = torch.arange(100) % 2 == 0
    zeros = torch.where(there[:, None], rows.embeddings["audio"], 0.0)
    nans = torch.where(there[:, None], rows.embeddings["audio"], torch.nan)
    present = {**rows.present, "audio": there}
    first, second = (
        fit(FusionRows({**rows.embeddings, "audio": audio}, present, rows.targets, rows.groups), heads("audio", "text"))
        for audio in (zeros, nans)
    )
    assert first.weights == second.weights
    assert first.temperatures == second.temperatures


def test_members_share_what_is_fitted_on_all_their_rows():
    rows = draw(600, "audio", "text")
    whole = fit(rows, heads("audio", "text"))
    parts = [rows.take(np.arange(0, 200)), rows.take(np.arange(200, 600))]
    made = [heads("audio", "text") for _ in parts]
    members = fit_fusion("late", made, PRIOR, parts, params=FusionParameters(), seed=0)
    for fusion in members:
        assert fusion.temperatures == pytest.approx(whole.temperatures, rel=1e-3)
        assert fusion.weights["audio+text"] == pytest.approx(whole.weights["audio+text"], rel=1e-3)
