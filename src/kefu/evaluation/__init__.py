"""Evaluation: metrics with intervals, calibration, figures, report."""

from kefu.evaluation.evaluation import Evaluation, EvaluationParameters, evaluate
from kefu.evaluation.predictions import Predictions
from kefu.evaluation.robustness import Scenario

__all__ = ["Evaluation", "EvaluationParameters", "Predictions", "Scenario", "evaluate"]
