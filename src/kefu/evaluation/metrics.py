"""Scores of predictions. Where scikit-learn has the same score, it gives the same number.

Macro-F1 is the mean of the F1 of the classes that occur in the targets or in the predictions, as in
``sklearn.metrics.f1_score(average="macro", zero_division=0)``: a class that occurs in neither says nothing and is left
out; a class that occurs in only one of them has an F1 of 0 and counts.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kefu.evaluation.predictions import Predictions

Floats = NDArray[np.float64]


def confusion_matrix(predictions: Predictions) -> NDArray[np.int64]:
    """Return counts (C, C): rows are the true classes, columns the predicted ones."""
    n_classes = len(predictions.classes)
    cells = predictions.targets * n_classes + predictions.predicted
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def f1_of_counts(hits: Floats, actual: Floats, predicted: Floats) -> Floats:
    """Return F1 = 2 hits / (actual + predicted), of any shape; NaN where a class is in neither."""
    total = actual + predicted
    return np.divide(2 * hits, total, out=np.full(total.shape, np.nan), where=total > 0)


def mean_of_defined(values: Floats) -> Floats:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=-1)
    total = np.where(defined, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def accuracy(predictions: Predictions) -> float:
    """Return the share of tickets whose most probable class is the true one; NaN without tickets."""
    return float((predictions.predicted == predictions.targets).mean()) if len(predictions) else float("nan")


def macro_f1(predictions: Predictions) -> float:
    """Return the mean F1 of the classes that occur (see the module); NaN without tickets."""
    counts = confusion_matrix(predictions).astype(np.float64)
    return float(mean_of_defined(f1_of_counts(np.diag(counts), counts.sum(axis=1), counts.sum(axis=0))))


def log_loss(predictions: Predictions) -> float:
    """Return the mean of −log p(true class) in nats, p clipped to the machine epsilon; NaN without tickets."""
    if not len(predictions):
        return float("nan")
    true = predictions.probabilities[np.arange(len(predictions)), predictions.targets]
    return float(-np.log(np.clip(true, np.finfo(np.float64).eps, 1.0)).mean())


def brier(predictions: Predictions) -> float:
    """Return the mean squared distance to the one-hot truth, summed over classes: 0 to 2 (Brier 1950)."""
    if not len(predictions):
        return float("nan")
    truth = np.eye(len(predictions.classes))[predictions.targets]
    return float(((predictions.probabilities - truth) ** 2).sum(axis=1).mean())


def per_class(predictions: Predictions) -> pd.DataFrame:
    """Return one row a class: precision, recall, f1, support (true tickets), predicted (tickets given the class).

    Precision is 0 for a class never predicted and recall 0 for one never true, but a class in neither has NaN in all.
    """
    counts = confusion_matrix(predictions).astype(np.float64)
    hits, actual, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    occurs = np.where(actual + predicted > 0, 0.0, np.nan)
    return pd.DataFrame(
        {
            "class": predictions.classes,
            "precision": np.divide(hits, predicted, out=occurs.copy(), where=predicted > 0),
            "recall": np.divide(hits, actual, out=occurs.copy(), where=actual > 0),
            "f1": f1_of_counts(hits, actual, predicted),
            "support": actual.astype(np.int64),
            "predicted": predicted.astype(np.int64),
        }
    )


def frequent_confusions(predictions: Predictions, at_most: int = 10) -> pd.DataFrame:
    """Return the commonest mistakes: true class, predicted class, tickets, share of the true class."""
    counts = confusion_matrix(predictions)
    wrong = counts * (1 - np.eye(len(counts), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")[:at_most]
    rows, columns = np.unravel_index(order[wrong.ravel()[order] > 0], wrong.shape)
    classes = np.array(predictions.classes, dtype=object)
    return pd.DataFrame(
        {
            "true": classes[rows],
            "predicted": classes[columns],
            "tickets": wrong[rows, columns],
            "share": wrong[rows, columns] / counts.sum(axis=1)[rows],
        }
    )
