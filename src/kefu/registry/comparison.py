"""Two models on the tickets that neither was trained on, and the gate that a new one has to pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kefu.evaluation.bootstrap import (
    ACCURACY,
    FIRST_CLASS,
    MACRO_F1,
    Difference,
    Resampling,
    customer_codes,
    paired_differences,
    scores_of,
)
from kefu.evaluation.groups import FEWEST_CUSTOMERS_OF_A_GROUP, sizes
from kefu.evaluation.predictions import Predictions, known, on_common_tickets
from kefu.evaluation.selection import SIGNIFICANT
from kefu.tickets.errors import KefuError

TOLERATED_LOSS = 0.02
"""Two points of F1: what a class or a language may lose."""
_ROUNDING = 1e-9


class TooFewInCommonError(KefuError):
    """The models have too few held-out tickets in common to be compared."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A candidate against the model in use, on the tickets that both held out.

    Attributes:
        macro_f1: The candidate's score less the other's, with interval and p-value.
        accuracy: The same of the accuracy.
        groups: A row a class, then a row a language: ``kind``, ``group``, ``n`` (tickets of it), ``reference``,
            ``candidate`` (the F1 of the class; macro-F1 of the language's tickets) and ``change``.
        relabelled: Tickets in common that were left out, since their label is no longer the same.
    """

    macro_f1: Difference
    accuracy: Difference
    groups: pd.DataFrame
    relabelled: int

    @property
    def reasons_against(self) -> list[str]:
        """Why the candidate should not take the other's place, a line each; none where it passes the gate.

        It must not be significantly worse overall (p < 0.05 of the paired bootstrap over customers), and no class and
        no language may lose more than two points. The latter is said of the figures as they are: of small groups chance
        alone may take so much.
        """
        reasons = []
        overall = self.macro_f1
        if overall.estimate < 0 and overall.p_value < SIGNIFICANT:
            reasons.append(
                f"macro-F1 is {overall.better:.3f} instead of {overall.worse:.3f}, significantly worse "
                f"({describe(overall)})"
            )
        lost = self.groups[self.groups["change"] < -TOLERATED_LOSS - _ROUNDING]
        for row in lost.to_dict("records"):
            score = "F1" if row["kind"] == "class" else "macro-F1"
            reasons.append(
                f"{row['kind']} {row['group']}: {score} is {row['candidate']:.3f} instead of {row['reference']:.3f}, "
                f"down {-100 * row['change']:.1f} points (n = {row['n']})"
            )
        return reasons


def compare(reference: Predictions, candidate: Predictions, resampling: Resampling | None = None) -> Comparison:
    """Compare two models on the test tickets that both were scored on.

    A ticket of the test split of both is one that neither was trained on, whatever became of the split between them.
    Classes that only one of the models knows count: the other cannot be right about them.

    Args:
        reference: what the model in use says.
        candidate: what the other one says.
        resampling: how intervals are made.

    Raises:
        TooFewInCommonError: the tickets in common are of fewer than ten customers.
    """
    classes = tuple(dict.fromkeys([*reference.classes, *candidate.classes]))
    mine, theirs = (_in_classes(_held_out(one), classes) for one in (candidate, reference))
    mine, theirs, relabelled = _of_equal_labels(mine, theirs)
    customers = _customers(mine)
    if customers < FEWEST_CUSTOMERS_OF_A_GROUP:
        raise TooFewInCommonError(
            f"the models held out {len(mine)} tickets of {customers} customers in common; "
            f"{FEWEST_CUSTOMERS_OF_A_GROUP} customers are the least to compare by"
        )
    macro_f1, accuracy = paired_differences(mine, theirs, [MACRO_F1, ACCURACY], resampling or Resampling())
    return Comparison(macro_f1, accuracy, _groups(theirs, mine), relabelled)


def describe(difference: Difference) -> str:
    """Return ``-0.012, 95 % interval -0.030 to 0.004, p = 0.12``."""
    return (
        f"{difference.estimate:+.3f}, 95 % interval {difference.low:+.3f} to {difference.high:+.3f}, "
        f"p = {difference.p_value:.2g}"
    )


def _held_out(predictions: Predictions) -> Predictions:
    return predictions.select((predictions.tickets["split"] == "test").to_numpy(dtype=bool))


def _in_classes(predictions: Predictions, classes: Sequence[str]) -> Predictions:
    """Give the predictions a column for every class; one that the model does not know is never probable."""
    places = [classes.index(name) for name in predictions.classes]
    probabilities = np.zeros((len(predictions), len(classes)))
    probabilities[:, places] = predictions.probabilities
    targets = np.array(places, dtype=np.int64)[predictions.targets]
    return Predictions(predictions.name, predictions.kind, tuple(classes), probabilities, targets, predictions.tickets)


def _of_equal_labels(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions, int]:
    """Return both on the tickets in common whose label stayed, and how many there are whose label did not."""
    labels = [pd.Series(one.targets, index=one.tickets["ticket_id"].astype(str)) for one in (first, second)]
    both = pd.concat(labels, axis=1, join="inner")
    stayed = both.index[both[0] == both[1]]
    kept = (
        one.select(one.tickets["ticket_id"].astype(str).isin(stayed).to_numpy(dtype=bool)) for one in (first, second)
    )
    return *on_common_tickets(*kept), len(both) - len(stayed)


def _customers(predictions: Predictions) -> int:
    return len(np.unique(customer_codes(predictions.tickets)))


def _groups(reference: Predictions, candidate: Predictions) -> pd.DataFrame:
    before, after = scores_of(reference), scores_of(candidate)
    support = np.bincount(candidate.targets, minlength=len(candidate.classes))
    rows = [
        ("class", name, int(support[number]), before[FIRST_CLASS + number], after[FIRST_CLASS + number])
        for number, name in enumerate(candidate.classes)
    ]
    languages = known(candidate.tickets["language"])
    for name, size in sizes(languages.tolist()).items():
        chosen = (languages == name).to_numpy(dtype=bool)
        first, second = (float(scores_of(one.select(chosen))[MACRO_F1]) for one in (reference, candidate))
        rows.append(("language", name, size, first, second))
    table = pd.DataFrame(rows, columns=["kind", "group", "n", "reference", "candidate"])
    return table.assign(change=table["candidate"] - table["reference"])
