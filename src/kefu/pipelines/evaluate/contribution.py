"""Node that weighs the modalities."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from kefu.engines import show_progress
from kefu.engines.shards import payloads
from kefu.evaluation import contribution_figures as figures
from kefu.evaluation.analysis import Analysis, records, records_by
from kefu.evaluation.contribution import (
    choose_examples,
    class_table,
    contributions_to_scores,
    evidence_by_group,
    overall_table,
    score_subsets,
)
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.predictions import Predictions, combinations, known
from kefu.explanation import Explanation, explain_payloads
from kefu.explanation.evidence import evidence_of_modalities, subset_probabilities
from kefu.explanation.shapley import subsets
from kefu.fusion.contract import FusionRows
from kefu.model import FusedModel
from kefu.pipelines.fuse.rows import rows_of
from kefu.training.hardware import HardwareParameters, choose_hardware


def weigh_modalities(
    model: FusedModel,
    tickets: pd.DataFrame,
    params: EvaluationParameters,
    hardware: HardwareParameters,
    **modalities: Any,
) -> Analysis:
    """Return what each modality contributes on the tickets of the evaluated split, and explain some predictions.

    Args:
        model: the one that predicts.
        tickets: all kept tickets.
        params: which split, how intervals are made, how many predictions are explained.
        hardware: for encoders that were trained with a fusion.
        modalities: ``<modality>_outputs``, ``<modality>_features`` and ``<modality>_cleaned`` of each modality.
    """
    scored = tickets[tickets["split"] == params.split].reset_index(drop=True)
    outputs, features, cleaned = (
        {name: modalities[f"{name}_{kind}"] for name in model.parts} for kind in ("outputs", "features", "cleaned")
    )
    rows = rows_of(model, scored, outputs, features, choose_hardware(hardware))
    names = sorted(rows.present)
    probabilities = subset_probabilities(model, rows.embeddings, rows.present)
    frame = _frame(scored, rows)
    said = [
        Predictions(_subset_name(names, subset), "fusion", model.labels, one, rows.targets, frame)
        for one, subset in zip(probabilities, subsets(len(names)), strict=True)
    ]
    evidence = evidence_of_modalities(probabilities, rows.targets, rows.present)
    found = contributions_to_scores(said, params.resampling)
    tables = {
        "overall": overall_table(found, evidence, said[-1], params.resampling),
        "subsets": score_subsets(said, names, params.resampling),
        "classes": class_table(found, names, said),
        "languages": evidence_by_group(evidence, frame, known(frame["language"]).tolist(), params.resampling),
        "combinations": evidence_by_group(evidence, frame, combinations(frame), params.resampling),
    }
    drawn = {
        "overall": figures.overall(tables["overall"]),
        "classes": figures.per_class(tables["classes"], names),
        "languages": figures.groups(tables["languages"], names, "Evidence by language"),
        "combinations": figures.groups(tables["combinations"], names, "Evidence by what the ticket holds"),
        "subsets": figures.subsets(tables["subsets"]),
    }
    examples, pictures = _explained(model, said[-1], cleaned, params)
    metrics = {
        "modalities": records_by(tables["overall"], "of_modality"),
        "subsets": records_by(tables["subsets"], "seen"),
        "classes": records_by(tables["classes"], "class"),
        "languages": records_by(tables["languages"], "group"),
        "combinations": records_by(tables["combinations"], "group"),
        "none": records(tables["subsets"])[0],
        "all": records(tables["subsets"])[-1],
        "examples": examples,
    }
    return Analysis(metrics, drawn | pictures, tables)


def _frame(scored: pd.DataFrame, rows: FusionRows) -> pd.DataFrame:
    """Return what is known of the tickets; a modality that no model was trained for is none of theirs."""
    frame = scored.reindex(columns=["ticket_id", "customer_id", "language", "split"])
    return frame.assign(**{f"has_{name}": mask.numpy() for name, mask in sorted(rows.present.items())})


def _subset_name(names: Sequence[str], subset: Sequence[bool]) -> str:
    return "+".join(name for name, there in zip(names, subset, strict=True) if there)


def _explained(
    model: FusedModel,
    predictions: Predictions,
    cleaned: Mapping[str, Mapping[str, pa.Table]],
    params: EvaluationParameters,
) -> tuple[list[dict[str, Any]], dict[str, go.Figure]]:
    """Return some explanations as the report shows them, and their pictures."""
    chosen = choose_examples(predictions, params.explained, params.resampling.seed)
    ids = predictions.tickets["ticket_id"].astype(str).iloc[chosen].tolist()
    trained = [name for name, part in model.parts.items() if part.is_trained]
    held = {name: _find(name, cleaned[name], frozenset(ids)) for name in trained}
    examples: list[dict[str, Any]] = []
    drawn: dict[str, go.Figure] = {}
    for number, row in enumerate(show_progress(chosen.tolist(), total=len(chosen), what="explain tickets")):
        own = {name: [held[name].get(ids[number])] for name in trained}
        (why,) = explain_payloads(model, [ids[number]], own)
        shown = {name: figures.example(own[name][0], name, why) for name in trained}
        drawn |= {f"example_{number}_{name}": figure for name, figure in shown.items() if figure is not None}
        examples.append(_example(why, predictions.classes[predictions.targets[row]]))
    return examples, drawn


def _example(why: Explanation, true: str) -> dict[str, Any]:
    return {
        "ticket_id": why.ticket_id,
        "true": true,
        "label": why.label,
        "confidence": why.confidence,
        "evidence": [
            {"modality": name, "evidence": value, "share": why.shares[name]} for name, value in why.evidence.items()
        ],
        "texts": {name: figures.marked_text(why, name) for name in why.texts},
        "drawn": [name for name in why.parts if name not in why.texts],
    }


def _find(modality: str, cleaned: Mapping[str, pa.Table], wanted: frozenset[str]) -> dict[str, Any]:
    """Return the payloads of some tickets."""
    found: dict[str, Any] = {}
    for name in cleaned:
        found |= dict(payloads(modality, cleaned[name], wanted))
    return found
