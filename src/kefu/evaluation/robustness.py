"""What holds when a modality is missing or noisy: the same tickets as they came, and changed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from kefu.evaluation.bootstrap import Resampling, paired_difference
from kefu.evaluation.calibration import BINS, expected_calibration_error
from kefu.evaluation.groups import FEWEST_CUSTOMERS_OF_A_GROUP, group_scores
from kefu.evaluation.metrics import log_loss
from kefu.evaluation.predictions import Predictions

UNCHANGED, AS_IT_CAME = "unchanged", "as it came"
"""The row without a change, for machines and for people."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """What the model says when the input is changed.

    Args:
        change: ``none`` for all tickets as they came; ``missing``: a modality is taken away; ``noisy``: it is spoilt.
        modality: Which one is changed; empty where nothing is.
        predictions: Of all tickets where nothing is changed; else only of those that have the modality and, where it
            is taken away, something beside it. Their ``has_<modality>`` say what the ticket held before the change.

    Raises:
        ValueError: If a change names no modality, or none names one.
    """

    change: Literal["none", "missing", "noisy"]
    modality: str
    predictions: Predictions

    def __post_init__(self) -> None:
        """Check that the change and the modality go together."""
        if self.change not in ("none", "missing", "noisy"):
            raise ValueError(f"a scenario's change must be 'none', 'missing' or 'noisy', not {self.change!r}")
        if (self.change == "none") != (self.modality == ""):
            raise ValueError(f"a scenario of change {self.change!r} cannot have the modality {self.modality!r}")

    @property
    def name(self) -> str:
        """``text missing``, ``audio noisy``, … or ``unchanged``."""
        return _name(self.change, self.modality, UNCHANGED)


def scenario_names(table: pd.DataFrame, unchanged: str = UNCHANGED) -> list[str]:
    """Name the rows of :func:`score_scenarios`: ``text missing``, ``audio noisy``, … and ``unchanged``."""
    pairs = zip(table["change"], table["modality"], strict=True)
    return [_name(change, modality, unchanged) for change, modality in pairs]


def score_scenarios(scenarios: Sequence[Scenario], resampling: Resampling, bins: int = BINS) -> pd.DataFrame:
    """Score each scenario, and what its change costs on the same tickets.

    Args:
        scenarios: Exactly one of them changes nothing; no two are of the same change and modality.
        resampling: How intervals are made.
        bins: Of the calibration error, at most.

    Returns:
        One row a scenario, that without a change first: ``change``, ``modality``, ``n``, ``accuracy`` and ``macro_f1``
        (each with ``_low`` and ``_high``), ``ece``, ``log_loss`` (nats), and ``loss`` with ``loss_low`` and
        ``loss_high``: macro-F1 as the tickets came less macro-F1 changed, in pairs over customers on the same tickets.
        NaN where nothing is changed, where there is no ticket, and for intervals of fewer than ten customers.

    Raises:
        ValueError: If none or several scenarios change nothing, one stands there twice, or a changed ticket is not
            among the unchanged.
    """
    names = [scenario.name for scenario in scenarios]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"scenarios of the same change: {', '.join(sorted(repeated))}")
    if UNCHANGED not in names:
        raise ValueError(f"no scenario has the change 'none', to compare with {', '.join(names) or 'nothing'}")
    unchanged = scenarios[names.index(UNCHANGED)]
    ordered = [unchanged, *(scenario for scenario in scenarios if scenario is not unchanged)]
    return pd.DataFrame([_row(scenario, unchanged.predictions, resampling, bins) for scenario in ordered])


def _name(change: str, modality: str, unchanged: str) -> str:
    return unchanged if change == "none" else f"{modality} {change}"


def _row(scenario: Scenario, unchanged: Predictions, resampling: Resampling, bins: int) -> dict[str, Any]:
    predictions = scenario.predictions
    return {
        "change": scenario.change,
        "modality": scenario.modality,
        "n": len(predictions),
        **group_scores(predictions, resampling),
        "ece": expected_calibration_error(predictions, bins),
        "log_loss": log_loss(predictions),
        **_loss(scenario, unchanged, resampling),
    }


def _loss(scenario: Scenario, unchanged: Predictions, resampling: Resampling) -> dict[str, float]:
    if scenario.change == "none":
        return dict.fromkeys(("loss", "loss_low", "loss_high"), math.nan)
    found = paired_difference(unchanged, scenario.predictions, resampling)
    if found.n < len(scenario.predictions):
        raise ValueError(f"scenario {scenario.name!r} holds tickets that are not among the unchanged ones")
    enough = found.customers >= FEWEST_CUSTOMERS_OF_A_GROUP
    return {
        "loss": found.estimate,
        "loss_low": found.low if enough else math.nan,
        "loss_high": found.high if enough else math.nan,
    }
