"""Evaluation: metrics with intervals, calibration, figures, report."""

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.evaluation import EvaluationParameters, evaluate
from kefu.evaluation.predictions import Predictions
from kefu.evaluation.robustness import Scenario

__all__ = ["Analysis", "EvaluationParameters", "Predictions", "Scenario", "evaluate"]
