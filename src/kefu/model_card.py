"""The card that goes with a model: what it is, what it was trained on, how well it does."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def write_card(
    strategy: str,
    labels: Sequence[str],
    metrics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    tickets: pd.DataFrame,
) -> str:
    """Return the card in Markdown (Mitchell et al. 2019, "Model cards for model reporting")."""
    synthetic = "synthetic" in tickets and tickets["synthetic"].astype(str).str.lower().eq("true").any()
    languages = ", ".join(f"{name} {count:,}" for name, count in tickets["language"].value_counts().items())
    test = metrics["test"]
    lines = [
        "# A kefu model for customer tickets",
        "",
        f"{strategy.capitalize()} fusion over text, pictures and voice; any of them may be missing.",
        "",
        *(["> Trained on **synthetic demo tickets**: it knows no real customer.", ""] if synthetic else []),
        "## Use",
        "",
        "```python",
        "import kefu",
        'kefu.Predictor.load("this folder").predict("tickets.csv")',
        "```",
        "",
        "## Labels",
        "",
        ", ".join(f"`{label}`" for label in labels),
        "",
        "## Tickets",
        "",
        *(f"- {split}: {count:,}" for split, count in sorted(provenance["tickets"].items())),
        f"- languages: {languages}",
        "",
        "## Scores",
        "",
        "| test tickets | accuracy | macro-F1 |",
        "| --- | --- | --- |",
        f"| {test['tickets']} | {_number(test, 'accuracy')} | {_number(test, 'macro_f1')} |",
        "",
        "The report beside the run's other results has intervals, classes, missing modalities and calibration.",
        "",
    ]
    return "\n".join(lines)


def _number(scores: Mapping[str, Any], name: str) -> str:
    return f"{scores[name]:.3f}" if name in scores else "–"
