"""The node that writes down what experiments are compared by."""

from typing import Any

import pandas as pd

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.plot_tables import calibration_table, confusion_table, headline, robustness_table


def make_plot_tables(evaluation: Analysis) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the headline scores, and the tables of the plots: confusion, calibration, robustness."""
    return (
        headline(evaluation.metrics),
        confusion_table(evaluation.metrics),
        calibration_table(evaluation.tables["calibration"]),
        robustness_table(evaluation.tables["robustness"]),
    )
