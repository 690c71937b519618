"""What two experiments are compared by: a handful of scores, and tables that `dvc plots` draws."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kefu.evaluation.robustness import UNCHANGED, scenario_names

HEADLINE = ("macro_f1", "accuracy", "ece", "log_loss", "brier", "gain_over_best_modality", "n", "chosen")
"""The scores of the chosen strategy that fit into a row of a table of experiments."""


def headline(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the few scores that experiments are compared by."""
    return {name: metrics[name] for name in HEADLINE}


def confusion_table(metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row a ticket: the ``actual`` class and the ``predicted`` one."""
    classes = np.array(metrics["confusion"]["classes"], dtype=object)
    counts = np.array(metrics["confusion"]["counts"], dtype=np.int64)
    actual, predicted = (np.repeat(where.ravel(), counts.ravel()) for where in np.indices(counts.shape))
    return pd.DataFrame({"actual": classes[actual], "predicted": classes[predicted]})


def calibration_table(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the reliability curve; ``perfect`` is the accuracy that the confidence promises."""
    return curve[["confidence", "accuracy", "n"]].assign(perfect=curve["confidence"])


def robustness_table(scenarios: pd.DataFrame) -> pd.DataFrame:
    """Return one row a ``scenario`` of :func:`kefu.evaluation.robustness.score_scenarios`, with its scores."""
    table = scenarios[["macro_f1", "accuracy", "ece", "n"]].copy()
    table.insert(0, "scenario", scenario_names(scenarios, UNCHANGED))
    return table
