import numpy as np
import pytest
import torch
from torch import nn

from kefu.explanation.evidence import evidence_of_modalities, log_odds, subset_probabilities
from kefu.explanation.shapley import subsets
from kefu.fusion.strategies import FusionParameters, build_fusion
from kefu.model import FusedModel

NAMES = ("audio", "image", "text", "video")
CLASSES = 3


def make_model(modalities: int, strategy: str = "late") -> tuple[FusedModel, dict, dict]:
    """A fusion of random heads over random embeddings; each ticket lacks something else."""
    torch.manual_seed(modalities)
    heads = {name: nn.Linear(4, CLASSES) for name in NAMES[:modalities]}
    parameters = FusionParameters()
    fusion = build_fusion(strategy, heads, torch.tensor([0.5, 0.3, 0.2]), parameters).eval()
    combinations = subsets(modalities)
    embeddings = {name: torch.randn(len(combinations), 1, 4) for name in heads}
    present = {name: torch.from_numpy(combinations[:, place].copy()) for place, name in enumerate(heads)}
    return FusedModel({}, (fusion,), strategy, parameters, ("a", "b", "c")), embeddings, present


def test_log_odds_know_no_ceiling():
    probabilities = np.array([[0.5, 0.5, 0.0], [1.0, 1e-8, 0.0], [1.0, 1e-30, 0.0], [0.0, 1.0, 0.0]])
    found = log_odds(probabilities, np.zeros(4, dtype=np.int64))
    np.testing.assert_allclose(found, [0.0, np.log(1e8), np.log(1e9), np.log(1e-9)])


@pytest.mark.parametrize("strategy", ["late", "adaptive", "modular", "early"])
@pytest.mark.parametrize("modalities", [1, 2, 3, 4])
def test_evidence_adds_up_from_the_prior_to_the_prediction(modalities, strategy):
    model, embeddings, present = make_model(modalities, strategy)
    probabilities = subset_probabilities(model, embeddings, present)
    classes = probabilities[-1].argmax(axis=1)
    evidence = evidence_of_modalities(probabilities, classes, present)
    assert list(evidence) == list(NAMES[:modalities])
    whole = log_odds(model.probabilities(embeddings, present).double().numpy(), classes)
    prior = log_odds(np.tile([0.5, 0.3, 0.2], (len(classes), 1)), classes)
    total = np.sum(list(evidence.values()), axis=0)
    np.testing.assert_allclose(total, log_odds(probabilities[-1], classes) - log_odds(probabilities[0], classes),
                               rtol=0, atol=1e-9)  # fmt: skip
    np.testing.assert_allclose(total, whole - prior, atol=1e-5)


def test_what_a_ticket_lacks_counts_nothing():
    model, embeddings, present = make_model(3)
    probabilities = subset_probabilities(model, embeddings, present)
    evidence = evidence_of_modalities(probabilities, np.zeros(8, dtype=np.int64), present)
    for name, values in evidence.items():
        assert not values[~present[name].numpy()].any()
        assert values[present[name].numpy()].all()
    # a ticket with one modality has but two kinds of subsets: the ones with it, and the prior
    only_text = [subset.tolist() for subset in subsets(3)].index([False, False, True])
    assert len(np.unique(probabilities[:, only_text], axis=0)) == 2


def test_a_single_class_leaves_nothing_to_say():
    found = log_odds(np.ones((4, 2, 1)), np.zeros(2, dtype=np.int64))
    assert np.isfinite(found).all()
    assert np.ptp(found) == 0
