"""Explain predictions by what changes when something is hidden."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kefu import modalities
from kefu.explanation.evidence import evidence_of_modalities, log_odds, subset_probabilities
from kefu.explanation.explanation import Explanation, WeighedPart
from kefu.explanation.shapley import Floats
from kefu.modalities.contract import Part
from kefu.model import FusedModel
from kefu.parameters import Parameters

_HIDDEN_AT_ONCE = 64
_OF_NEIGHBOURS = 0.25


def explain_payloads(
    model: FusedModel,
    ticket_ids: Sequence[str],
    payloads: Mapping[str, Sequence[Any]],
    parts: Mapping[str, Parameters] | None = None,
) -> list[Explanation]:
    """Explain the predicted label of N tickets.

    Modalities are weighed by exact Shapley values over all subsets of them, the parts of a modality by hiding one at
    a time (Zeiler and Fergus 2014) while all else stays. Nothing is drawn by chance.

    Args:
        model: whose predictions are explained.
        ticket_ids: (N,).
        payloads: for each trained modality its N cleaned payloads, None where a ticket has none.
        parts: how finely a modality is cut, its ``Parts``; the defaults of those left out.

    Returns:
        An explanation a ticket, in the order given.
    """
    embeddings = {name: model.parts[name].embed(own) for name, own in payloads.items()}
    present = {name: torch.tensor([one is not None for one in own], dtype=torch.bool) for name, own in payloads.items()}
    probabilities = subset_probabilities(model, embeddings, present)
    full = probabilities[-1]
    classes = full.argmax(axis=1)
    by_modality = evidence_of_modalities(probabilities, classes, present)
    whole = log_odds(full, classes)
    cut = {
        name: _weigh_parts(model, name, payloads, embeddings, present, classes, whole, (parts or {}).get(name))
        for name in payloads
    }
    return [
        Explanation(
            ticket_id=ticket_ids[row],
            label=model.labels[classes[row]],
            confidence=float(full[row, classes[row]]),
            prior=float(probabilities[0, row, classes[row]]),
            evidence={name: float(values[row]) for name, values in by_modality.items()},
            parts={name: cut[name][row] for name in payloads if payloads[name][row] is not None},
            texts={name: own[row] for name, own in payloads.items() if isinstance(own[row], str)},
        )
        for row in range(len(ticket_ids))
    ]


def _weigh_parts(
    model: FusedModel,
    name: str,
    payloads: Mapping[str, Sequence[Any]],
    embeddings: Mapping[str, Tensor],
    present: Mapping[str, Tensor],
    classes: NDArray[np.int64],
    whole: Floats,
    params: Parameters | None,
) -> list[list[WeighedPart]]:
    """Return the parts of one modality of each ticket, the most important first."""
    module, model_part = modalities.get(name), model.parts[name]
    params = params if params is not None else module.Parts()
    todo: list[tuple[int, Part]] = [
        (row, part)
        for row, payload in enumerate(payloads[name])
        if payload is not None
        for part in module.split_parts(payload, model_part.cleaning, params)
    ]
    weighed: list[list[WeighedPart]] = [[] for _ in classes]
    for start in range(0, len(todo), _HIDDEN_AT_ONCE):
        some = todo[start : start + _HIDDEN_AT_ONCE]
        rows = np.array([row for row, _ in some])
        hidden = [module.hide_part(payloads[name][row], part, model_part.cleaning) for row, part in some]
        changed = {other: value[torch.from_numpy(rows)] for other, value in embeddings.items()}
        changed[name] = model_part.embed(hidden)
        seen = {other: value[torch.from_numpy(rows)] for other, value in present.items()}
        probabilities = model.probabilities(changed, seen).double().numpy()
        fallen = whole[rows] - log_odds(probabilities, classes[rows])
        for (row, part), evidence in zip(some, fallen, strict=True):
            weighed[row].append(WeighedPart(part, float(evidence)))
    return [_ranked(own) for own in weighed]


def _ranked(weighed: Sequence[WeighedPart]) -> list[WeighedPart]:
    """Return parts by their evidence, the most important first.

    Where parts overlap, what the neighbours cost counts a quarter: a word of two characters is often lost with either
    of them, and then the pair that is the word costs no more than the pairs beside it, but both of these cost much.
    """
    together = [
        one.evidence + _OF_NEIGHBOURS * sum(other.evidence for other in weighed if one.part.overlaps(other.part))
        for one in weighed
    ]
    return [weighed[place] for place in sorted(range(len(weighed)), key=lambda place: -together[place])]
