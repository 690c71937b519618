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


@pytest.mark.parametrize("strategy", PARAMS.on_shared_parts)
def test_a_useless_modality_does_no_harm(strategy):
    heads = {}
    for name in ("audio", "text"):
        heads[name] = nn.Linear(3, 3)
        heads[name].weight.data = 3 * torch.eye(3)
        heads[name].bias.data.zero_()
    (fusion,) = fit_fusion(strategy, [heads], torch.ones(3), [with_noise(300, 1)], params=PARAMS, seed=0)
    unseen = with_noise(600, 2)
    with torch.inference_mode():
        fused = fusion(unseen.embeddings, unseen.present).argmax(dim=1).numpy()
    alone = unseen.embeddings["text"].argmax(dim=1).numpy()
    plain_product = (unseen.embeddings["text"] + unseen.embeddings["audio"]).argmax(dim=1).numpy()
    text_accuracy = (alone == unseen.targets).mean()
    assert (plain_product == unseen.targets).mean() < text_accuracy - 0.1
    assert (fused == unseen.targets).mean() > text_accuracy - 0.04
