"""Node that looks for what the splits share."""

import pandas as pd

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.leakage import customers_in_several_splits


def find_leaks(tickets: pd.DataFrame) -> Analysis:
    """Return what the splits have in common that they should not.

    Args:
        tickets: all kept tickets, with ``split``.
    """
    shared = customers_in_several_splits(tickets)
    return Analysis({"customers": len(shared)}, tables={"customers": shared})
