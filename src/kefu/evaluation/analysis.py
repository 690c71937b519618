"""What is found about a model, whatever the question: the common shape of all parts of an evaluation."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.utils import PlotlyJSONEncoder

from kefu.tickets.errors import KefuError


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found: ``metrics`` for machines, ``figures`` for the eye, ``tables`` for both.

    Everything in it can be written as JSON: metrics hold plain values, a table's columns one type each (numbers,
    booleans, or texts of which some may be None).
    """

    metrics: Mapping[str, Any]
    figures: Mapping[str, go.Figure] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def write_analysis(path: Path, analysis: Analysis) -> None:
    """Write an analysis as JSON; the file appears whole or not at all."""
    content = {
        "metrics": dict(analysis.metrics),
        "tables": {name: _columns(table) for name, table in analysis.tables.items()},
        "figures": {name: plain_figure(figure) for name, figure in analysis.figures.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def read_analysis(path: Path) -> Analysis:
    """Read what :func:`write_analysis` wrote.

    Raises:
        KefuError: the file is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Analysis(
            content["metrics"],
            {name: go.Figure(figure) for name, figure in content["figures"].items()},
            {name: _table(columns) for name, columns in content["tables"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KefuError(f"{path}: missing or damaged ({error}); run the pipelines score and analyse again") from error


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    return {
        str(name): {"dtype": _kind(table[name]), "values": [plain(value) for value in table[name].tolist()]}
        for name in table.columns
    }


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "bool"
    if pd.api.types.is_integer_dtype(column):
        return "int64"
    return "float64" if pd.api.types.is_float_dtype(column) else "object"


def _table(columns: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(one["values"], dtype=one["dtype"]) for name, one in columns.items()})


def plain_figure(figure: go.Figure) -> dict[str, Any]:
    """Return a figure as JSON takes it, its arrays as lists of numbers, which Plotly itself would write in base64."""
    return json.loads(json.dumps(_unpacked(figure.to_plotly_json()), cls=PlotlyJSONEncoder))


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() >= {"dtype", "bdata"}:
            array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
            shape = str(value.get("shape", len(array)))
            return array.reshape([int(length) for length in shape.split(",")])
        return {name: _unpacked(part) for name, part in value.items()}
    return [_unpacked(part) for part in value] if isinstance(value, list | tuple) else value


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
