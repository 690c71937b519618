"""Whether the chosen fusion is ever worse than a single modality: for some class, some language, some kind of ticket.

A mean hides this: a fusion may gain where two modalities agree and lose what one of them alone had right.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kefu.evaluation.bootstrap import (
    FIRST_CLASS,
    MACRO_F1,
    Difference,
    Resampling,
    customer_codes,
    holm,
    paired_differences,
    scores_of,
)
from kefu.evaluation.groups import FEWEST_CUSTOMERS_OF_A_GROUP, sizes
from kefu.evaluation.predictions import Predictions, combinations, known, on_common_tickets
from kefu.evaluation.selection import SIGNIFICANT

RESAMPLES_A_ROW = 100
"""The smallest p-value, 2 / (resamples + 1), has to stay well below 0.05 once it is multiplied by the rows."""

COLUMNS = (
    "kind",
    "group",
    "modality",
    "n",
    "single",
    "fusion",
    "gain",
    "gain_low",
    "gain_high",
    "p_value",
)


def against_singles(fusion: Predictions, singles: Sequence[Predictions], resampling: Resampling) -> pd.DataFrame:
    """Compare the fusion with the best single modality, class by class and group by group.

    The best is the one with the highest score there, of those that ten customers or more have there, if any; the
    fusion is scored on exactly the same tickets. Since the best is picked by the same tickets that it is scored on,
    luck is on its side, never on the fusion's. There are more resamples than asked for where there are many rows.

    Args:
        fusion: Of the chosen strategy.
        singles: Of each modality, on the tickets that have it; may be empty.
        resampling: How intervals are made.

    Returns:
        A row a class, then a row a language, then a row a combination of modalities (largest groups first), but for
        those of which no single modality has a ticket:

        - ``kind``: ``class``, ``language`` or ``holds``; ``group``: its name; ``modality``: the best single one.
        - ``n``: the tickets of that class or group that have the modality.
        - ``single`` and ``fusion``: on the tickets that have the modality the F1 of the class, or, within the group,
          macro-F1.
        - ``gain``, ``gain_low``, ``gain_high``: fusion less single, in pairs over customers. No interval (NaN) for
          fewer than ten customers, nor where the two answer alike, as they may when a ticket holds nothing else.
        - ``p_value``: two-sided, not corrected; NaN for fewer than ten customers.
        - ``worse``: whether the gain is below 0 with p < 0.05 after Holm's correction for all rows of the table.

    Raises:
        ValueError: If predictions disagree about the classes or about the truth of a ticket.
    """
    common = [on_common_tickets(fusion, single) for single in singles]
    kinds: dict[str, Callable[[pd.DataFrame], Sequence[str]]] = {"language": _languages, "holds": combinations}
    groups = {kind: sizes(groups_of(fusion.tickets)) for kind, groups_of in kinds.items()}
    num_rows = len(fusion.classes) + sum(map(len, groups.values()))
    finer = resampling.model_copy(update={"resamples": max(resampling.resamples, RESAMPLES_A_ROW * num_rows)})
    rows = _class_rows(fusion.classes, common, finer)
    for kind, groups_of in kinds.items():
        for name in groups[kind]:
            pairs = [_within(mine, theirs, name, groups_of) for mine, theirs in common]
            rows += _row(kind, name, pairs, finer)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    p_values = holm(table["p_value"].to_numpy(dtype=np.float64))
    return table.assign(worse=(table["gain"].to_numpy(dtype=np.float64) < 0) & (p_values < SIGNIFICANT))


@dataclass(frozen=True, eq=False)
class _Pair:
    """The fusion and a single modality on the same N tickets, and the score by which they are compared."""

    fusion: Predictions
    single: Predictions
    column: int
    members: NDArray[np.bool_]
    """(N,) which tickets belong to the class or group."""
    difference: Difference | None = None
    """Where it is known already."""

    @property
    def customers(self) -> int:
        return len(np.unique(customer_codes(self.fusion.tickets)[self.members]))

    @property
    def alike(self) -> bool:
        """Whether the two give the same answer, or the class to the same tickets."""
        first, second = self.fusion.predicted, self.single.predicted
        if self.column >= FIRST_CLASS:
            index = self.column - FIRST_CLASS
            return np.array_equal(first == index, second == index)
        return np.array_equal(first, second)


def _class_rows(
    classes: Sequence[str], common: Sequence[tuple[Predictions, Predictions]], resampling: Resampling
) -> list[dict[str, Any]]:
    columns = range(FIRST_CLASS, FIRST_CLASS + len(classes))
    # the same resamples serve all classes of a modality
    differences = [paired_differences(mine, theirs, columns, resampling) for mine, theirs in common]
    rows = []
    for index, name in enumerate(classes):
        pairs = [
            _Pair(mine, theirs, columns[index], mine.targets == index, of_classes[index])
            for (mine, theirs), of_classes in zip(common, differences, strict=True)
        ]
        rows += _row("class", name, pairs, resampling)
    return rows


def _within(
    fusion: Predictions, single: Predictions, name: str, groups_of: Callable[[pd.DataFrame], Sequence[str]]
) -> _Pair:
    inside = np.array(groups_of(fusion.tickets), dtype=str) == name
    return _Pair(fusion.select(inside), single.select(inside), MACRO_F1, np.ones(int(inside.sum()), dtype=bool))


def _row(kind: str, name: str, pairs: Sequence[_Pair], resampling: Resampling) -> list[dict[str, Any]]:
    """Compare with the best of the pairs; no row where none of them has a ticket."""
    there = [pair for pair in pairs if pair.members.any()]
    if not there:
        return []
    enough = [pair for pair in there if pair.customers >= FEWEST_CUSTOMERS_OF_A_GROUP]
    best = max(enough or there, key=lambda pair: float(scores_of(pair.single)[pair.column]))
    found = best.difference or paired_differences(best.fusion, best.single, [best.column], resampling)[0]
    has_interval = bool(enough) and not best.alike
    return [
        {
            "kind": kind,
            "group": name,
            "modality": best.single.name,
            "n": int(best.members.sum()),
            "single": found.worse,
            "fusion": found.better,
            "gain": found.estimate,
            "gain_low": found.low if has_interval else math.nan,
            "gain_high": found.high if has_interval else math.nan,
            "p_value": found.p_value if enough else math.nan,
        }
    ]


def _languages(tickets: pd.DataFrame) -> list[str]:
    return known(tickets["language"]).tolist()
