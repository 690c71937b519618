"""What a model answers when its input is spoilt, or taken away at random."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kefu.evaluation.robustness_curves import ALONE, FUSION
from kefu.fusion.contract import FusionRows
from kefu.model import FusedModel

Classes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Heard:
    """What the K classifiers of one modality say of N tickets under S conditions, the tickets as they came first.

    Rows of tickets that lack the modality hold zeros.
    """

    present: NDArray[np.bool_]
    """(N,)"""
    embeddings: NDArray[np.float32]
    """(S, N, K, D), of the classifiers that the fusion builds on"""
    classes: Classes
    """(S, N), what the classifiers trained for this modality alone answer"""


def opinion_of(logits: NDArray[np.float32]) -> Classes:
    """Return the class (N,) that K classifiers agree on, of logits (N, K, C): the mean of log-probabilities."""
    return torch.from_numpy(logits).log_softmax(dim=2).mean(dim=1).argmax(dim=1).numpy()


def as_they_came(heard: Mapping[str, Heard], targets: Classes, customers: Classes) -> FusionRows:
    """Return the tickets (N,) without a change, as fusion takes them."""
    return FusionRows(
        {name: torch.from_numpy(one.embeddings[0]) for name, one in heard.items()},
        {name: torch.from_numpy(one.present) for name, one in heard.items()},
        targets,
        customers,
    )


def answers_to_nothing(model: FusedModel, rows: FusionRows) -> int:
    """Return the class that the model answers to a ticket without any modality."""
    nobody = {name: torch.zeros(1, dtype=torch.bool) for name in rows.present}
    return int(_answers(model, {name: value[:1] for name, value in rows.embeddings.items()}, nobody)[0])


def answers_to_corrupted(
    model: FusedModel, rows: FusionRows, modality: str, heard: Heard, conditions: Sequence[int]
) -> dict[str, Classes]:
    """Return what is answered to the tickets that have a modality while it is spoilt, all else as it came.

    Args:
        model: of any strategy.
        rows: all N tickets as they came.
        modality: which one is spoilt.
        heard: what its classifiers say.
        conditions: which of the conditions of ``heard`` (S,).

    Returns:
        By ``fusion`` and by the modality ``alone``, classes (S, 1, M) of the M tickets that have it.
    """
    some = np.flatnonzero(heard.present)
    rows = rows.take(some)
    fused = [
        _answers(model, rows.embeddings | {modality: torch.from_numpy(heard.embeddings[condition][some])}, rows.present)
        for condition in conditions
    ]
    alone = heard.classes[list(conditions)][:, some]
    return {FUSION: np.stack(fused)[:, None], ALONE: alone[:, None]}


def answers_with_missing(
    model: FusedModel, rows: FusionRows, rates: Sequence[float], chances: Mapping[str, NDArray[np.float64]]
) -> Classes:
    """Return what is answered while values are taken away, each for itself: classes (S, R, N).

    Args:
        model: of any strategy.
        rows: N tickets as they came.
        rates: shares (S,) of the values that are taken away.
        chances: for each modality whose values are taken away, numbers (R, N) drawn evenly from 0 to 1, for R draws. A
            value is missing at all rates above its number, so what is missing at one rate is so at every higher one.
    """
    draws = len(next(iter(chances.values())))
    found = []
    for rate in rates:
        kept = {name: torch.from_numpy(drawn >= rate) for name, drawn in chances.items()}
        present = [
            {name: there & kept[name][draw] if name in kept else there for name, there in rows.present.items()}
            for draw in range(draws)
        ]
        found.append(np.stack([_answers(model, rows.embeddings, one) for one in present]))
    return np.stack(found)


def _answers(model: FusedModel, embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor]) -> Classes:
    return model.probabilities(embeddings, present).argmax(dim=1).numpy()
