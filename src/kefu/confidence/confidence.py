"""Label sets and the threshold of being out of scope, fitted once and asked at any coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from kefu.confidence.held_out import HeldOutScores
from kefu.confidence.label_sets import make_label_sets, nonconformity
from kefu.confidence.scope import ScopeScore
from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError
from kefu.training.modality_model import tensors_below


class ConfidenceParameters(Parameters):
    """What the model promises of its label sets, and when a ticket counts as out of scope."""

    coverage: float = Field(0.9, gt=0, lt=1, description="Share of tickets whose label set holds the true label.")
    flagged_share: float = Field(
        0.05, gt=0, lt=1, description="Share of tickets of known labels that may be taken for out of scope."
    )
    min_tickets: int = Field(
        50, ge=1, description="Held-out tickets of a combination of modalities that give it thresholds of its own."
    )


@dataclass(frozen=True, eq=False)
class Confidence:
    """What was learned from held-out tickets about how far the model can be believed.

    Without any held-out ticket every label set holds all labels, and no ticket is out of scope.
    """

    parameters: ConfidenceParameters = field(default_factory=ConfidenceParameters)
    scope: ScopeScore = field(default_factory=ScopeScore)
    label_scores: HeldOutScores = field(default_factory=HeldOutScores)
    scope_scores: HeldOutScores = field(default_factory=HeldOutScores)

    @classmethod
    def fit(
        cls,
        parameters: ConfidenceParameters,
        scope: ScopeScore,
        probabilities: NDArray[np.float64],
        targets: NDArray[np.int64],
        scope_scores: NDArray[np.float64],
        combinations: Sequence[str],
    ) -> Self:
        """Keep the scores of held-out tickets.

        Args:
            parameters: what is promised.
            scope: how foreign tickets are recognised.
            probabilities: (N, C), of a model that was not fitted on the ticket.
            targets: (N,).
            scope_scores: (N,), NaN where nothing is present.
            combinations: (N,) names of the present modalities, joined by ``+``; tickets with none are left out.
        """
        there = np.array([name != "" for name in combinations], dtype=bool)
        known = [name for name in combinations if name]
        return cls(
            parameters,
            scope,
            HeldOutScores.collect(nonconformity(probabilities, targets)[there], known),
            HeldOutScores.collect(scope_scores[there], known),
        )

    def label_sets(
        self, probabilities: NDArray[np.float64], combinations: Sequence[str], coverage: float | None = None
    ) -> NDArray[np.bool_]:
        """Return which classes (N, C) each ticket's set holds.

        Args:
            probabilities: (N, C).
            combinations: (N,); a ticket with nothing, ``""``, has a set of all classes.
            coverage: share of tickets whose set holds the true class; that of the parameters if left out.

        Raises:
            KefuError: the coverage is not between 0 and 1.
        """
        share = self.parameters.coverage if coverage is None else coverage
        if not 0 < share < 1:
            raise KefuError(f"coverage {share:g}: give a share above 0 and below 1, such as 0.9")
        thresholds = _thresholds(self.label_scores, combinations, share, self.parameters.min_tickets)
        return make_label_sets(probabilities, thresholds)

    def out_of_scope(self, scores: NDArray[np.float64], combinations: Sequence[str]) -> NDArray[np.bool_]:
        """Return which tickets (N,) are more foreign than nearly all of known classes; one with nothing is not.

        Args:
            scores: (N,), of :class:`ScopeScore`.
            combinations: (N,).
        """
        share = 1 - self.parameters.flagged_share
        return scores > _thresholds(self.scope_scores, combinations, share, self.parameters.min_tickets)

    def tensors(self) -> dict[str, Tensor]:
        """Return what was learned, by name."""
        parts = {"prototypes": self.scope.prototypes, "centres": self.scope.centres, "scales": self.scope.scales}
        scope = {f"scope.{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
        scores = {
            f"{kind}.{combination}": torch.from_numpy(values)
            for kind, held_out in (("label_scores", self.label_scores), ("scope_scores", self.scope_scores))
            for combination, values in held_out.by_combination.items()
        }
        return scope | scores

    @classmethod
    def restore(cls, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """Undo :meth:`tensors`, with the parameters of ``config``."""
        label_scores, scope_scores = (
            HeldOutScores({name: value.numpy() for name, value in tensors_below(tensors, f"{kind}.").items()})
            for kind in ("label_scores", "scope_scores")
        )
        scope = ScopeScore(*(tensors_below(tensors, f"scope.{part}.") for part in ("prototypes", "centres", "scales")))
        return cls(ConfidenceParameters.model_validate(config), scope, label_scores, scope_scores)


def _thresholds(
    held_out: HeldOutScores, combinations: Sequence[str], share: float, min_tickets: int
) -> NDArray[np.float64]:
    """Return the threshold of each ticket (N,); infinity where it has nothing to go by."""
    known = {
        name: held_out.threshold(name, share, min_tickets) if name else np.inf for name in sorted(set(combinations))
    }
    return np.array([known[name] for name in combinations], dtype=np.float64)
