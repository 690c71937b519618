"""What holds for every strategy, fitted or not."""

import itertools
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from kefu.fusion.contract import FusionRows
from kefu.fusion.joint import calibrate
from kefu.fusion.learning import HeadParameters, train_head
from kefu.fusion.strategies import END_TO_END, STRATEGIES, FusionParameters, build_fusion, fit_fusion

DIMS = {"audio": 3, "image": 5, "text": 4}
PRIOR = torch.tensor([6.0, 3.0, 1.0])
MORE = [("ensemble", False), ("only_text", False), ("only_text", True)]
PARAMS = FusionParameters.model_validate(
    {
        "early": {"projection_dim": 6, "hidden_dim": 8},
        "hierarchical": {"num_tokens": 1, "hidden_dim": 8, "num_heads": 2},
        "adaptive": {"training": {"max_epochs": 6, "batch_size": 16}},
        "modular": {"projection_dim": 4, "training": {"max_epochs": 6, "batch_size": 16}},
    }
)


def make_heads(dims=None, scale=1.0):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        heads = {name: nn.Linear(dim, 3) for name, dim in (dims or DIMS).items()}
        for head in heads.values():
            head.weight.data *= scale
    return heads


def make_rows(size, dims=None, seed=0, share=0.6):
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 3, size)
    embeddings, present = {}, {}
    for name, dim in (dims or DIMS).items():
        there = rng.random(size) < share
        values = rng.normal(size=(size, dim)) + np.eye(3, dim)[targets]
        embeddings[name] = torch.from_numpy(np.where(there[:, None], values, 0.0)).float()
        present[name] = torch.from_numpy(there)
    return FusionRows(embeddings, present, targets, np.arange(size) // 2)


def fit(strategy, heads, rows, seed=0):
    """Fit any strategy; those trained end to end learn here as heads over embeddings that stay as they are."""
    if strategy not in END_TO_END:
        return fit_fusion(strategy, [heads], PRIOR, [rows], params=PARAMS, seed=seed)[0]

    def build():
        torch.manual_seed(seed)
        return build_fusion(strategy, heads, PRIOR, PARAMS)

    fusion = train_head(build, rows, HeadParameters(max_epochs=6, batch_size=16), seed)
    calibrate([fusion], [rows])
    return fusion


@pytest.fixture(scope="module", params=[*((s, fitted) for s in STRATEGIES for fitted in (False, True)), *MORE],
                ids=lambda param: f"{param[0]}-{'fitted' if param[1] else 'new'}")  # fmt: skip
def fusion(request):
    strategy, fitted = request.param
    if fitted:
        return fit(strategy, make_heads(), make_rows(40, seed=1))
    torch.manual_seed(0)
    return build_fusion(strategy, make_heads(), PRIOR, PARAMS).eval()


@pytest.fixture(params=STRATEGIES)
def strategy(request):
    return request.param


@pytest.fixture
def every_subset():
    """A row for each of the 8 subsets of modalities."""
    masks = torch.tensor(list(itertools.product([False, True], repeat=3)))
    present = {name: masks[:, i] for i, name in enumerate(DIMS)}
    torch.manual_seed(1)
    return {name: torch.randn(8, dim) for name, dim in DIMS.items()}, present


@torch.inference_mode()
def test_any_subset_gives_finite_logits(fusion, every_subset):
    logits = fusion(*every_subset)
    assert logits.shape == (8, 3)
    assert torch.isfinite(logits).all()
    told_apart = 8 if not hasattr(fusion, "modality") else 5
    assert len({tuple(row) for row in logits.tolist()}) == told_apart


@torch.inference_mode()
def test_no_modality_gives_the_prior_exactly(fusion, every_subset):
    probabilities = fusion(*every_subset)[0].softmax(dim=0)
    assert torch.allclose(probabilities, PRIOR / PRIOR.sum(), atol=1e-6)


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf, 1e30])
def test_what_stands_in_for_an_absent_modality_changes_nothing(fusion, every_subset, poison):
    embeddings, present = every_subset
    poisoned = {name: torch.where(present[name][:, None], value, poison) for name, value in embeddings.items()}
    with torch.inference_mode():
        assert torch.equal(fusion(poisoned, present), fusion(embeddings, present))


def test_nan_in_an_absent_modality_reaches_no_gradient(fusion, every_subset):
    embeddings, present = every_subset
    poisoned = {name: torch.where(present[name][:, None], value, math.nan) for name, value in embeddings.items()}
    fusion.zero_grad()
    fusion(poisoned, present).log_softmax(dim=1)[:, 0].sum().backward()
    trained = [p for p in fusion.parameters() if p.requires_grad]
    assert trained
    for parameter in trained:
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
    assert any(parameter.grad.abs().sum() > 0 for parameter in trained)
    assert all(head.weight.grad is None for head in fusion.heads.values())


