"""Every fusion strategy against every other one, and against the best single modality, on the same tickets."""

from collections.abc import Sequence
from itertools import combinations as pairs_of

import numpy as np
import pandas as pd

from kefu.evaluation.against_singles import RESAMPLES_A_ROW
from kefu.evaluation.bootstrap import MACRO_F1, Resampling, holm, paired_difference, scores_of
from kefu.evaluation.predictions import Predictions
from kefu.evaluation.selection import SIGNIFICANT

COLUMNS = ("first", "second", "n", "first_macro_f1", "second_macro_f1", "gain", "gain_low", "gain_high", "p_value")


def compare_pairs(scored: Sequence[Predictions], resampling: Resampling) -> pd.DataFrame:
    """Compare all strategies, and the best single modality, in pairs.

    The best single modality is picked by the tickets it is scored on; luck is on its side. It is compared on the
    tickets that have it. There are more resamples than asked for where there are many pairs.

    Args:
        scored: of fusions and of single modalities.
        resampling: how intervals are made.

    Returns:
        A row a pair, the better one by macro-F1 over all its tickets first: ``first``, ``second``, ``n`` common
        tickets, the macro-F1 of both on these, ``gain`` (first less second, with ``gain_low`` and ``gain_high``, in
        pairs over customers), ``p_value`` (two-sided), ``p_holm`` (corrected for all pairs, Holm 1979) and
        ``different`` (p_holm below 0.05).
    """
    pairs = list(pairs_of(_contenders(scored), 2))
    finer = resampling.model_copy(update={"resamples": max(resampling.resamples, RESAMPLES_A_ROW * len(pairs))})
    rows = []
    for first, second in pairs:
        found = paired_difference(first, second, finer)
        rows.append(
            (
                first.name,
                second.name,
                found.n,
                found.better,
                found.worse,
                found.estimate,
                found.low,
                found.high,
                found.p_value,
            )
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    corrected = holm(table["p_value"].to_numpy(dtype=np.float64))
    return table.assign(p_holm=corrected, different=corrected < SIGNIFICANT)


def _contenders(scored: Sequence[Predictions]) -> list[Predictions]:
    """Return the fusions and the best single modality that have tickets, the best first."""

    def score(one: Predictions) -> float:
        return float(np.nan_to_num(scores_of(one)[MACRO_F1], nan=-1.0))

    there = [one for one in scored if len(one)]
    singles = sorted((one for one in there if one.kind == "modality"), key=score, reverse=True)
    return sorted([*(one for one in there if one.kind == "fusion"), *singles[:1]], key=score, reverse=True)
