"""Tiny predictions, written out so that a reader can check the scores by hand."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation import Analysis, EvaluationParameters, Predictions, evaluate
from kefu.evaluation.bootstrap import Resampling


def make_tickets(n: int, **columns: Sequence) -> pd.DataFrame:
    table = {
        "ticket_id": [f"t{row}" for row in range(n)],
        "customer_id": [f"c{row}" for row in range(n)],
        "language": ["en"] * n,
        "split": ["test"] * n,
        "has_text": [True] * n,
        "has_image": [True] * n,
        "has_audio": [False] * n,
    }
    return pd.DataFrame(table | {name: list(values) for name, values in columns.items()})


def make_predictions(
    targets: Sequence[int],
    predicted: Sequence[int],
    classes: Sequence[str] = ("a", "b", "c"),
    confidence: float | Sequence[float] = 0.8,
    name: str = "late",
    kind: str = "fusion",
    **columns: Sequence,
) -> Predictions:
    n, n_classes = len(targets), len(classes)
    confidence = np.broadcast_to(np.asarray(confidence, dtype=float), (n,))
    rest = (1 - confidence) / max(1, n_classes - 1)
    probabilities = np.tile(rest[:, None], (1, n_classes))
    probabilities[np.arange(n), np.asarray(predicted, dtype=int)] = confidence if n_classes > 1 else 1.0
    targets = np.asarray(targets, dtype=np.int64)
    return Predictions(name, kind, tuple(classes), probabilities, targets, make_tickets(n, **columns))


def make_random(n: int, n_classes: int, seed: int, name: str = "late", skill: float = 1.5, **columns) -> Predictions:
    rng = np.random.default_rng(seed)
    targets = np.random.default_rng(0).integers(n_classes, size=n)
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), targets] += skill
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    classes = tuple(f"class {index}" for index in range(n_classes))
    return Predictions(name, "fusion", classes, probabilities, targets, make_tickets(n, **columns))


@pytest.fixture
def tickets():
    return make_tickets


@pytest.fixture
def predictions():
    return make_predictions


@pytest.fixture
def random_predictions():
    return make_random


def make_history() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "train_loss": [2.0, 1.0, 0.5],
            "validation_loss": [2.1, float("nan"), 0.9],
            "validation_macro_f1": [0.2, 0.5, 0.6],
        }
    )


def make_quarantine() -> pd.DataFrame:
    return pd.DataFrame(
        [("q1", "image", "blank", "one colour"), ("q2", "image", "blank", "one colour"), ("q3", None, "bad_label", "")],
        columns=["ticket_id", "modality", "reason", "detail"],
    )


def run_evaluation(scored: Sequence[Predictions] | None = None, **given) -> Analysis:
    """Evaluate with everything given; keyword arguments replace what is given."""
    if scored is None:
        late = make_random(120, 3, seed=1, skill=3.0)
        early = make_random(120, 3, seed=2, skill=2.0, name="early")
        text = make_random(120, 3, seed=3, skill=1.0, name="text")
        image = make_random(120, 3, seed=4, skill=1.5, name="image").select(np.arange(0, 120, 2))
        scored = [late, early, *(dataclasses.replace(one, kind="modality") for one in (text, image))]
    classes = np.array(scored[0].classes, dtype=object)
    arguments = {
        "chosen": "late",
        "histories": {"text": make_history()},
        "quarantine": make_quarantine(),
        "tickets": scored[0].tickets.assign(label=classes[scored[0].targets]),
        "parameters": EvaluationParameters(resampling=Resampling(resamples=100)),
    }
    return evaluate(scored, **(arguments | given))


@pytest.fixture
def history() -> pd.DataFrame:
    return make_history()


@pytest.fixture
def quarantine() -> pd.DataFrame:
    return make_quarantine()


@pytest.fixture(scope="session")
def usual() -> Analysis:
    """Four models on 120 tickets, evaluated once for all who only read it."""
    return run_evaluation()


@pytest.fixture
def evaluated():
    return run_evaluation
