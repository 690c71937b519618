"""What a strategy says before it is calibrated."""

import pytest
import torch
from torch import nn

from kefu.fusion.strategies import FusionParameters, build_fusion
from kefu.fusion.uncalibrated import uncalibrated

HEADS = {"image": nn.Linear(12, 3), "text": nn.Linear(12, 3)}
PRIOR = torch.tensor([1.0, 2.0, 3.0])
EMBEDDINGS = {name: torch.randn(4, 12, generator=torch.Generator().manual_seed(0)) for name in HEADS}
PRESENT = {"image": torch.tensor([True, True, False, False]), "text": torch.tensor([True, False, True, False])}


@pytest.mark.parametrize("strategy", ["late", "adaptive", "modular"])
def test_the_plain_product_of_opinions(strategy: str) -> None:
    fusion = build_fusion(strategy, HEADS, PRIOR, FusionParameters()).eval()
    for parameter in fusion.parameters():
        parameter.data += 0.3 * parameter.requires_grad
    said = uncalibrated(fusion)(EMBEDDINGS, PRESENT).log_softmax(dim=1)
    prior = (PRIOR / PRIOR.sum()).log()
    opinions = {name: HEADS[name](EMBEDDINGS[name]).log_softmax(dim=1) - prior for name in HEADS}
    expected = prior + sum(opinions[name] * PRESENT[name][:, None] for name in HEADS)
    assert torch.allclose(said, expected.log_softmax(dim=1), atol=1e-5)


@pytest.mark.parametrize("strategy", ["early", "hierarchical", "only_text"])
def test_temperature_one_where_it_is_all_there_is(strategy: str) -> None:
    fusion = build_fusion(strategy, HEADS, PRIOR, FusionParameters()).eval()
    before = fusion(EMBEDDINGS, PRESENT)
    fusion.log_temperature.data += 1.0
    assert not torch.allclose(fusion(EMBEDDINGS, PRESENT), before)
    assert torch.allclose(uncalibrated(fusion)(EMBEDDINGS, PRESENT), before)
    assert fusion.log_temperature.max() == 1.0, "the strategy itself stays as it is"
