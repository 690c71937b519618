"""Nodes of the evaluation pipeline."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch
from numpy.typing import NDArray

from kefu import __version__
from kefu.confidence import ConfidenceParameters
from kefu.evaluation.analysis import Analysis
from kefu.evaluation.evaluation import EvaluationParameters, evaluate
from kefu.evaluation.predictions import NOTHING, Predictions, modality_columns
from kefu.evaluation.report import render_report
from kefu.evaluation.robustness import Scenario
from kefu.fusion.contract import FusionRows, combinations
from kefu.fusion.rows import gather
from kefu.model import FusedModel
from kefu.pipelines.fuse.rows import rows_of
from kefu.predictor import Predictor
from kefu.tickets.errors import KefuError
from kefu.tickets.table import TicketTable
from kefu.training.hardware import HardwareParameters, choose_hardware

SHOWN_FIGURES = ("comparison", "per_class", "combinations", "confusion", "reliability")


def collect_predictions(
    fusions: Mapping[str, FusedModel],
    tickets: pd.DataFrame,
    params: EvaluationParameters,
    hardware: HardwareParameters,
    **modalities: Any,
) -> list[Predictions]:
    """Return what each strategy, and each modality alone, says of the tickets of the evaluated split.

    Args:
        fusions: a model for each strategy.
        tickets: all kept tickets.
        params: which split.
        hardware: for encoders that were trained with a fusion.
        modalities: ``<modality>_outputs`` and ``<modality>_features`` of each modality.

    Raises:
        KefuError: the split has no ticket.
    """
    scored, frame = tickets_to_score(tickets, params)
    some = next(iter(fusions.values()))
    labels, trained = some.labels, [name for name, part in some.parts.items() if part.is_trained]
    outputs = {name: modalities[f"{name}_outputs"] for name in trained}
    features = {name: modalities[f"{name}_features"] for name in trained}
    found = []
    for strategy, model in fusions.items():
        rows = rows_of(model, scored, outputs, features, choose_hardware(hardware))
        probabilities = normalised(model.probabilities(rows.embeddings, rows.present))
        found.append(Predictions(strategy, "fusion", labels, probabilities, rows.targets, frame))
    return found + predictions_of_modalities(gather(scored, outputs, labels, kind="logits"), labels, frame)


def tickets_to_score(tickets: pd.DataFrame, params: EvaluationParameters) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tickets of the evaluated split, and what :class:`Predictions` takes of them.

    Raises:
        KefuError: the split has no ticket.
    """
    scored = tickets[tickets["split"] == params.split].reset_index(drop=True)
    if scored.empty:
        raise KefuError(f"no ticket is in the split '{params.split}'; raise tickets.splits.{params.split}_share")
    columns = ["ticket_id", "customer_id", "language", "split", *modality_columns(scored)]
    return scored, scored.reindex(columns=columns)  # a table need not name customers


def predictions_of_modalities(logits: FusionRows, labels: tuple[str, ...], tickets: pd.DataFrame) -> list[Predictions]:
    """Return what each modality alone says of the tickets that have it.

    Args:
        logits: N rows with logits (N, K, C) of the K members in the embeddings' place.
        labels: the class names, in the order of the class numbers.
        tickets: the tickets that the rows are of, in their order.
    """
    found = []
    for name, opinions in logits.embeddings.items():
        present = logits.present[name]
        probabilities = normalised(opinions[present].log_softmax(dim=2).mean(dim=1).softmax(dim=1))
        mask = present.numpy()
        found.append(Predictions(name, "modality", labels, probabilities, logits.targets[mask], tickets[mask]))
    return found


def collect_model_predictions(
    model: FusedModel,
    tickets: pd.DataFrame,
    params: EvaluationParameters,
    hardware: HardwareParameters,
    **modalities: Any,
) -> list[Predictions]:
    """Return what the model, and then each modality alone, says of the tickets of the evaluated split.

    Args:
        model: the one that predicts.
        tickets: all kept tickets.
        params: which split.
        hardware: for encoders that were trained with a fusion.
        modalities: ``<modality>_outputs`` and ``<modality>_features`` of each modality.

    Raises:
        KefuError: the split has no ticket.
    """
    return collect_predictions({model.strategy: model}, tickets, params, hardware, **modalities)


