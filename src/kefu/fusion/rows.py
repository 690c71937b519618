"""Gather what the modalities said of some tickets into rows that fusion takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from kefu.engines.shards import FeatureShard
from kefu.fusion.contract import FusionRows
from kefu.tickets.splits import group_keys

Outputs = Mapping[str, Mapping[str, FeatureShard]]
"""For each trained modality its shards of ``embedding`` (N, K, D) and ``logits`` (N, K, C) of K members."""


def gather(tickets: pd.DataFrame, outputs: Outputs, labels: Sequence[str], kind: str = "embedding") -> FusionRows:
    """Return a row for every ticket, in the table's order, with the embeddings (N, K, D) of all members.

    With ``kind="logits"`` the logits (N, K, C) stand in the embeddings' place.
    """
    position = {ticket_id: row for row, ticket_id in enumerate(tickets["ticket_id"])}
    embeddings, present = {}, {}
    for name, shards in outputs.items():
        mask = torch.zeros(len(tickets), dtype=torch.bool)
        values: torch.Tensor | None = None
        for shard in shards.values():
            found = [(position[i], row) for row, i in enumerate(shard.ticket_ids) if i in position]
            if values is None:
                values = torch.zeros(len(tickets), *shard.features[kind].shape[1:])
            if found:
                to, source = (list(numbers) for numbers in zip(*found, strict=True))
                values[to] = torch.from_numpy(shard.features[kind][source])
                mask[to] = True
        if values is None:
            raise ValueError(f"{name}: no shard of outputs")
        embeddings[name], present[name] = values, mask
    numbers = {label: number for number, label in enumerate(labels)}
    targets = np.array([numbers[label] for label in tickets["label"]], dtype=np.int64)
    return FusionRows(embeddings, present, targets, pd.factorize(group_keys(tickets))[0].astype(np.int64))


def add_noisy(rows: FusionRows, noisy: FusionRows) -> FusionRows:
    """Return the rows and, after them, each once more with one of its modalities noisy.

    A ticket's modalities take turns from row to row, so that each is noisy about equally often. A ticket without a
    noisy copy is not repeated.

    Args:
        rows: N tickets as they came.
        noisy: the same tickets; ``present`` says which have a noisy copy.
    """
    names = sorted(rows.present)
    copied = torch.stack([noisy.present[name] for name in names], dim=1)
    turn = torch.arange(len(rows)) % copied.sum(dim=1).clamp(min=1)
    chosen = copied & (copied.cumsum(dim=1) - 1 == turn[:, None])
    again = rows
    for column, name in enumerate(names):
        again = again.with_noisy(name, replace(noisy, present=noisy.present | {name: chosen[:, column]}))
    again = again.take(chosen.any(dim=1).numpy().nonzero()[0])
    return FusionRows(
        {name: torch.cat([value, again.embeddings[name]]) for name, value in rows.embeddings.items()},
        {name: torch.cat([value, again.present[name]]) for name, value in rows.present.items()},
        np.concatenate([rows.targets, again.targets]),
        np.concatenate([rows.groups, again.groups]),
    )
