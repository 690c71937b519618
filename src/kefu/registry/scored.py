"""What a model said of tickets that it was not trained on, as a table on disk and back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kefu.evaluation.predictions import REQUIRED_COLUMNS, Predictions, modality_columns
from kefu.tickets.errors import KefuError

MODEL = "model"
"""The column that says whose predictions these are: the hash of the model's weights, the same in every row."""
_PROBABILITY = "probability_"


def to_table(predictions: Predictions, weights: str) -> pd.DataFrame:
    """Return ``ticket_id``, ``customer_id``, ``language``, ``split``, ``has_<modality>``, ``label``, ``model`` and
    ``probability_<label>`` of each of N tickets.

    Args:
        predictions: of one model.
        weights: its hash, :meth:`kefu.bundle.Bundle.hash_weights`.
    """  # noqa: D205 - the columns are the sentence
    tickets = predictions.tickets[[*REQUIRED_COLUMNS, *modality_columns(predictions.tickets)]]
    labels = np.array(predictions.classes, dtype=object)[predictions.targets]
    columns = [f"{_PROBABILITY}{name}" for name in predictions.classes]
    said = pd.DataFrame(predictions.probabilities, columns=columns, index=tickets.index)
    return pd.concat([tickets.assign(label=labels, model=weights), said], axis=1)


def read_scored(path: Path) -> Predictions:
    """Read what :func:`to_table` made.

    Raises:
        KefuError: it is damaged or no such table.
    """
    try:
        table = pd.read_parquet(path)
        columns = [name for name in table.columns if name.startswith(_PROBABILITY)]
        classes = tuple(name.removeprefix(_PROBABILITY) for name in columns)
        numbers = {name: number for number, name in enumerate(classes)}
        targets = np.array([numbers[label] for label in table["label"]], dtype=np.int64)
        tickets = table[[*REQUIRED_COLUMNS, *modality_columns(table)]]
        return Predictions("model", "fusion", classes, table[columns].to_numpy(dtype=np.float64), targets, tickets)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise KefuError(
            f"{path}: not a table of scored tickets ({error}); run `kedro run --pipelines evaluate`"
        ) from None


def model_of(path: Path) -> str | None:
    """Return the hash of the weights of the model that a table of scored tickets is of; None where it says none."""
    try:
        with pq.ParquetFile(path) as file:
            values = next(file.iter_batches(batch_size=1, columns=[MODEL]))[MODEL].to_pylist()
    except (OSError, KeyError, StopIteration, pa.ArrowException):
        return None
    return values[0] if values else None