def collect_scenarios(
    model: FusedModel,
    tickets: pd.DataFrame,
    params: EvaluationParameters,
    hardware: HardwareParameters,
    **modalities: Any,
) -> list[Scenario]:
    """Return what the model says of the tickets of the evaluated split as they came, and with each modality changed.

    A modality is hidden where there is another one, and is replaced by its noisy copy where there is one. A change that
    no ticket can undergo is left out.

    Args:
        model: the one that predicts.
        tickets: all kept tickets.
        params: which split.
        hardware: for encoders that were trained with a fusion.
        modalities: ``<modality>_outputs``, ``<modality>_features``, ``<modality>_noisy_outputs`` and
            ``<modality>_noisy_features`` of each modality.
    """
    scored = tickets[tickets["split"] == params.split].reset_index(drop=True)
    machine = choose_hardware(hardware)
    clean, noisy = (
        rows_of(
            model,
            scored,
            {name: modalities[f"{name}{kind}_outputs"] for name in model.parts},
            {name: modalities[f"{name}{kind}_features"] for name in model.parts},
            machine,
        )
        for kind in ("", "_noisy")
    )
    frame = scored.reindex(columns=["ticket_id", "customer_id", "language", "split", *modality_columns(scored)])

    def said(name: str, rows: FusionRows, shown: NDArray[np.bool_]) -> Predictions:
        probabilities = normalised(model.probabilities(rows.embeddings, rows.present))
        return Predictions(name, "fusion", model.labels, probabilities, rows.targets, frame).select(shown)

    scenarios = [Scenario("none", "", said("as it came", clean, np.ones(len(clean), dtype=bool)))]
    for name in clean.present:
        others = [mask for other, mask in clean.present.items() if other != name]
        if others:
            shown = (clean.present[name] & torch.stack(others).any(dim=0)).numpy()
            scenarios.append(Scenario("missing", name, said(f"{name} missing", clean.without(name), shown)))
        shown = (clean.present[name] & noisy.present[name]).numpy()
        scenarios.append(Scenario("noisy", name, said(f"{name} noisy", clean.with_noisy(name, noisy), shown)))
    return [scenario for scenario in scenarios if len(scenario.predictions)]


def judge_tickets(
    model: FusedModel,
    tickets: pd.DataFrame,
    out_of_scope_tickets: TicketTable,
    params: EvaluationParameters,
    confidence: ConfidenceParameters,
    hardware: HardwareParameters,
    **modalities: Any,
) -> pd.DataFrame:
    """Return what label sets and scope of the model are worth on each ticket of the evaluated split.

    Args:
        model: the one that predicts.
        tickets: all kept tickets.
        out_of_scope_tickets: tickets that belong to no label; may be empty. With a column ``split``, those of the
            evaluated one count.
        params: which split.
        confidence: the coverage that is asked for.
        hardware: for encoders that were trained with a fusion.
        modalities: ``<modality>_outputs`` and ``<modality>_features`` of each modality.

    Returns:
        ``in_scope``, ``holds``, ``covered`` and ``set_size`` (of tickets in scope), ``flagged``, ``score``, ``asked``.
    """
    scored = tickets[tickets["split"] == params.split].reset_index(drop=True)
    outputs = {name: modalities[f"{name}_outputs"] for name in model.parts}
    features = {name: modalities[f"{name}_features"] for name in model.parts}
    rows = rows_of(model, scored, outputs, features, choose_hardware(hardware))
    judgement = model.judge(rows.embeddings, rows.present, confidence.coverage)
    known = pd.DataFrame(
        {
            "in_scope": True,
            "holds": [name or NOTHING for name in combinations(rows.present)],
            "covered": judgement.label_sets[np.arange(len(rows)), rows.targets],
            "set_size": judgement.label_sets.sum(axis=1),
            "flagged": judgement.out_of_scope,
            "score": judgement.out_of_scope_score,
        }
    )
    frame = out_of_scope_tickets.frame
    foreign = frame[frame["split"] == params.split] if "split" in frame else frame
    found = Predictor(model).predict(TicketTable(foreign, out_of_scope_tickets.root))
    strangers = pd.DataFrame(
        {
            "in_scope": False,
            "holds": found["used"].replace("", NOTHING),
            "flagged": found["out_of_scope"],
            "score": found["out_of_scope_score"],
        }
    )
    judged = pd.concat([known, strangers], ignore_index=True) if len(strangers) else known
    return judged.assign(asked=confidence.coverage)


