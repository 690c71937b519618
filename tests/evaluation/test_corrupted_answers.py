"""What is asked of a model whose input gets worse, with a model that adds up what each modality says."""

import numpy as np
import pytest
import torch

from kefu.evaluation.corrupted_answers import (
    Heard,
    answers_to_corrupted,
    answers_to_nothing,
    answers_with_missing,
    as_they_came,
    opinion_of,
)
from kefu.evaluation.robustness_curves import ALONE, FUSION

PRIOR = 2


class Sum:
    """Adds up the embeddings (N, K, 3) of what is present, each with a weight; answers the prior to nothing."""

    def __init__(self, **weights):
        self.weights = weights
        self.seen = []

    def probabilities(self, embeddings, present):
        self.seen.append({name: there.numpy() for name, there in present.items()})
        total = torch.tensor([0.0, 0.0, 0.01])
        for name, weight in self.weights.items():
            total = total + weight * present[name][:, None] * embeddings[name].mean(dim=1)
        return total.softmax(dim=1)


def say(classes):
    """Embeddings (S, N, 1, 3) that speak for these classes (S, N)."""
    return np.eye(3, dtype=np.float32)[np.asarray(classes)][:, :, None]


@pytest.fixture
def heard():
    text = [[0, 1, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
    image = [[1, 1, 0, 0]]
    return {
        "text": Heard(np.array([True, True, True, False]), say(text), np.array(text)),
        "image": Heard(np.array([True, True, False, False]), say(image), np.array(image)),
    }


@pytest.fixture
def rows(heard):
    return as_they_came(heard, np.array([0, 1, 1, 2]), np.arange(4))


def test_only_the_tickets_that_have_the_modality_are_asked(heard, rows):
    answers = answers_to_corrupted(Sum(text=2, image=1), rows, "text", heard["text"], [0, 1, 2])
    assert answers[FUSION].tolist() == [[[0, 1, 1]], [[0, 1, 0]], [[1, 0, 0]]]
    assert answers[ALONE].tolist() == [[[0, 1, 1]], [[0, 1, 0]], [[1, 0, 0]]]
    assert answers_to_corrupted(Sum(text=1, image=2), rows, "text", heard["text"], [0, 2])[FUSION].tolist() == [
        [[1, 1, 1]],
        [[1, 1, 0]],
    ], "the picture, which is as it came, outweighs the text where there is one"


def test_a_model_that_ignores_a_modality_has_a_flat_curve(heard, rows):
    spoilt = answers_to_corrupted(Sum(text=0, image=1), rows, "text", heard["text"], [0, 1, 2])[FUSION]
    assert (spoilt == spoilt[0]).all()
    chances = {"text": np.random.default_rng(0).random((5, 4))}
    gone = answers_with_missing(Sum(text=0, image=1), rows, [0, 0.5, 0.9], chances)
    assert (gone == gone[0]).all()


def test_missing_values_are_nested_and_nothing_is_missing_at_zero(heard, rows):
    model = Sum(text=2, image=1)
    chances = {"text": np.array([[0.05, 0.3, 0.8, 0.5], [0.9, 0.2, 0.1, 0.5]])}
    answers = answers_with_missing(model, rows, [0, 0.25, 1], chances)
    clean = [0, 1, 1, PRIOR]
    assert answers[0].tolist() == [clean, clean]
    assert answers[1].tolist() == [[1, 1, 1, PRIOR], [0, 1, PRIOR, PRIOR]]
    assert answers[2].tolist() == [[1, 1, PRIOR, PRIOR]] * 2
    shown = np.array([seen["text"] for seen in model.seen]).reshape(3, 2, 4)
    assert (shown[0] >= shown[1]).all()
    assert (shown[1] >= shown[2]).all()
    assert all((seen["image"] == [True, True, False, False]).all() for seen in model.seen), "the other stays"


def test_nothing_at_all_gets_the_prior(rows):
    assert answers_to_nothing(Sum(text=2, image=1), rows) == PRIOR


def test_members_agree_by_the_mean_of_their_log_probabilities():
    logits = np.log(np.array([[[0.9, 0.05, 0.05], [0.001, 0.5, 0.499]], [[0.4, 0.6, 0.0001], [0.7, 0.3, 0.0001]]]))
    assert opinion_of(logits.astype(np.float32)).tolist() == [1, 0]
