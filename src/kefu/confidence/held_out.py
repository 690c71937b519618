"""Thresholds from the scores of held-out tickets, with the finite-sample correction of conformal prediction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """Scores of tickets that the model was not fitted on, by the modalities they have."""

    by_combination: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """For each combination of present modalities (``image+text``) its scores (N,), ascending."""

    @classmethod
    def collect(cls, scores: NDArray[np.float64], combinations: Sequence[str]) -> Self:
        """Sort scores (N,) by the combination of each ticket (N,)."""
        membership = np.array(combinations, dtype=str)
        return cls({name: np.sort(scores[membership == name]) for name in sorted(set(combinations))})

    @cached_property
    def pooled(self) -> NDArray[np.float64]:
        """Scores of all tickets (N,), ascending."""
        return np.sort(np.concatenate([np.empty(0), *self.by_combination.values()]))

    def threshold(self, combination: str, share: float, min_tickets: int) -> float:
        """Return what the score of a further ticket stays at or below with a probability of at least ``share``.

        That is the ceil((n + 1) share)-th smallest of n scores (Vovk, Gammerman & Shafer 2005, "Algorithmic learning
        in a random world"), and it holds where the ticket is exchangeable with the n. These are the tickets of the
        same combination, so that the promise holds for each ("Mondrian"); all tickets where those are too few.

        Args:
            combination: what the ticket has.
            share: above 0, below 1.
            min_tickets: fewer of the same combination are too few.

        Returns:
            Infinity where even all tickets are too few for the share.
        """
        own = self.by_combination.get(combination, np.empty(0))
        candidates = [own, self.pooled] if len(own) >= min_tickets else [self.pooled]
        for scores in candidates:
            # the small number undoes the rounding of shares such as 0.9
            rank = math.ceil((len(scores) + 1) * share - 1e-9)
            if rank <= len(scores):
                return float(scores[rank - 1])
        return math.inf
