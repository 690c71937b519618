"""What corruptions make of one ticket, for a reader to see."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from kefu import modalities
from kefu.engines.corruption import spoil
from kefu.evaluation.contact_sheet import severity_sheet
from kefu.modalities.contract import Corruption

_LONGEST_TEXT = 160

Shown = Mapping[str, Sequence[tuple[str, Any]]]
"""For each modality some tickets: id and payload."""


def picture_samples(shown: Shown, seed: int) -> dict[str, go.Figure]:
    """Return a sheet for each modality whose payloads are pictures: its first ticket, a row a corruption."""
    sheets = {}
    for name, tickets in shown.items():
        corruptions = modalities.get(name).CORRUPTIONS
        if not tickets or not corruptions or isinstance(tickets[0][1], str) or tickets[0][1].ndim != 3:
            continue
        rows = [(_heading(name, one), _degrees(one, *tickets[0], seed)) for one in corruptions]
        sheets[f"samples_{name}"] = severity_sheet(rows).update_layout(title_text="A picture, from mild to bad")
    return sheets


def text_samples(shown: Shown, seed: int) -> pd.DataFrame:
    """Return ``input``, ``level`` and ``sample``: of each text every degree of each corruption, shortened."""
    rows = [
        (f"{name} {corruption.name}", level, text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")
        for name, tickets in shown.items()
        for ticket_id, payload in tickets
        if isinstance(payload, str)
        for corruption in modalities.get(name).CORRUPTIONS
        for level, text in _degrees(corruption, ticket_id, payload, seed)
    ]
    return pd.DataFrame(rows, columns=["input", "level", "sample"])


def _degrees(corruption: Corruption, ticket_id: str, payload: Any, seed: int) -> list[tuple[str, Any]]:
    """Return the name of each level and what it looks like, the payload as it came first."""
    spoilt = [payload, *spoil(corruption, payload, ticket_id, seed)]
    return list(zip(corruption.level_names, spoilt, strict=True))


def _heading(name: str, corruption: Corruption) -> str:
    return f"{name.capitalize()}: {corruption.name}"
