"""Predictions and models on disk, small enough to be counted by hand."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kefu.evaluation.predictions import Predictions
from kefu.registry.scored import to_table
from kefu.registry.store import ModelStore


def make_said(
    targets: Sequence[str],
    predicted: Sequence[str],
    classes: Sequence[str] = ("a", "b"),
    **columns: Sequence[Any],
) -> Predictions:
    """Return predictions that are sure of what they say; a customer a ticket."""
    n, numbers = len(targets), {name: number for number, name in enumerate(classes)}
    tickets = {
        "ticket_id": [f"t{number}" for number in range(n)],
        "customer_id": [f"c{number}" for number in range(n)],
        "language": ["en"] * n,
        "split": ["test"] * n,
        "has_text": [True] * n,
    }
    return Predictions(
        "late",
        "fusion",
        tuple(classes),
        np.eye(len(classes))[[numbers[name] for name in predicted]],
        np.array([numbers[name] for name in targets], dtype=np.int64),
        pd.DataFrame(tickets | {name: list(values) for name, values in columns.items()}),
    )


@pytest.fixture
def said() -> Callable[..., Predictions]:
    return make_said


class Shelf:
    """A store that models are put into without training any."""

    def __init__(self, root: Path) -> None:
        self.store = ModelStore(root / "data/06_models/demo", root / "data/08_reporting/demo")

    def put(
        self, version: str, predictions: Predictions | None = None, *, evaluated: str | None = None, **known: Any
    ) -> None:
        """Write a bundle's configuration and, at the time of ``evaluated``, what the model said."""
        root = "current" if version == "current" else f"versions/fused/{version}"
        folder = self.store.models / root / "fused"
        folder.mkdir(parents=True)
        provenance = {"weights": f"weights of {version}", "parameters": {"seed": 0}} | known
        config = {"kind": "fused", "strategy": "late", "provenance": provenance, "schema_version": 4}
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        (folder / "metrics.json").write_text('{"test": {"tickets": 3, "accuracy": 0.5, "macro_f1": 0.4}}', "utf-8")
        if predictions is None:
            return
        when = evaluated or version
        reports = self.store.reports
        for name in ("scored_tickets.parquet", "metrics.json"):
            place_of = reports / "current" / name if when == "current" else reports / "versions" / name / when / name
            place_of.parent.mkdir(parents=True, exist_ok=True)
            if name == "metrics.json":
                place_of.write_text(json.dumps({"macro_f1": 0.75, "n": len(predictions)}), "utf-8")
            else:
                to_table(predictions, str(provenance["weights"])).to_parquet(place_of)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)
