"""How far the chosen model can be believed, learned from what it says of tickets that nothing was fitted on."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kefu.confidence import Confidence, ConfidenceParameters
from kefu.confidence.scope import ScopeScore
from kefu.fusion.contract import FusionRows, combinations
from kefu.model import FusedModel, heads_of
from kefu.pipelines.fuse.rows import Shards, rows_of
from kefu.predictor import PROBABILITY
from kefu.training.folds import Fold
from kefu.training.hardware import Hardware


def fit_confidence(
    model: FusedModel,
    folds: Sequence[Fold],
    held_out_predictions: pd.DataFrame,
    outputs: Shards,
    features: Shards,
    parameters: ConfidenceParameters,
    hardware: Hardware,
) -> Confidence:
    """Learn from each member's held-out tickets how large label sets must be, and what is foreign.

    Args:
        model: of any strategy, fitted.
        folds: of :func:`kefu.training.folds.make_folds`, a fold for each member.
        held_out_predictions: what the model's strategy says of these tickets without having learned from them:
            ``ticket_id`` and ``probability_<label>`` of each class.
        outputs: what the classifiers trained for each modality said of all tickets.
        features: for strategies whose encoders were trained with the fusion.
        parameters: what is promised.
        hardware: device and threads.

    Returns:
        One that promises nothing where there is no held-out ticket.

    Raises:
        KeyError: a held-out ticket is not among the predictions.
    """

    def gathered(tickets: Sequence[pd.DataFrame]) -> list[FusionRows]:
        return [
            rows_of(model, frame, outputs, features, hardware).member(member) for member, frame in enumerate(tickets)
        ]

    judged = [fold.validation for fold in folds]
    if not any(len(frame) for frame in judged):
        return Confidence(parameters)
    heads = [heads_of(model.parts, member) for member in range(len(folds))]
    held_out = gathered(judged)
    scope = ScopeScore.fit(heads, gathered([fold.training for fold in folds]), held_out)
    said = held_out_predictions.set_index("ticket_id").loc[pd.concat(judged)["ticket_id"]]
    return Confidence.fit(
        parameters,
        scope,
        said[[f"{PROBABILITY}{label}" for label in model.labels]].to_numpy(dtype=np.float64),
        np.concatenate([rows.targets for rows in held_out]),
        np.concatenate([scope.score(heads[member], member, rows) for member, rows in enumerate(held_out)]),
        [name for rows in held_out for name in combinations(rows.present)],
    )
