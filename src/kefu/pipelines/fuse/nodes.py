"""Nodes of the fusion pipeline."""

import logging
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch import nn

from kefu import __version__
from kefu.engines import show_progress
from kefu.engines.shards import FeatureShard
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.predictions import Predictions, modality_columns
from kefu.evaluation.selection import Selection, select_strategy
from kefu.fusion.contract import Fusion, FusionRows
from kefu.fusion.ensemble import select_greedily
from kefu.fusion.out_of_fold import make_fusion_folds, predict_ensemble_out_of_fold, predict_out_of_fold
from kefu.fusion.rows import gather
from kefu.fusion.strategies import (
    ENSEMBLE,
    ONLY,
    STRATEGIES,
    FusionParameters,
    fit_ensemble,
    fit_fusion,
)
from kefu.model import FusedModel, heads_of
from kefu.model_card import write_card
from kefu.tickets.errors import KefuError
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.modality_model import ModalityModel

logger = logging.getLogger(__name__)


def fit_fusions(
    tickets: pd.DataFrame,
    params: FusionParameters,
    bagging: BaggingParameters,
    seed: int,
    hardware: HardwareParameters,
    **modalities: Any,
) -> tuple[dict[str, FusedModel], dict[str, Any]]:
    """Fit every strategy on what the trained modalities say, and choose the one that becomes the model.

    Args:
        tickets: all kept tickets.
        params: settings of each strategy.
        bagging: how many members there are of each modality.
        seed: of starting weights and shuffling.
        hardware: for the number of threads.
        modalities: ``<modality>_model`` and ``<modality>_outputs`` of each modality.

    Returns:
        A model for each strategy, which share their modalities' parts; and the selection: ``chosen`` and its
        ``evidence``, a record for each candidate, empty where the parameters name the strategy.

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
    judged = [fold.validation if len(fold.validation) else fold.training for fold in folds]
    heads = [heads_of(parts, member) for member in range(len(folds))]
    held_out = [_rows(frame, modalities, parts, labels).member(member) for member, frame in enumerate(judged)]
    prior = _prior(tickets, labels)
    fitted = {name: fit_fusion(name, heads, prior, held_out, params=params, seed=seed) for name in STRATEGIES}
    chosen: str = params.strategy
    evidence: list[dict[Hashable, Any]] = []
    if chosen == "auto":
        fitted, selection = _select(fitted, heads, prior, held_out, pd.concat(judged), labels, params, seed)
        chosen, evidence = selection.chosen, _records(selection.evidence)
        logger.info("fusion: %s is chosen of %d candidates", chosen, len(evidence))
    fusions = {name: FusedModel(parts, members, name, params, labels) for name, members in fitted.items()}
    return fusions, {"chosen": chosen, "evidence": evidence}


def _select(
    fitted: dict[str, tuple[Fusion, ...]],
    heads: list[dict[str, nn.Linear]],
    prior: torch.Tensor,
    held_out: list[FusionRows],
    judged: pd.DataFrame,
    labels: tuple[str, ...],
    params: FusionParameters,
    seed: int,
) -> tuple[dict[str, tuple[Fusion, ...]], Selection]:
    """Compare all candidates out of fold; the ensemble, and a single modality if chosen, join what was fitted."""
    folds = make_fusion_folds(held_out, seed)
    singles = [f"{ONLY}{name}" for name in heads[0]]
    names = [*singles, *STRATEGIES]
    found = {
        name: predict_out_of_fold(name, heads, prior, held_out, folds, params=params, seed=seed)
        for name in show_progress(names, total=len(names), what="fusion: candidates")
    }
    targets = np.concatenate([rows.targets for rows in held_out])
    bases = {name: found[name] for name in STRATEGIES}
    found[ENSEMBLE] = predict_ensemble_out_of_fold(bases, targets, np.concatenate(folds))
    columns = ["ticket_id", "customer_id", "language", "split", *modality_columns(judged)]
    tickets = judged.reindex(columns=columns)
    predictions = {
        name: Predictions(name, "fusion", labels, probabilities, targets, tickets)
        for name, probabilities in found.items()
    }
    selection = select_strategy(
        [predictions[name] for name in singles], [predictions[name] for name in (*STRATEGIES, ENSEMBLE)], Resampling()
    )
    everything: dict[str, tuple[Fusion, ...]] = {**fitted}
    everything[ENSEMBLE] = fit_ensemble(fitted, heads, prior, select_greedily(bases, targets))
    if selection.chosen in singles:
        everything[selection.chosen] = fit_fusion(selection.chosen, heads, prior, held_out, params=params, seed=seed)
    return everything, selection


def make_model(
    fusions: Mapping[str, FusedModel], tickets: pd.DataFrame, selection: Mapping[str, Any], **modalities: Any
) -> FusedModel:
    """Return the model of the chosen strategy, with its scores and its card."""
    chosen = fusions[selection["chosen"]]
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


def _records(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return rows for a JSON file, which has no NaN."""
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")


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
