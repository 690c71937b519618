"""What is found about a model, whatever the question: the common shape of all parts of an evaluation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found: ``metrics`` for machines, ``figures`` for the eye, ``tables`` for both.

    Everything in it can be written as JSON: metrics hold plain values, a table's columns one type each (numbers,
    booleans, or texts of which some may be None).
    """

    metrics: Mapping[str, Any]
    figures: Mapping[str, go.Figure] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def records_by(table: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """Return the rows of a table by the value that each has in one column, as JSON takes them."""
    return {str(row.pop(key)): row for row in records(table)}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON takes them."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def plain(value: Any) -> Any:
    """Turn a numpy number into Python's; NaN, which JSON lacks, into None."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
