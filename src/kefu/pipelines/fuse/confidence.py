"""What the chosen model says of tickets that nothing was fitted on, and how far it can be believed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from kefu.confidence import Confidence, ConfidenceParameters
from kefu.confidence.scope import ScopeScore
from kefu.fusion.contract import FusionRows, combinations
from kefu.fusion.out_of_fold import OutOfFold, make_fusion_folds, predict_ensemble_out_of_fold
from kefu.fusion.strategies import END_TO_END, ENSEMBLE
from kefu.model import FusedModel, heads_of
from kefu.pipelines.fuse.rows import Shards, rows_of, rows_to_fit_on
from kefu.training.folds import Fold
from kefu.training.hardware import Hardware


def fit_confidence(
    model: FusedModel,
    folds: Sequence[Fold],
    prior: torch.Tensor,
    outputs: Shards,
    noisy: Shards,
    features: Shards,
    parameters: ConfidenceParameters,
    *,
    seed: int,
    hardware: Hardware,
) -> Confidence:
    """Learn from each member's held-out tickets how large label sets must be, and what is foreign.

    Args:
        model: of any strategy, fitted.
        folds: of :func:`kefu.training.folds.make_folds`, a fold for each member.
        prior: share of each class among the training tickets (C,).
        outputs: what the classifiers trained for each modality said of all tickets.
        noisy: what they said of noisy copies, where strategies were fitted on those as well, else nothing.
        features: for strategies whose encoders were trained with the fusion.
        parameters: what is promised.
        seed: of starting weights and shuffling.
        hardware: device and threads.

    Returns:
        One that promises nothing where there is no held-out ticket.
    """

    def gathered(tickets: Sequence[pd.DataFrame]) -> list[FusionRows]:
        return [
            rows_of(model, frame, outputs, features, hardware).member(member) for member, frame in enumerate(tickets)
        ]

    if not any(len(fold.validation) for fold in folds):
        return Confidence(parameters)
    heads = [heads_of(model.parts, member) for member in range(len(folds))]
    held_out = gathered([fold.validation for fold in folds])
    learned_from = rows_to_fit_on(held_out, [fold.validation for fold in folds], noisy, model.labels)
    scope = ScopeScore.fit(heads, gathered([fold.training for fold in folds]), held_out)
    return Confidence.fit(
        parameters,
        scope,
        _unseen_probabilities(model, prior, held_out, learned_from, seed),
        np.concatenate([rows.targets for rows in held_out]),
        np.concatenate([scope.score(heads[member], member, rows) for member, rows in enumerate(held_out)]),
        [name for rows in held_out for name in combinations(rows.present)],
    )


def _unseen_probabilities(
    model: FusedModel,
    prior: torch.Tensor,
    held_out: Sequence[FusionRows],
    learned_from: Sequence[FusionRows],
    seed: int,
) -> NDArray[np.float64]:
    """Return probabilities (N, C) of fusions that were not fitted on the ticket, one member after the other."""
    if model.strategy in END_TO_END:
        return member_probabilities(model, held_out)
    heads = [heads_of(model.parts, member) for member in range(len(held_out))]
    names = model.parameters.on_shared_parts if model.strategy == ENSEMBLE else (model.strategy,)
    found = {
        name: OutOfFold.fit(name, heads, prior, learned_from, params=model.parameters, seed=seed).predict(held_out)
        for name in names
    }
    if model.strategy != ENSEMBLE:
        return found[model.strategy]
    targets = np.concatenate([rows.targets for rows in held_out])
    folds = np.concatenate(make_fusion_folds(held_out, seed))
    return predict_ensemble_out_of_fold(found, targets, folds)


def member_probabilities(model: FusedModel, held_out: Sequence[FusionRows]) -> NDArray[np.float64]:
    """Return what each member says of its own tickets (N, C), one member after the other."""
    with torch.inference_mode():
        return np.concatenate(
            [
                fusion(rows.embeddings, rows.present).double().softmax(dim=1).numpy()
                for fusion, rows in zip(model.fusions, held_out, strict=True)
            ]
        )
