"""Which fusion strategy becomes the model: the simplest that nothing more complex is shown to beat."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from kefu.evaluation.bootstrap import MACRO_F1, Resampling, paired_difference, score_intervals
from kefu.evaluation.predictions import Predictions

SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class Selection:
    """The choice and its evidence."""

    chosen: str
    evidence: pd.DataFrame
    """A row a candidate, in the order of complexity: ``strategy``, ``n``, ``macro_f1``, ``macro_f1_low``,
    ``macro_f1_high``, ``compared_with``, ``gain``, ``gain_low``, ``gain_high``, ``p_value``, ``taken``."""


def select_strategy(
    singles: Sequence[Predictions], fusions: Sequence[Predictions], resampling: Resampling
) -> Selection:
    """Go from the best single modality to ever more complex strategies, and take one only if it is shown to be better.

    Better means: the gain in macro-F1 over the one held so far, by a paired bootstrap over customers, is above 0 with
    p < 0.05 two-sided.

    Args:
        singles: what each modality alone says of the held-out tickets (the prior where a ticket lacks it).
        fusions: the same of each strategy, the simplest first.
        resampling: of the bootstrap.

    Raises:
        ValueError: there is no candidate.
    """
    if not singles and not fusions:
        raise ValueError("there is no strategy to select from")
    scored = {one.name: score_intervals(one, resampling) for one in (*singles, *fusions)}
    held = max(singles or fusions[:1], key=lambda one: float(scored[one.name].estimate[MACRO_F1]))
    rows = []
    for one in (*singles, *fusions):
        scores = scored[one.name]
        row = {
            "strategy": one.name,
            "n": len(one),
            "macro_f1": float(scores.estimate[MACRO_F1]),
            "macro_f1_low": float(scores.low[MACRO_F1]),
            "macro_f1_high": float(scores.high[MACRO_F1]),
            "compared_with": "",
            "gain": math.nan,
            "gain_low": math.nan,
            "gain_high": math.nan,
            "p_value": math.nan,
            "taken": one.name == held.name,
        }
        if one.name != held.name and one.name not in {single.name for single in singles}:
            found = paired_difference(one, held, resampling)
            row |= {
                "compared_with": held.name,
                "gain": found.estimate,
                "gain_low": found.low,
                "gain_high": found.high,
                "p_value": found.p_value,
                "taken": found.estimate > 0 and found.p_value < SIGNIFICANT,
            }
            if row["taken"]:
                held = one
        rows.append(row)
    return Selection(held.name, pd.DataFrame(rows))
