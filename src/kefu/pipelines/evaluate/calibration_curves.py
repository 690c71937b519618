"""Node that asks how far the model can be believed."""

from dataclasses import replace
from typing import Any

import pandas as pd
import torch

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.calibration_curves import COVERAGES, analyse_confidence
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.predictions import Predictions
from kefu.fusion.contract import combinations
from kefu.fusion.uncalibrated import uncalibrated
from kefu.model import FusedModel
from kefu.pipelines.evaluate.nodes import normalised
from kefu.pipelines.fuse.rows import rows_of
from kefu.training.hardware import HardwareParameters, choose_hardware


def draw_confidence(
    model: FusedModel,
    tickets: pd.DataFrame,
    predictions: list[Predictions],
    judged: pd.DataFrame,
    params: EvaluationParameters,
    hardware: HardwareParameters,
    **modalities: Any,
) -> Analysis:
    """Return calibration before and after, label sets by coverage, hand-over by confidence, curves of scope.

    Args:
        model: the one that predicts.
        tickets: all kept tickets.
        predictions: what the model says of the evaluated split, then what each modality says.
        judged: each ticket of the split, and tickets out of scope, with their score.
        params: which split, how intervals are made.
        hardware: for encoders that were trained with a fusion.
        modalities: ``<modality>_outputs`` and ``<modality>_features`` of each modality.
    """
    after = predictions[0]
    scored = tickets[tickets["split"] == params.split].reset_index(drop=True)
    outputs = {name: modalities[f"{name}_outputs"] for name in model.parts}
    features = {name: modalities[f"{name}_features"] for name in model.parts}
    rows = rows_of(model, scored, outputs, features, choose_hardware(hardware))
    plain = replace(model, fusions=tuple(uncalibrated(fusion) for fusion in model.fusions))
    with torch.inference_mode():
        before = replace(after, probabilities=normalised(plain.probabilities(rows.embeddings, rows.present)))
    names = combinations(rows.present)
    label_sets = {asked: model.confidence.label_sets(after.probabilities, names, asked) for asked in COVERAGES}
    return analyse_confidence(before, after, label_sets, judged, params.calibration_bins, params.resampling)
