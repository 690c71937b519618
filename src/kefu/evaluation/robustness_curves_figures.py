"""Figures of robustness curves, one a corruption: small, so that they stand side by side or below each other."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kefu.evaluation.figures import BLUE, GREY, VERMILLION, escaped, finished
from kefu.evaluation.robustness_curves import ALONE, FUSION, Curve, ScoredCurve

_HEIGHT_PX = 330
_LEAST_TICK_DISTANCE = 0.12
"""As a share of the axis: closer ticks would run into each other on a phone."""


def draw_curve(scored: ScoredCurve) -> go.Figure:
    """Draw macro-F1 of the fusion and of the modality alone by severity, with intervals, above a mere guess."""
    curve = scored.curve
    figure = go.Figure()
    for by, name, colour, dash, symbol in (
        (ALONE, f"{escaped(curve.modality).capitalize()} alone", VERMILLION, "dash", "diamond-open"),
        (FUSION, "Fusion", BLUE, "solid", "circle"),
    ):
        points = scored.points[scored.points["by"] == by]
        if points.empty:
            continue
        _add_band(figure, points, colour)
        figure.add_scatter(
            x=points["level"],
            y=points["macro_f1"],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"size": 8, "symbol": symbol, "color": colour, "line": {"width": 2, "color": colour}},
            customdata=points[["accuracy", "macro_f1_low", "macro_f1_high"]].to_numpy().tolist(),
            hovertemplate=name + "<br>macro-F1 %{y:.3f}<br>accuracy %{customdata[0]:.3f}<extra></extra>",
        )
    figure.add_scatter(
        x=[curve.levels[0], curve.levels[-1]],
        y=[scored.guess["macro_f1"]] * 2,
        name="Mere guess",
        mode="lines",
        line={"color": GREY, "dash": "dot", "width": 2},
        hovertemplate="Mere guess<br>macro-F1 %{y:.3f}<extra></extra>",
    )
    first, last = curve.levels[0], curve.levels[-1]
    margin = 0.04 * (last - first)
    figure.update_xaxes(
        title_text=curve.axis,
        range=[first - margin, last + margin],
        tickvals=list(curve.levels),
        ticktext=_ticks(curve),
        tickangle=0,
    )
    figure.update_yaxes(title_text="Macro-F1", range=[0, 1.02], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".2f")
    figure.update_layout(legend={"font": {"size": 12}})
    return finished(figure, title_of(curve), _HEIGHT_PX)


def title_of(curve: Curve) -> str:
    """Return ``Text: typos``, ``Any modality: missing``, … as the heading of a figure."""
    return f"{escaped(curve.modality or 'any modality').capitalize()}: {escaped(curve.change)}"


def _add_band(figure: go.Figure, points: pd.DataFrame, colour: str) -> None:
    """Shade the interval; where there is none, nothing."""
    known = points.dropna(subset=["macro_f1_low", "macro_f1_high"])
    if known.empty:
        return
    figure.add_scatter(
        x=np.concatenate([known["level"], known["level"][::-1]]),
        y=np.concatenate([known["macro_f1_high"], known["macro_f1_low"][::-1]]),
        fill="toself",
        fillcolor=colour,
        opacity=0.16,
        mode="none",
        hoverinfo="skip",
        showlegend=False,
    )


def _ticks(curve: Curve) -> list[str]:
    """Name the levels, both ends always, those between where they stand far enough from their neighbours."""
    ticks, last = [], -1.0
    for name, place in zip(curve.level_names, curve.severities, strict=True):
        far = place - last >= _LEAST_TICK_DISTANCE and 1 - place >= _LEAST_TICK_DISTANCE
        ticks.append(name if far or place in (0, 1) else "")
        last = place if far else last
    return ticks
