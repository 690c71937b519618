"""What the strategies say of held-out tickets: what the choice is made by, and what confidence is learned from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from kefu.engines import show_progress
from kefu.evaluation.predictions import Predictions, modality_columns
from kefu.fusion.contract import FusionRows
from kefu.fusion.ensemble import select_greedily
from kefu.fusion.out_of_fold import EnsembleOutOfFold, OutOfFold
from kefu.fusion.strategies import ENSEMBLE, ONLY, STRATEGIES, FusionParameters, Heads
from kefu.model import FusedModel
from kefu.predictor import PROBABILITY


@dataclass(frozen=True, eq=False)
class Candidates:
    """All that may become the model, and the tickets that they are compared on."""

    heads: Sequence[Heads]
    """For each member, the heads of its modalities."""
    prior: torch.Tensor
    """Share of each class among the training tickets (C,)."""
    held_out: Sequence[FusionRows]
    """For each member, the tickets that its classifiers have not seen."""
    learned_from: Sequence[FusionRows]
    """The same and, where strategies are fitted on them, noisy copies."""
    own_rows: Mapping[str, Sequence[FusionRows]]
    """The held-out tickets as the encoders of strategies trained end to end see them."""
    joint: Mapping[str, FusedModel]
    """Those strategies."""
    parameters: FusionParameters
    seed: int
    """Of the folds, of starting weights and shuffling."""

    @property
    def singles(self) -> list[str]:
        """Each modality alone."""
        return [f"{ONLY}{name}" for name in self.heads[0]]

    def predict(self, strategy: str) -> NDArray[np.float64]:
        """Return what one of them says of the held-out tickets (N, C) without having learned from the ticket."""
        if strategy in self.own_rows:
            return _member_probabilities(self.joint[strategy], self.own_rows[strategy])
        return self._fit(strategy).predict(self.held_out)

    def predict_all(self) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
        """Return what each of them says, a greedy ensemble included, and the weights of the ensemble.

        The ensemble is made of the strategies that stand on the same embeddings; where there is only one, there is no
        ensemble and no weight.
        """
        bases = self.parameters.on_shared_parts
        names = [*self.singles, *bases]
        fitted = {name: self._fit(name) for name in show_progress(names, total=len(names), what="fusion: candidates")}
        said = {name: strategy.predict(self.held_out) for name, strategy in fitted.items()}
        weights: dict[str, float] = {}
        if len(bases) > 1:
            targets = np.concatenate([rows.targets for rows in self.held_out])
            weights = select_greedily({name: said[name] for name in bases}, targets)
            ensemble = EnsembleOutOfFold.fit({name: fitted[name] for name in bases}, self.held_out, self.seed)
            said[ENSEMBLE] = ensemble.predict(self.held_out)
        return said | {name: self.predict(name) for name in self.own_rows}, weights

    def _fit(self, strategy: str) -> OutOfFold:
        return OutOfFold.fit(
            strategy, self.heads, self.prior, self.learned_from, params=self.parameters, seed=self.seed
        )


def predictions_of(
    said: Mapping[str, NDArray[np.float64]], tickets: pd.DataFrame, labels: tuple[str, ...], singles: Sequence[str]
) -> tuple[list[Predictions], list[Predictions]]:
    """Return what single modalities and what fusions say, the simplest first.

    Args:
        said: probabilities (N, C) of each candidate.
        tickets: the N held-out tickets, in the same order.
        labels: the class names, in the order of the columns.
        singles: which candidates are single modalities.
    """
    frame = tickets.reindex(columns=["ticket_id", "customer_id", "language", "split", *modality_columns(tickets)])
    numbers = {label: number for number, label in enumerate(labels)}
    targets = np.array([numbers[label] for label in tickets["label"]], dtype=np.int64)
    found = {name: Predictions(name, "fusion", labels, values, targets, frame) for name, values in said.items()}
    return [found[name] for name in singles], [found[name] for name in (*STRATEGIES, ENSEMBLE) if name in found]


def table_of(tickets: pd.DataFrame, labels: Sequence[str], probabilities: NDArray[np.float64] | None) -> pd.DataFrame:
    """Return ``ticket_id``, the true ``label`` and ``probability_<label>`` of each held-out ticket.

    Args:
        tickets: the N held-out tickets.
        labels: the class names.
        probabilities: (N, C); without, the table is empty.
    """
    columns = [f"{PROBABILITY}{label}" for label in labels]
    if probabilities is None:
        return pd.DataFrame(columns=["ticket_id", "label", *columns])
    known = tickets[["ticket_id", "label"]].reset_index(drop=True)
    return pd.concat([known, pd.DataFrame(probabilities, columns=columns)], axis=1)


def _member_probabilities(model: FusedModel, held_out: Sequence[FusionRows]) -> NDArray[np.float64]:
    """Return what each member says of its own tickets (N, C), one member after the other."""
    with torch.inference_mode():
        return np.concatenate(
            [
                fusion(rows.embeddings, rows.present).double().softmax(dim=1).numpy()
                for fusion, rows in zip(model.fusions, held_out, strict=True)
            ]
        )