def evaluate_predictions(
    predictions: list[Predictions],
    scenarios: list[Scenario],
    judged: pd.DataFrame,
    tickets: pd.DataFrame,
    quarantine: pd.DataFrame,
    selection: Mapping[str, Any],
    joint_history: pd.DataFrame,
    preset: str | None,
    params: EvaluationParameters,
    **histories: pd.DataFrame,
) -> tuple[Analysis, dict[str, Any], go.Figure, go.Figure, go.Figure, go.Figure, go.Figure]:
    """Score, compare and draw.

    Returns:
        Everything, the metrics, and the figures that kedro-viz shows.
    """
    evaluation = evaluate(
        predictions,
        chosen=selection["chosen"],
        evidence=pd.DataFrame(selection["evidence"]),
        judged=judged,
        scenarios=scenarios,
        histories=histories | {str(name): rows for name, rows in joint_history.groupby("strategy", sort=False)},
        quarantine=quarantine,
        tickets=tickets,
        parameters=params,
    )
    evaluation = replace(evaluation, metrics={**evaluation.metrics, "preset": preset})
    return (evaluation, dict(evaluation.metrics), *(evaluation.figures[name] for name in SHOWN_FIGURES))


def write_report(
    evaluation: Analysis,
    tickets: pd.DataFrame,
    dataset_name: str,
    preset: str | None,
    given_params: str,
    seed: int,
    **parts: Any,
) -> str:
    """Render the report: one HTML file that needs nothing else.

    Args:
        evaluation: scores of the evaluated split.
        tickets: all kept tickets.
        dataset_name: of the title.
        preset: which models were trained.
        given_params: what was typed after ``--params``.
        seed: of everything.
        parts: ``<name>_analysis`` of each other analysis, ``<modality>_contact_sheet`` of each modality.
    """
    synthetic = "synthetic" in tickets and tickets["synthetic"].astype(str).str.lower().eq("true").any()
    environment = "" if dataset_name == "demo" else f" --env {dataset_name}"
    given = f" --params {given_params}" if given_params else ""
    how_to = "kedro run --pipelines learning_curve,report"  # what is not made by itself
    return render_report(
        evaluation,
        title=f"kefu · {dataset_name}",
        synthetic=bool(synthetic),
        analyses={
            name: analysis if analysis.metrics else Analysis({"command": f"{how_to}{environment}{given}"})
            for name, analysis in _named(parts, "_analysis").items()
        },
        contact_sheets={
            name: sheet for name, sheet in _named(parts, "_contact_sheet").items() if sheet.layout.images or sheet.data
        },
        facts={
            "Command": f"kedro run --pipeline train_fusion{environment}{given}",
            "Preset": preset or "none",
            "Seed": str(seed),
            "kefu": __version__,
            "torch": torch.__version__,
        },
    )


def _named(parts: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    return {name.removesuffix(suffix): part for name, part in parts.items() if name.endswith(suffix)}


def normalised(probabilities: torch.Tensor) -> NDArray[np.float64]:
    """Return probabilities (N, C) in double precision, rows of which sum to 1."""
    array: NDArray[np.float64] = probabilities.double().numpy()
    return array / np.maximum(array.sum(axis=1, keepdims=True), 1e-12)
