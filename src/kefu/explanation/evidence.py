"""Evidence: by how much something raises the log-odds of a label.

The log-odds after less the log-odds before are the weight of evidence (Good 1950, Probability and the Weighing of
Evidence), here in nats: 0.7 doubles the odds, 2.3 makes them tenfold. Unlike a probability they have no ceiling, so
that what matters can be told where the model is all but sure.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kefu.explanation.shapley import Floats, shapley_values, subsets
from kefu.model import FusedModel

LEAST_PROBABILITY = 1e-9
"""No label counts as less probable, so that the log-odds stay within ±20.7."""


def log_odds(probabilities: Floats, classes: NDArray[np.int64]) -> Floats:
    """Return the log-odds of a class of each ticket, (…, N).

    Args:
        probabilities: (…, N, C). With a single class, it is certain whatever the ticket holds.
        classes: (N,).
    """
    rows = np.arange(len(classes))
    these = probabilities[..., rows, classes]
    others = probabilities.copy()
    others[..., rows, classes] = 0.0
    # the sum of the others is exact where 1 − p would be lost in rounding
    return np.log(np.maximum(these, LEAST_PROBABILITY)) - np.log(np.maximum(others.sum(axis=-1), LEAST_PROBABILITY))


def subset_probabilities(model: FusedModel, embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor]) -> Floats:
    """Return what the model says when it sees only some of the modalities, (2^M, N, C), rows sum to 1.

    Args:
        model: M modalities of it are trained.
        embeddings: for each trained modality (N, K, D) of the K members.
        present: for each trained modality (N,) bool.

    Returns:
        Subsets in the order of :func:`~kefu.explanation.shapley.subsets`, modalities in that of ``sorted(present)``.
        A modality that a ticket lacks changes nothing; a ticket of which nothing is seen gets the prior.
    """
    names = sorted(present)
    shown = subsets(len(names))
    said = []
    for subset in shown:
        seen = {name: present[name] & bool(there) for name, there in zip(names, subset, strict=True)}
        said.append(model.probabilities(embeddings, seen).double().numpy())
    probabilities = np.stack(said)
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    # hiding what is not there is the same subset, to the last bit
    held = torch.stack([present[name] for name in names]).numpy()
    bits = 2 ** np.arange(len(names))[::-1]
    same = np.einsum("sm,mn,m->sn", shown.astype(np.int64), held.astype(np.int64), bits)
    found: Floats = probabilities[same, np.arange(held.shape[1])]
    return found


def evidence_of_modalities(
    probabilities: Floats, classes: NDArray[np.int64], present: Mapping[str, Tensor]
) -> dict[str, Floats]:
    """Return for each modality its Shapley value in each ticket, (N,) in nats.

    The value of a subset of modalities is the log-odds of the ticket's class when the model sees no others; with none
    it is that of the prior. So a ticket's values sum to the log-odds less those of the prior, and a modality that it
    lacks has 0.

    Args:
        probabilities: of :func:`subset_probabilities`, (2^M, N, C).
        classes: (N,) the class that is explained: the predicted one, or the true one.
        present: for each trained modality (N,) bool.
    """
    values = shapley_values(log_odds(probabilities, classes))
    # what is 0 by rule is so to the last bit
    return {name: np.where(present[name].numpy(), own, 0.0) for name, own in zip(sorted(present), values, strict=True)}
