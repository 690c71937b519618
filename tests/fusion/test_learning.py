"""The fitted strategies learn what there is to learn and are not led astray."""

import numpy as np
import pytest
import torch
from torch import nn

from kefu.fusion.contract import FusionRows
from kefu.fusion.learning import hide_modalities
from kefu.fusion.strategies import FusionParameters, fit_fusion

PARAMS = FusionParameters.model_validate({"modular": {"training": {"max_epochs": 25}}})


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_hiding_leaves_every_row_one_of_the_modalities_it_had(share):
    rng = np.random.default_rng(0)
    present = {name: torch.from_numpy(rng.random(500) < 0.5) for name in ("audio", "image", "text")}
    hidden = hide_modalities(present, share, rng)
    before, after = (torch.stack(list(p.values())) for p in (present, {n: hidden[n] for n in present}))
    assert not (after & ~before).any()
    assert torch.equal(after.any(dim=0), before.any(dim=0))
    if share == 0.0:
        assert torch.equal(after, before)
    if share == 0.3:
        several = before.sum(dim=0) == 3
        assert (after[:, several].float().mean() - 0.7).abs() < 0.06
    if share == 0.99:
        assert after.sum(dim=0).float().max() <= 2


def with_noise(size, seed):
    """Text tells the class, audio nothing; the head over audio is as sure as the one over text."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 3, size)
    text = 3 * np.eye(3)[targets] + rng.normal(size=(size, 3))
    audio = 3 * np.eye(3)[rng.integers(0, 3, size)] + rng.normal(size=(size, 3))
    there = torch.ones(size, dtype=torch.bool)
    embeddings = {"audio": torch.from_numpy(audio).float(), "text": torch.from_numpy(text).float()}
    return FusionRows(embeddings, {"audio": there, "text": there}, targets, np.arange(size))


def sure_heads():
    heads = {name: nn.Linear(3, 3) for name in ("audio", "text")}
    for head in heads.values():
        head.weight.data = 3 * torch.eye(3)
        head.bias.data.zero_()
    return heads


@pytest.mark.parametrize("strategy", [*PARAMS.on_shared_parts, "only_text"])
def test_without_a_ticket_to_fit_on_opinions_are_multiplied_as_they_are(strategy):
    nothing = with_noise(300, 1).take(np.array([], dtype=int))
    (fusion,) = fit_fusion(strategy, [sure_heads()], torch.ones(3), [nothing], params=PARAMS, seed=0)
    rows = with_noise(600, 2)
    with torch.inference_mode():
        fused = fusion(rows.embeddings, rows.present).softmax(dim=1)
    opinions = {name: 3 * value for name, value in rows.embeddings.items()}
    product = opinions["text"] + (0 if strategy == "only_text" else opinions["audio"])
    assert torch.equal(fused.argmax(dim=1), product.argmax(dim=1))
    if strategy in ("late", "only_text"):
        assert torch.allclose(fused, product.softmax(dim=1), atol=1e-4)


@pytest.mark.parametrize("strategy", PARAMS.on_shared_parts)
def test_a_useless_modality_does_no_harm(strategy):
    (fusion,) = fit_fusion(strategy, [sure_heads()], torch.ones(3), [with_noise(300, 1)], params=PARAMS, seed=0)
    unseen = with_noise(600, 2)
    with torch.inference_mode():
        fused = fusion(unseen.embeddings, unseen.present).argmax(dim=1).numpy()
    alone = unseen.embeddings["text"].argmax(dim=1).numpy()
    plain_product = (unseen.embeddings["text"] + unseen.embeddings["audio"]).argmax(dim=1).numpy()
    text_accuracy = (alone == unseen.targets).mean()
    assert (plain_product == unseen.targets).mean() < text_accuracy - 0.1
    assert (fused == unseen.targets).mean() > text_accuracy - 0.04
