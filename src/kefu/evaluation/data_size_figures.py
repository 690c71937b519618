"""The learning curve over the number of tickets."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kefu.evaluation.figures import BLUE, COLOURS, GREY, escaped, finished, whiskers

SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "star")


def learning_curve(table: pd.DataFrame, fused: str, expected: Mapping[str, Any] | None) -> go.Figure:
    """Draw macro-F1 over the number of tickets of the fusion and each modality, and where the fusion's leads.

    Args:
        table: ``speaker``, ``made_with`` (tickets), ``macro_f1`` and its bounds.
        fused: the speaker that is the fusion.
        expected: ``tickets``, ``macro_f1`` with its bounds, ``factor`` and ``exponent``; none where there is no curve.
    """
    figure = go.Figure()
    names = sorted(table["speaker"].unique(), key=lambda name: (name != fused, name)) if len(table) else []
    others = [colour for colour in COLOURS if colour not in (BLUE, GREY)]
    for number, name in enumerate(names):
        colour = BLUE if name == fused else others[(number - 1) % len(others)]
        rows = table[table["speaker"] == name]
        figure.add_scatter(
            x=rows["made_with"],
            y=rows["macro_f1"],
            name=escaped(name),
            mode="lines+markers",
            line={"color": colour, "width": 3 if name == fused else 1.5},
            marker={"size": 9, "symbol": SYMBOLS[number % len(SYMBOLS)]},
            error_y=whiskers(rows, "macro_f1", colour),
            hovertemplate=f"<b>{escaped(name)}</b><br>%{{x}} tickets<br>macro-F1 %{{y:.3f}}<extra></extra>",
        )
    if expected is not None:
        first = float(table["made_with"].min())
        along = np.geomspace(first, expected["tickets"], 30)
        figure.add_scatter(
            x=along,
            y=1 - expected["factor"] * along ** -expected["exponent"],
            name="Power law",
            mode="lines",
            line={"color": BLUE, "width": 2, "dash": "dot"},
            hoverinfo="skip",
        )
        promise = pd.DataFrame([{name: expected[name] for name in ("macro_f1", "macro_f1_low", "macro_f1_high")}])
        figure.add_scatter(
            x=[expected["tickets"]],
            y=[expected["macro_f1"]],
            name="Expected of twice the tickets",
            mode="markers",
            marker={"size": 12, "symbol": "circle-open", "color": BLUE, "line": {"width": 2.5, "color": BLUE}},
            error_y=whiskers(promise.astype(float), "macro_f1", BLUE),
            hovertemplate="%{x} tickets<br>macro-F1 %{y:.3f}<extra></extra>",
        )
    sizes = sorted({*(table["made_with"] if len(table) else []), *([expected["tickets"]] if expected else [])})
    figure.update_xaxes(
        title_text="Tickets that the model is made with (logarithmic)",
        type="log",
        tickvals=sizes,
        ticktext=[f"{size:,}" for size in sizes],
    )
    figure.update_yaxes(title_text="Macro-F1", tickformat=".2f", nticks=7)
    return finished(figure, "Macro-F1 by number of tickets", 440)
