"""Nodes of the fusion pipeline."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import torch
from sklearn.metrics import accuracy_score, f1_score

from kefu import __version__
from kefu.engines.shards import FeatureShard
from kefu.fusion.contract import FusionRows
from kefu.fusion.rows import gather
from kefu.fusion.strategies import STRATEGIES, FusionParameters, fit_fusion
from kefu.model import FusedModel, heads_of
from kefu.model_card import write_card
from kefu.tickets.errors import KefuError
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.modality_model import ModalityModel


def fit_fusions(
    tickets: pd.DataFrame,
    params: FusionParameters,
    bagging: BaggingParameters,
    seed: int,
    hardware: HardwareParameters,
    **modalities: Any,
) -> dict[str, FusedModel]:
    """Fit every strategy on what the trained modalities say.

    Args:
        tickets: all kept tickets.
        params: settings of each strategy.
        bagging: how many members there are of each modality.
        seed: of starting weights and shuffling.
        hardware: for the number of threads.
        modalities: ``<modality>_model`` and ``<modality>_outputs`` of each modality.

    Returns:
        A model for each strategy; they share their modalities' parts.

    Raises:
        KefuError: no modality could be trained.
    """
    torch.set_num_threads(choose_hardware(hardware).threads)
    parts: dict[str, ModalityModel] = {
        name.removesuffix("_model"): value for name, value in modalities.items() if name.endswith("_model")
    }
    if not any(part.is_trained for part in parts.values()):
        raise KefuError(
            "no modality has enough training tickets of two labels; bring more tickets (`kefu check` counts)"
        )
    labels = next(iter(parts.values())).labels
    folds = make_folds(tickets, bagging, seed)
    heads = [heads_of(parts, member) for member in range(len(folds))]
    held_out = [
        _rows(fold.validation if len(fold.validation) else fold.training, modalities, parts, labels).member(member)
        for member, fold in enumerate(folds)
    ]
    prior = _prior(tickets, labels)
    fusions: dict[str, FusedModel] = {}
    for strategy in STRATEGIES:
        members = fit_fusion(strategy, heads, prior, held_out, params=params, seed=seed)
        fusions[strategy] = FusedModel(parts, members, strategy, params, labels)
    return fusions


def make_model(
    fusions: Mapping[str, FusedModel], tickets: pd.DataFrame, params: FusionParameters, **modalities: Any
) -> FusedModel:
    """Return the model of the chosen strategy, with its scores and its card."""
    chosen = fusions[params.strategy]
    test = tickets[tickets["split"] == "test"]
    metrics = {
        "test": _scores(chosen, _rows(test, modalities, chosen.parts, chosen.labels)),
        "modalities": {name: dict(part.metrics) for name, part in chosen.parts.items()},
    }
    provenance = {
        "kefu": __version__,
        "torch": torch.__version__,
        "tickets": {split: int(count) for split, count in tickets["split"].value_counts().items()},
    }
    card = write_card(chosen.strategy, chosen.labels, metrics, provenance, tickets)
    return FusedModel(
        chosen.parts, chosen.fusions, chosen.strategy, chosen.parameters, chosen.labels, metrics, provenance, card
    )


def _rows(
    tickets: pd.DataFrame, modalities: Mapping[str, Any], parts: Mapping[str, ModalityModel], labels: tuple[str, ...]
) -> FusionRows:
    outputs: dict[str, Mapping[str, FeatureShard]] = {
        name: modalities[f"{name}_outputs"] for name, part in parts.items() if part.is_trained
    }
    return gather(tickets, outputs, labels)


def _prior(tickets: pd.DataFrame, labels: tuple[str, ...]) -> torch.Tensor:
    counts = tickets.loc[tickets["split"] == "train", "label"].value_counts().reindex(labels, fill_value=0)
    return torch.tensor(counts.to_numpy(), dtype=torch.float32)


def _scores(model: FusedModel, rows: FusionRows) -> dict[str, float | int]:
    if len(rows) == 0:
        return {"tickets": 0}
    predicted = model.probabilities(rows.embeddings, rows.present).argmax(dim=1).numpy()
    return {
        "tickets": len(rows),
        "accuracy": round(float(accuracy_score(rows.targets, predicted)), 4),
        "macro_f1": round(float(f1_score(rows.targets, predicted, average="macro", zero_division=0)), 4),
    }
