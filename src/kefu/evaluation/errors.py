"""Mistakes to look at: which ones, and what each modality said of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from kefu.evaluation.predictions import Predictions, combinations, known
from kefu.parameters import Parameters

SURE, TYPICAL = "sure", "typical"


class ErrorParameters(Parameters):
    """Which mistakes are shown."""

    shown: int = Field(24, ge=0, description="Mistakes to show with all that their tickets hold.")
    opinions: int = Field(3, ge=1, description="Labels to show of what each modality, and the fusion, said.")
    max_text_chars: int = Field(1_000, ge=1, description="Longer texts are cut.")


def choose_mistakes(predictions: Predictions, at_most: int) -> list[tuple[int, str]]:
    """Return positions of mistakes and why each was chosen, the surest first.

    Half of them are those that the model is most confident of, ``sure``. The others are ``typical``: from each
    confusion of two classes, the commonest first, the one of middling confidence; round after round, until there are
    enough.
    """
    wrong = np.flatnonzero(predictions.predicted != predictions.targets)
    by_confidence = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")].tolist()
    sure = by_confidence[: (at_most + 1) // 2]
    confusions: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in by_confidence:
        if row not in sure:
            confusions[int(predictions.targets[row]), int(predictions.predicted[row])].append(row)
    typical: list[int] = []
    groups = sorted(confusions.values(), key=len, reverse=True)
    while len(sure) + len(typical) < at_most and any(groups):
        for group in groups:
            if group and len(sure) + len(typical) < at_most:
                typical.append(group.pop(len(group) // 2))
    chosen = [(row, SURE) for row in sure] + [(row, TYPICAL) for row in typical]
    return sorted(chosen, key=lambda pair: -predictions.confidence[pair[0]])


def mistakes_table(predictions: Predictions, chosen: Sequence[tuple[int, str]]) -> pd.DataFrame:
    """Return a row a mistake: ``ticket_id``, ``chosen_as``, ``true``, ``predicted``, ``probability``, ``of_true``.

    ``of_true`` is the probability of the true class; ``language`` and ``holds`` tell what the ticket is.
    """
    rows = np.array([row for row, _ in chosen], dtype=np.int64)
    classes = np.array(predictions.classes, dtype=object)
    tickets = predictions.tickets.iloc[rows]
    return pd.DataFrame(
        {
            "ticket_id": tickets["ticket_id"].astype(str).to_numpy(),
            "chosen_as": [why for _, why in chosen],
            "true": classes[predictions.targets[rows]],
            "predicted": classes[predictions.predicted[rows]],
            "probability": predictions.confidence[rows],
            "of_true": predictions.probabilities[rows, predictions.targets[rows]],
            "language": known(tickets["language"]).to_numpy(),
            "holds": combinations(tickets),
        }
    )


def opinions_table(said: Sequence[Predictions], ticket_ids: Sequence[str], at_most: int) -> pd.DataFrame:
    """Return what each speaker says of each ticket, its ``at_most`` most probable labels and the true one.

    Args:
        said: of the fusion and of the modalities; one that a ticket lacks says nothing of it.
        ticket_ids: of which tickets.
        at_most: labels to tell.

    Returns:
        ``ticket_id``, ``speaker``, ``fusion`` (whether the speaker is one), ``label``, ``probability``, ``is_true``.
    """
    rows: list[dict[str, Any]] = []
    for one in said:
        places = {str(name): place for place, name in enumerate(one.tickets["ticket_id"])}
        for ticket_id in ticket_ids:
            if ticket_id not in places:
                continue
            place = places[ticket_id]
            rows += [
                {
                    "ticket_id": ticket_id,
                    "speaker": one.name,
                    "fusion": one.kind == "fusion",
                    "label": one.classes[label],
                    "probability": float(one.probabilities[place, label]),
                    "is_true": label == one.targets[place],
                }
                for label in _told(one.probabilities[place], int(one.targets[place]), at_most)
            ]
    columns = ["ticket_id", "speaker", "fusion", "label", "probability", "is_true"]
    return pd.DataFrame(rows, columns=columns).astype({"fusion": bool, "is_true": bool, "probability": float})


def who_was_right(said: Sequence[Predictions], predictions: Predictions) -> dict[str, Any]:
    """Count the mistakes, and those where some modality by itself had it right.

    Returns:
        ``tickets``, ``mistakes``, ``some_modality_right`` and, by modality, ``right``: how many of the mistakes each
        had right alone.
    """
    wrong = predictions.tickets["ticket_id"][predictions.predicted != predictions.targets].astype(str)
    right = {
        one.name: set(one.tickets["ticket_id"][one.predicted == one.targets].astype(str)) & set(wrong)
        for one in said
        if one.kind == "modality"
    }
    return {
        "tickets": len(predictions),
        "mistakes": len(wrong),
        "some_modality_right": len(set().union(*right.values())) if right else 0,
        "right": {name: len(found) for name, found in right.items()},
    }


def _told(probabilities: NDArray[np.float64], target: int, at_most: int) -> list[int]:
    best = np.argsort(-probabilities, kind="stable")[:at_most].tolist()
    return best if target in best else [*best, target]