@torch.inference_mode()
def test_rows_are_independent(fusion, every_subset):
    embeddings, present = every_subset
    logits = fusion(embeddings, present)
    order = torch.tensor([3, 1, 7, 0, 2, 6, 5, 4])
    permuted = fusion({n: v[order] for n, v in embeddings.items()}, {n: v[order] for n, v in present.items()})
    torch.testing.assert_close(permuted, logits[order])
    for row in range(8):
        one = fusion(
            {n: v[row : row + 1] for n, v in embeddings.items()}, {n: v[row : row + 1] for n, v in present.items()}
        )
        torch.testing.assert_close(one[0], logits[row])


@torch.inference_mode()
def test_the_order_of_the_keys_is_irrelevant(strategy, every_subset):
    embeddings, present = every_subset
    results = []
    for names in (list(DIMS), list(DIMS)[::-1]):
        torch.manual_seed(0)
        heads = make_heads()
        fusion = build_fusion(strategy, {name: heads[name] for name in names}, PRIOR, PARAMS).eval()
        results.append(fusion({n: embeddings[n] for n in names}, {n: present[n] for n in reversed(names)}))
    assert torch.equal(*results)


def test_the_state_makes_the_round_trip(strategy, every_subset):
    fusion = fit(strategy, make_heads(), make_rows(20, seed=1))
    again = build_fusion(strategy, make_heads(scale=3.0), torch.ones(3), PARAMS).eval()
    again.load_state_dict(load(save({name: value.contiguous() for name, value in fusion.state_dict().items()})))
    with torch.inference_mode():
        assert torch.equal(again(*every_subset), fusion(*every_subset))


def test_fitting_is_repeatable(strategy):
    first, second = (fit(strategy, make_heads(), make_rows(20, seed=1), seed=5) for _ in range(2))
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert not first.training


def test_the_heads_stay_as_they_were_trained(strategy):
    heads = make_heads()
    before = {name: head.weight.detach().clone() for name, head in heads.items()}
    fusion = fit(strategy, heads, make_rows(20, seed=1))
    for name, head in heads.items():
        assert torch.equal(head.weight, before[name])
        assert torch.equal(fusion.heads[name].weight, before[name])
        assert head.weight.requires_grad


@pytest.mark.parametrize("size", [1, 3])
def test_few_rows_fit(strategy, every_subset, size):
    fusion = fit(strategy, make_heads(), make_rows(size, seed=1))
    with torch.inference_mode():
        assert torch.isfinite(fusion(*every_subset)).all()


@pytest.mark.parametrize("only", DIMS)
def test_rows_of_one_modality_train(strategy, every_subset, only):
    def alone(rows):
        absent = torch.zeros(len(rows), dtype=torch.bool)
        return FusionRows(
            {name: torch.where(torch.tensor(name == only), value, 0.0) for name, value in rows.embeddings.items()},
            {name: ~absent if name == only else absent for name in DIMS},
            rows.targets,
            rows.groups,
        )

    fusion = fit(strategy, make_heads(), alone(make_rows(20, seed=1)))
    with torch.inference_mode():
        assert torch.isfinite(fusion(*every_subset)).all()


def test_a_single_modality_is_enough_of_a_model(strategy):
    dims = {"text": 4}
    fusion = fit(strategy, make_heads(dims), make_rows(30, dims, seed=1))
    with torch.inference_mode():
        logits = fusion({"text": torch.randn(2, 4)}, {"text": torch.tensor([True, False])})
    assert torch.isfinite(logits).all()
    assert torch.allclose(logits[1].softmax(dim=0), PRIOR / PRIOR.sum(), atol=1e-6)


def test_rows_are_taken_together():
    rows = make_rows(6)
    taken = rows.take(np.array([4, 1]))
    assert len(taken) == 2
    assert taken.targets.tolist() == rows.targets[[4, 1]].tolist()
    assert taken.groups.tolist() == [2, 0]
    assert torch.equal(taken.embeddings["text"], rows.embeddings["text"][[4, 1]])
    assert torch.equal(taken.present["image"], rows.present["image"][[4, 1]])


def test_a_member_has_its_own_embeddings():
    rows = make_rows(5)
    both = FusionRows(
        {name: torch.stack([value, value + 1], dim=1) for name, value in rows.embeddings.items()},
        rows.present,
        rows.targets,
        rows.groups,
    )
    assert torch.equal(both.member(1).embeddings["text"], rows.embeddings["text"] + 1)
    assert len(both.member(0)) == 5
