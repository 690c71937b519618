"""How well a model does on a split, as its bundle says it."""

from typing import Any

import numpy as np
import pandas as pd

from kefu.evaluation.analysis import plain, records_by
from kefu.evaluation.bootstrap import FIRST_CLASS, Resampling, score_intervals
from kefu.evaluation.calibration import expected_calibration_error
from kefu.evaluation.groups import by_group, score_columns
from kefu.evaluation.metrics import per_class
from kefu.evaluation.predictions import Predictions, known, modality_columns
from kefu.fusion.contract import FusionRows
from kefu.model import FusedModel


def score_rows(model: FusedModel, rows: FusionRows, tickets: pd.DataFrame) -> dict[str, Any]:
    """Return scores of a model with intervals over customers, of all tickets, each language and each class.

    Args:
        model: the one that is scored.
        rows: N of them.
        tickets: the tickets that the rows are of, in their order.

    Returns:
        ``tickets``; where there are any also ``accuracy`` and ``macro_f1``, each with ``_low`` and ``_high``,
        ``customers``, ``ece``, and by name ``languages`` and ``classes``.
    """
    if len(rows) == 0:
        return {"tickets": 0}
    probabilities = model.probabilities(rows.embeddings, rows.present).double().numpy()
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    columns = ["ticket_id", "customer_id", "language", "split", *modality_columns(tickets)]
    said = Predictions("model", "fusion", model.labels, probabilities, rows.targets, tickets.reindex(columns=columns))
    resampling = Resampling()
    scores = score_intervals(said, resampling)
    classes = per_class(said)
    classes["f1_low"], classes["f1_high"] = scores.low[FIRST_CLASS:], scores.high[FIRST_CLASS:]
    languages = by_group(said, known(said.tickets["language"]).tolist(), resampling)
    return {
        "tickets": len(rows),
        "customers": scores.customers,
        **_rounded(score_columns(scores)),
        "ece": plain(np.round(expected_calibration_error(said), 4)),
        "languages": {name: _rounded(row) for name, row in records_by(languages, "group").items()},
        "classes": {name: _rounded(row) for name, row in records_by(classes, "class").items()},
    }


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value := plain(found), float) else value for name, found in row.items()}
