"""The evaluation of one run: every strategy and every modality on the same held-out tickets."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from kefu.evaluation import figures
from kefu.evaluation.against_singles import against_singles
from kefu.evaluation.analysis import Analysis, plain, records, records_by
from kefu.evaluation.bootstrap import (
    ACCURACY,
    FIRST_CLASS,
    MACRO_F1,
    Intervals,
    Resampling,
    paired_difference,
    score_intervals,
    scores_of,
)
from kefu.evaluation.calibration import BINS, expected_calibration_error, reliability_curve
from kefu.evaluation.cautions import cautions_of
from kefu.evaluation.confidence import score_label_sets, score_out_of_scope
from kefu.evaluation.errors import ErrorParameters
from kefu.evaluation.groups import by_group, score_columns
from kefu.evaluation.labels import LabelParameters
from kefu.evaluation.leakage import LeakageParameters
from kefu.evaluation.metrics import brier, confusion_matrix, frequent_confusions, log_loss, per_class
from kefu.evaluation.pairwise import compare_pairs
from kefu.evaluation.predictions import Predictions, combinations, known, on_common_tickets
from kefu.evaluation.robustness import Scenario, scenario_names, score_scenarios
from kefu.evaluation.robustness_curves import CurveParameters
from kefu.evaluation.ticket_counts import data_facts, labels_by_split, modalities_by_split, quarantine_reasons
from kefu.parameters import Parameters


class EvaluationParameters(Parameters):
    """How predictions are scored."""

    split: str = Field("test", description="The split whose tickets are scored.")
    resampling: Resampling = Field(Resampling(), description="How intervals are made.")
    calibration_bins: int = Field(BINS, ge=1, description="Bins of equal mass in the calibration error.")
    mistakes: int = Field(10, ge=0, description="Most confident mistakes to list.")
    leakage: LeakageParameters = LeakageParameters()
    errors: ErrorParameters = ErrorParameters()
    labels: LabelParameters = LabelParameters()
    explained: int = Field(4, ge=0, description="Tickets whose prediction the report explains in full.")
    robustness_curves: CurveParameters = Field(CurveParameters(), description="What robustness curves rest on.")


def evaluate(
    predictions: Sequence[Predictions],
    *,
    chosen: str,
    evidence: pd.DataFrame | None = None,
    judged: pd.DataFrame | None = None,
    scenarios: Sequence[Scenario] = (),
    histories: Mapping[str, pd.DataFrame],
    quarantine: pd.DataFrame,
    tickets: pd.DataFrame,
    parameters: EvaluationParameters,
) -> Analysis:
    """Score every strategy and modality, compare each with the chosen strategy, and draw what was found.

    Args:
        predictions: Of fusions and of single modalities; a modality may have none.
        chosen: The name of the fusion strategy that the bundle holds.
        evidence: Why that one, of :class:`kefu.evaluation.selection.Selection`; none where it was not a choice.
        judged: Of each ticket of the split ``in_scope``, ``holds``, ``covered``, ``set_size``, ``flagged`` and
            ``score`` as in :mod:`kefu.evaluation.confidence`, and ``asked``, the coverage that was asked for.
        scenarios: What the chosen strategy says of tickets with a modality missing or noisy, and of all as they came.
        histories: For each trained modality its epochs: ``epoch``, ``train_loss``, ``validation_loss``,
            ``validation_macro_f1``, where values may be NaN. May be empty.
        quarantine: ``ticket_id``, ``modality``, ``reason``, ``detail``.
        tickets: Every kept ticket, with ``label``, ``split``, ``language`` and ``has_<modality>``.
        parameters: Which split, how intervals are made.

    Raises:
        ValueError: If ``chosen`` is not among the fusions, names repeat, classes differ, ``chosen`` has no ticket
            in the split, or the scenarios are none to compare (:func:`kefu.evaluation.robustness.score_scenarios`).
    """
    scored = _scored(predictions, parameters.split)
    best_fusion = _chosen(scored, chosen, parameters.split)
    comparison = _comparison(scored, best_fusion, parameters)
    resampling = parameters.resampling
    scores = score_intervals(best_fusion, resampling)
    tables = {
        "comparison": comparison,
        "pairs": compare_pairs(scored, resampling),
        "against_singles": against_singles(best_fusion, [one for one in scored if one.kind == "modality"], resampling),
        "per_class": _per_class(best_fusion, scores),
        "combinations": by_group(best_fusion, combinations(best_fusion.tickets), resampling),
        "languages": by_group(best_fusion, known(best_fusion.tickets["language"]).tolist(), resampling),
        "calibration": reliability_curve(best_fusion, parameters.calibration_bins),
        "confusions": frequent_confusions(best_fusion),
        "mistakes": _confident_mistakes(best_fusion, parameters.mistakes),
        "labels": labels_by_split(tickets, best_fusion.classes),
        "modalities": modalities_by_split(tickets),
        "quarantine": quarantine_reasons(quarantine),
    }
    if evidence is not None and len(evidence):
        tables["selection"] = evidence
    if judged is not None:
        tables["label_sets"] = score_label_sets(judged[judged["in_scope"]])
    if scenarios:
        tables["robustness"] = score_scenarios(
            [replace(one, predictions=_in_split(one.predictions, parameters.split)) for one in scenarios],
            resampling,
            parameters.calibration_bins,
        )
    counts = confusion_matrix(best_fusion)
    metrics = _headline(comparison, scores, best_fusion)
    metrics |= {
        "significantly_worse": int(tables["against_singles"]["worse"].sum()),
        "strategies": records_by(comparison[comparison["kind"] == "fusion"].drop(columns="kind"), "name"),
        "modalities": records_by(comparison[comparison["kind"] == "modality"].drop(columns="kind"), "name"),
        "pairs": records(tables["pairs"]),
        "against_singles": records(tables["against_singles"]),
        "per_class": records_by(tables["per_class"], "class"),
        "combinations": records_by(tables["combinations"], "group"),
        "languages": records_by(tables["languages"], "group"),
        "confusion": {"classes": list(best_fusion.classes), "counts": counts.tolist()},
        "data": data_facts(tickets, quarantine),
        "method": {
            "split": parameters.split,
            "confidence": resampling.confidence,
            "resamples": resampling.resamples,
            "interval": resampling.method,
            "seed": resampling.seed,
            "calibration_bins": parameters.calibration_bins,
            "coverage": float(judged["asked"].iloc[0]) if judged is not None else None,
        },
        "selection": records_by(tables["selection"].drop(columns="kind", errors="ignore"), "strategy")
        if "selection" in tables
        else {},
        "label_sets": records_by(tables["label_sets"], "group") if "label_sets" in tables else {},
        "robustness": dict(zip(scenario_names(tables["robustness"]), records(tables["robustness"]), strict=True))
        if scenarios
        else {},
        "out_of_scope": _out_of_scope(judged),
        "cautions": cautions_of(best_fusion, scores.customers),
    }
    drawn = {
        "comparison": figures.comparison(comparison, chosen),
        "per_class": figures.per_class(tables["per_class"]),
        "combinations": figures.groups(tables["combinations"], "By what the ticket holds"),
        "languages": figures.groups(tables["languages"], "By language"),
        "confusion": figures.confusion(counts, best_fusion.classes),
        "reliability": figures.reliability(tables["calibration"]),
        "labels": figures.labels(tables["labels"]),
    }
    drawn |= {
        f"learning_{name}": figures.learning(history, name) for name, history in histories.items() if len(history)
    }
    if len(tables["pairs"]):
        drawn["pairs"] = figures.pairs(tables["pairs"])
    if scenarios:
        drawn["robustness"] = figures.robustness(tables["robustness"])
    if len(quarantine):
        drawn["quarantine"] = figures.quarantine(tables["quarantine"])
    return Analysis(metrics, drawn, tables)


def _scored(predictions: Sequence[Predictions], split: str) -> list[Predictions]:
    names = [one.name for one in predictions]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"predictions of the same name: {', '.join(sorted(repeated))}")
    different = [one.name for one in predictions if one.classes != predictions[0].classes]
    if different:
        raise ValueError(f"predictions {different[0]!r} and {names[0]!r} have different classes")
    return [_in_split(one, split) for one in predictions]


def _in_split(predictions: Predictions, split: str) -> Predictions:
    return predictions.select((predictions.tickets["split"] == split).to_numpy(dtype=bool))


def _chosen(scored: Sequence[Predictions], chosen: str, split: str) -> Predictions:
    fusions = {one.name: one for one in scored if one.kind == "fusion"}
    if chosen not in fusions:
        raise ValueError(f"the chosen strategy {chosen!r} is not among the fusions: {', '.join(fusions) or 'none'}")
    if not len(fusions[chosen]):
        raise ValueError(f"no ticket of the split {split!r} was scored by {chosen!r}; is the split empty?")
    return fusions[chosen]


def _comparison(scored: Sequence[Predictions], chosen: Predictions, parameters: EvaluationParameters) -> pd.DataFrame:
    """One row a strategy or modality; ``gain`` is how much better the chosen one is on the ``common`` tickets."""
    rows = []
    for one in scored:
        found = score_intervals(one, parameters.resampling)
        mine, _ = on_common_tickets(chosen, one)
        same = scores_of(mine)
        difference = paired_difference(chosen, one, parameters.resampling)
        itself = one.name == chosen.name
        rows.append(
            {
                "name": one.name,
                "kind": one.kind,
                "n": len(one),
                **score_columns(found),
                "ece": expected_calibration_error(one, parameters.calibration_bins),
                "log_loss": log_loss(one),
                "brier": brier(one),
                "common": difference.n,
                "chosen_accuracy": same[ACCURACY],
                "chosen_macro_f1": same[MACRO_F1],
                "gain": difference.estimate if not itself else math.nan,
                "gain_low": difference.low if not itself else math.nan,
                "gain_high": difference.high if not itself else math.nan,
                "p_value": difference.p_value if not itself else math.nan,
            }
        )
    return pd.DataFrame(rows)


def _headline(comparison: pd.DataFrame, scores: Intervals, chosen: Predictions) -> dict[str, Any]:
    row = comparison[comparison["name"] == chosen.name].iloc[0]
    columns = score_columns(scores)
    headline = {name: plain(columns[name]) for name in sorted(columns, key=lambda name: name.startswith("accuracy"))}
    headline |= {"n": len(chosen), "customers": scores.customers, "chosen": chosen.name}
    headline |= {name: plain(row[name]) for name in ("ece", "log_loss", "brier")}
    modalities = comparison[(comparison["kind"] == "modality") & (comparison["n"] > 0)]
    if modalities.empty:
        return headline | {"gain_over_best_modality": None, "best_modality": None}
    best = modalities.sort_values("macro_f1", kind="stable").iloc[-1]
    kept = ("name", "n", "common", "macro_f1", "chosen_macro_f1", "gain", "gain_low", "gain_high", "p_value")
    return headline | {
        "gain_over_best_modality": plain(best["gain"]),
        "best_modality": {name: plain(best[name]) for name in kept},
    }


def _per_class(predictions: Predictions, scores: Intervals) -> pd.DataFrame:
    table = per_class(predictions)
    table.insert(4, "f1_low", scores.low[FIRST_CLASS:])
    table.insert(5, "f1_high", scores.high[FIRST_CLASS:])
    return table


def _confident_mistakes(predictions: Predictions, at_most: int) -> pd.DataFrame:
    wrong = np.flatnonzero(predictions.predicted != predictions.targets)
    worst = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")][:at_most]
    classes = np.array(predictions.classes, dtype=object)
    return pd.DataFrame(
        {
            "ticket_id": predictions.tickets["ticket_id"].iloc[worst].astype(str).to_numpy(),
            "holds": combinations(predictions.tickets.iloc[worst]),
            "true": classes[predictions.targets[worst]],
            "predicted": classes[predictions.predicted[worst]],
            "probability": predictions.confidence[worst],
        }
    )


def _out_of_scope(judged: pd.DataFrame | None) -> dict[str, float | int | None] | None:
    """Score the tickets out of scope, where there are any."""
    if judged is None or judged["in_scope"].all():
        return None
    scores = score_out_of_scope(judged[judged["in_scope"]], judged[~judged["in_scope"]])
    return {name: plain(value) for name, value in scores.items()}


def _evidence(evidence: pd.DataFrame | None) -> dict[str, Any]:
    if evidence is None or evidence.empty:
        return {}
    return records_by(evidence.drop(columns="kind", errors="ignore"), "strategy")
