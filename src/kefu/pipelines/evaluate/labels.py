"""Node that looks at labels: which are probably wrong, and which tickets to label next."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.labels import NEXT_COLUMNS, analyse_labels, next_to_label, suspect_labels
from kefu.fusion.contract import FusionRows
from kefu.model import FusedModel
from kefu.pipelines.evaluate.exhibits import snippets
from kefu.pipelines.fuse.rows import rows_of
from kefu.predictor import PROBABILITY
from kefu.training.hardware import Hardware, HardwareParameters, choose_hardware

_MOST_LABELLED = 5_000
"""Tickets with a label that others are compared with; evenly drawn where there are more."""


def look_at_labels(
    model: FusedModel,
    tickets: pd.DataFrame,
    unlabelled_tickets: pd.DataFrame,
    held_out_predictions: pd.DataFrame,
    params: EvaluationParameters,
    hardware: HardwareParameters,
    **modalities: Any,
) -> Analysis:
    """Return labels that are probably wrong, and tickets that are most worth a label.

    Args:
        model: the one that predicts.
        tickets: all kept tickets.
        unlabelled_tickets: those without a label; may be empty.
        held_out_predictions: what the model's strategy says of tickets that it has not learned from.
        params: how many are listed.
        hardware: for encoders that were trained with a fusion.
        modalities: ``<modality>_outputs``, ``<modality>_features`` and ``<modality>_cleaned`` of each modality.
    """
    facts, suspects, mixed = suspect_labels(held_out_predictions, model.labels, PROBABILITY, params.labels.suspects)
    to_label = _next(model, tickets, unlabelled_tickets, params, choose_hardware(hardware), modalities)
    cleaned = {name.removesuffix("_cleaned"): part for name, part in modalities.items() if name.endswith("_cleaned")}
    excerpts = snippets(cleaned, [*suspects["ticket_id"], *to_label["ticket_id"]], params.labels.excerpt_chars)
    return analyse_labels(facts, suspects, mixed, to_label, len(unlabelled_tickets), excerpts)


def _next(
    model: FusedModel,
    tickets: pd.DataFrame,
    unlabelled: pd.DataFrame,
    params: EvaluationParameters,
    hardware: Hardware,
    modalities: Mapping[str, Any],
) -> pd.DataFrame:
    outputs = {name: modalities[f"{name}_outputs"] for name in model.parts}
    features = {name: modalities[f"{name}_features"] for name in model.parts}
    if unlabelled.empty:
        return pd.DataFrame(columns=[name for name in NEXT_COLUMNS if name != "excerpt"])
    step = -(-len(tickets) // _MOST_LABELLED)
    some, known = (
        rows_of(model, frame.reset_index(drop=True), outputs, features, hardware)
        for frame in (unlabelled.assign(label=model.labels[0]), tickets.iloc[::step])
    )
    judgement = model.judge(some.embeddings, some.present)
    return next_to_label(
        unlabelled["ticket_id"].tolist(),
        model.labels,
        judgement.probabilities,
        judgement.out_of_scope,
        _directions(some),
        _directions(known),
        params.labels,
    )


def _directions(rows: FusionRows) -> NDArray[np.float64]:
    """Return one vector a ticket (N, D): the directions of its modalities' embeddings, zeros where one is absent."""
    parts = [
        torch.where(rows.present[name][:, None], torch.nn.functional.normalize(values.flatten(1), dim=1), 0.0)
        for name, values in sorted(rows.embeddings.items())
    ]
    found: NDArray[np.float64] = torch.cat(parts, dim=1).double().numpy()
    return found
