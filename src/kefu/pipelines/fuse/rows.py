"""What a model's parts say of tickets: as it was written down, or anew where the parts are the model's own."""

from collections.abc import Mapping, Sequence

import pandas as pd
import torch

from kefu.engines.shards import FeatureShard
from kefu.fusion.contract import FusionRows
from kefu.fusion.rows import add_noisy, gather
from kefu.fusion.strategies import END_TO_END
from kefu.model import FusedModel
from kefu.training.encoding import encode_shards
from kefu.training.hardware import Hardware

Shards = Mapping[str, Mapping[str, FeatureShard]]
"""For each modality its shards."""


def rows_of(
    model: FusedModel, tickets: pd.DataFrame, outputs: Shards, features: Shards, hardware: Hardware
) -> FusionRows:
    """Return a row for every ticket, with the embeddings (N, K, D) of all members of the model.

    Args:
        model: of any strategy.
        tickets: with ``ticket_id`` and ``label``.
        outputs: what the classifiers trained for each modality said of all tickets.
        features: for strategies whose encoders were trained with the fusion.
        hardware: device and threads.
    """
    trained = {name: part for name, part in model.parts.items() if part.is_trained}
    if model.strategy not in END_TO_END:
        return gather(tickets, {name: outputs[name] for name in trained}, model.labels)
    wanted = frozenset(tickets["ticket_id"])
    own = {name: dict(encode_shards(part, features[name], hardware, wanted)) for name, part in trained.items()}
    return gather(tickets, own, model.labels)


def rows_to_fit_on(
    held_out: Sequence[FusionRows], frames: Sequence[pd.DataFrame], noisy: Shards, labels: Sequence[str]
) -> list[FusionRows]:
    """Return for each member its held-out tickets as they came and, after them, with one modality noisy.

    Args:
        held_out: for each member, the tickets that its classifiers have not seen, with embeddings (N, D).
        frames: the same tickets, with ``ticket_id`` and ``label``.
        noisy: for each trained modality what the classifiers said of noisy copies; nothing leaves the tickets alone.
        labels: the class names, in the order of the class numbers.
    """
    if not noisy:
        return list(held_out)
    return [
        add_noisy(rows, gather(frame, noisy, labels).member(member))
        for member, (rows, frame) in enumerate(zip(held_out, frames, strict=True))
    ]


def prior_of(tickets: pd.DataFrame, labels: tuple[str, ...]) -> torch.Tensor:
    """Return how many training tickets each class has (C,), which fusion takes for the shares of the classes."""
    counts = tickets.loc[tickets["split"] == "train", "label"].value_counts().reindex(labels, fill_value=0)
    return torch.tensor(counts.to_numpy(), dtype=torch.float32)
