"""What adaptive fusion learns: how much an opinion is worth by how sure it is."""

import numpy as np
import pytest
import torch
from torch import nn

from kefu.fusion import adaptive
from kefu.fusion.adaptive import AdaptiveFusion, AdaptiveParameters
from kefu.fusion.contract import FusionRows

PRIOR = torch.ones(3)
PARAMS = AdaptiveParameters.model_validate({"training": {"max_epochs": 40, "batch_size": 32, "modality_dropout": 0.0}})


def make_fusion(sign: float) -> AdaptiveFusion:
    """Return a member whose embeddings are its logits times a sign."""
    heads = {name: nn.Linear(3, 3) for name in ("audio", "text")}
    for head in heads.values():
        head.weight.data = sign * torch.eye(3)
        head.bias.data.zero_()
    return AdaptiveFusion(heads, PRIOR, PARAMS)


def make_rows(size: int, sign: float, seed: int) -> FusionRows:
    """Return tickets whose audio is flat where it is wrong; text is always somewhat right."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 3, size)
    loud = rng.random(size) < 0.5
    right, wrong = np.eye(3)[targets], np.eye(3)[(targets + rng.integers(1, 3, size)) % 3]
    audio = np.where(loud[:, None], 6 * right, 1.5 * wrong) + 0.1 * rng.normal(size=(size, 3))
    text = 1.5 * right + 1.2 * rng.normal(size=(size, 3))
    embeddings = {"audio": torch.tensor(sign * audio).float(), "text": torch.tensor(sign * text).float()}
    present = {name: torch.ones(size, dtype=torch.bool) for name in embeddings}
    return FusionRows(embeddings, present, targets, np.arange(size))


@pytest.fixture(scope="module")
def members() -> tuple[AdaptiveFusion, AdaptiveFusion]:
    members = (make_fusion(1.0), make_fusion(-1.0))
    adaptive.fit(members, [make_rows(200, 1.0, 0), make_rows(200, -1.0, 1)], PARAMS, seed=0)
    return members


def test_a_flat_opinion_counts_for_less(members: tuple[AdaptiveFusion, AdaptiveFusion]) -> None:
    embeddings = {
        "audio": torch.tensor([[6.0, 0.0, 0.0], [1.5, 0.0, 0.0]]),
        "text": torch.tensor([[1.5, 0.0, 0.0]] * 2),
    }
    weights = members[0].modality_weights(embeddings, torch.ones(2, 2, dtype=torch.bool))
    loud, faint = weights[:, 0].tolist()
    assert faint < 0.5 * loud
    assert weights[0, 1] == weights[1, 1], "text is judged by itself"


def test_members_of_other_embeddings_share_what_was_learned(members: tuple[AdaptiveFusion, AdaptiveFusion]) -> None:
    mine, other = make_rows(300, 1.0, 2), make_rows(300, -1.0, 2)
    with torch.no_grad():
        learned, same = members[0](mine.embeddings, mine.present), members[1](other.embeddings, other.present)
        product = make_fusion(1.0)(mine.embeddings, mine.present)
    torch.testing.assert_close(learned, same)
    right, plain = ((logits.argmax(dim=1).numpy() == mine.targets).mean() for logits in (learned, product))
    assert right > plain + 0.05


def test_heads_stay_those_of_the_member(members: tuple[AdaptiveFusion, AdaptiveFusion]) -> None:
    assert torch.equal(members[1].heads["audio"].weight, -torch.eye(3))


def test_nothing_to_learn_from_leaves_it_as_it_was_built() -> None:
    member, empty = make_fusion(1.0), make_rows(0, 1.0, 0)
    adaptive.fit([member], [empty], PARAMS, seed=0)
    weights = member.modality_weights(
        {n: torch.randn(4, 3) for n in ("audio", "text")}, torch.ones(4, 2, dtype=torch.bool)
    )
    torch.testing.assert_close(weights, torch.ones(4, 2), atol=1e-3, rtol=0)
