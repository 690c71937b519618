"""Nodes of the evaluation pipeline."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch

from kefu import __version__
from kefu.evaluation.evaluation import Evaluation, EvaluationParameters, evaluate
from kefu.evaluation.predictions import Predictions, modality_columns
from kefu.evaluation.report import render_report
from kefu.fusion.rows import gather
from kefu.model import FusedModel
from kefu.tickets.errors import KefuError

SHOWN_FIGURES = ("comparison", "per_class", "combinations", "confusion", "reliability")


def collect_predictions(
    fusions: Mapping[str, FusedModel], tickets: pd.DataFrame, params: EvaluationParameters, **outputs: Any
) -> list[Predictions]:
    """Return what each strategy, and each modality alone, says of the tickets of the evaluated split.

    Raises:
        KefuError: the split has no ticket.
    """
    scored = tickets[tickets["split"] == params.split].reset_index(drop=True)
    if scored.empty:
        raise KefuError(f"no ticket is in the split '{params.split}'; raise tickets.splits.{params.split}_share")
    some = next(iter(fusions.values()))
    trained = {name: outputs[name] for name, part in some.parts.items() if part.is_trained}
    rows = gather(scored, trained, some.labels)
    columns = ["ticket_id", "customer_id", "language", "split", *modality_columns(scored)]
    frame = scored.reindex(columns=columns)  # a table need not name customers
    found = [
        Predictions(
            strategy, "fusion", some.labels, _normalised(model.probabilities(rows.embeddings, rows.present)),
            rows.targets, frame,
        )
        for strategy, model in fusions.items()
    ]  # fmt: skip
    for name, part in some.parts.items():
        if not part.is_trained:
            continue
        mask = rows.present[name].numpy()
        embeddings = rows.embeddings[name][rows.present[name]]
        with torch.inference_mode():
            opinions = [c.head(embeddings[:, k]).log_softmax(dim=1) for k, c in enumerate(part.classifiers)]
        probabilities = torch.stack(opinions).mean(dim=0).softmax(dim=1)
        found.append(
            Predictions(name, "modality", some.labels, _normalised(probabilities), rows.targets[mask], frame[mask])
        )
    return found


def evaluate_predictions(
    predictions: list[Predictions],
    tickets: pd.DataFrame,
    quarantine: pd.DataFrame,
    selection: Mapping[str, Any],
    params: EvaluationParameters,
    **histories: pd.DataFrame,
) -> tuple[Evaluation, dict[str, Any], go.Figure, go.Figure, go.Figure, go.Figure, go.Figure]:
    """Score, compare and draw.

    Returns:
        Everything, the metrics, and the figures that kedro-viz shows.
    """
    evaluation = evaluate(
        predictions,
        chosen=selection["chosen"],
        evidence=pd.DataFrame(selection["evidence"]),
        histories=histories,
        quarantine=quarantine,
        tickets=tickets,
        parameters=params,
    )
    return (evaluation, evaluation.metrics, *(evaluation.figures[name] for name in SHOWN_FIGURES))


def write_report(
    evaluation: Evaluation, tickets: pd.DataFrame, dataset_name: str, seed: int, **contact_sheets: go.Figure
) -> str:
    """Render the report: one HTML file that needs nothing else."""
    synthetic = "synthetic" in tickets and tickets["synthetic"].astype(str).str.lower().eq("true").any()
    environment = "" if dataset_name == "demo" else f" --env {dataset_name}"
    return render_report(
        evaluation,
        title=f"kefu · {dataset_name}",
        synthetic=bool(synthetic),
        contact_sheets={name: sheet for name, sheet in contact_sheets.items() if sheet.layout.images or sheet.data},
        facts={
            "Command": f"kedro run --pipeline train_fusion{environment}",
            "Seed": str(seed),
            "kefu": __version__,
            "torch": torch.__version__,
        },
    )


def _normalised(probabilities: torch.Tensor) -> Any:
    array = probabilities.double().numpy()
    return array / np.maximum(array.sum(axis=1, keepdims=True), 1e-12)
