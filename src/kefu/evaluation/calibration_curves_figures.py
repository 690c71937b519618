"""Figures of how far a model can be believed."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from kefu.evaluation.figures import BLUE, GREY, VERMILLION, finished, whiskers


def reliability_of_both(before: pd.DataFrame, after: pd.DataFrame) -> go.Figure:
    """Draw accuracy over confidence, of the model as it is and without its calibration."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="Perfect", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"
    )
    for curve, name, colour, dash, symbol in (
        (before, "Before calibration", VERMILLION, "dash", "square-open"),
        (after, "After calibration", BLUE, "solid", "circle"),
    ):
        figure.add_scatter(
            x=curve["confidence"],
            y=curve["accuracy"],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 9, "symbol": symbol},
            error_y=whiskers(curve, "accuracy", colour, low="low", high="high"),
            customdata=[[n] for n in curve["n"]],
            hovertemplate="confidence %{x:.2f}<br>accuracy %{y:.2f}<br>%{customdata[0]} tickets<extra></extra>",
        )
    figure.update_xaxes(title_text="Confidence (probability of the answer)", range=[0, 1.02], tickformat=".1f")
    figure.update_yaxes(title_text="Accuracy", range=[0, 1.02], tickformat=".1f")
    return finished(figure, "Confidence against accuracy, before and after calibration", 420)


def label_sets(table: pd.DataFrame) -> go.Figure:
    """Draw how often sets hold the true label (above) and how large they are (below), by what was asked for."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.09)
    figure.add_scatter(
        x=[0.5, 1], y=[0.5, 1], mode="lines", name="As asked", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=table["asked"],
        y=table["coverage"],
        mode="lines+markers",
        name="Measured, 95% interval",
        line={"color": BLUE, "width": 2},
        marker={"size": 9},
        error_y=whiskers(table, "coverage", BLUE),
        hovertemplate="asked %{x:.2f}<br>coverage %{y:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=table["asked"],
        y=table["set_size"],
        mode="lines+markers",
        name="Labels a set",
        showlegend=False,
        line={"color": BLUE, "width": 2},
        marker={"size": 9},
        hovertemplate="asked %{x:.2f}<br>%{y:.2f} labels a set<extra></extra>",
        row=2,
        col=1,
    )
    figure.update_yaxes(title_text="Coverage", tickformat=".1f", nticks=6, row=1, col=1)
    figure.update_yaxes(title_text="Labels a set (mean)", rangemode="tozero", nticks=5, row=2, col=1)
    figure.update_xaxes(title_text="Coverage asked for", tickformat=".2f", row=2, col=1)
    return finished(figure, "Label sets: coverage and size", 470)


def selective(table: pd.DataFrame) -> go.Figure:
    """Draw the accuracy of the surest tickets over their share."""
    figure = go.Figure()
    figure.add_scatter(
        x=table["answered"],
        y=table["accuracy"],
        mode="lines+markers",
        name="Measured, 95% interval",
        line={"color": BLUE, "width": 2},
        marker={"size": 9},
        error_y=whiskers(table, "accuracy", BLUE),
        customdata=[[threshold, n] for threshold, n in zip(table["threshold"], table["n"], strict=True)],
        hovertemplate="answered %{x:.0%}<br>accuracy %{y:.3f}<br>confidence ≥ %{customdata[0]:.2f}"
        "<br>%{customdata[1]} tickets<extra></extra>",
    )
    figure.update_xaxes(title_text="Share of tickets answered, the surest first", range=[0, 1.04], tickformat=".0%")
    figure.update_yaxes(title_text="Accuracy of the answers", tickformat=".2f", nticks=6)
    return finished(figure, "Accuracy where only sure answers are given", 380)


def roc(curve: pd.DataFrame, auroc: float) -> go.Figure:
    """Draw tickets out of scope that are caught over tickets in scope that are flagged with them."""
    figure = _of_rates("Chance", [0, 1], [0, 1])
    _add_curve(figure, curve["false_positive_rate"], curve["true_positive_rate"], f"AUROC {auroc:.3f}")
    figure.update_xaxes(title_text="Tickets in scope that are flagged", range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(title_text="Tickets out of scope that are flagged", range=[0, 1.02], tickformat=".0%")
    return finished(figure, "ROC: out of scope", 380)


def precision_recall(curve: pd.DataFrame, aupr: float, foreign_share: float) -> go.Figure:
    """Draw how many of the flagged tickets are out of scope over how many of those are caught."""
    figure = _of_rates("Chance", [0, 1], [foreign_share, foreign_share])
    _add_curve(figure, curve["recall"], curve["precision"], f"AUPR {aupr:.3f}")
    figure.update_xaxes(title_text="Tickets out of scope that are flagged", range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(title_text="Flagged tickets that are out of scope", range=[0, 1.02], tickformat=".0%")
    return finished(figure, "Precision and recall: out of scope", 380)


def flagged(table: pd.DataFrame) -> go.Figure:
    """Draw the share of tickets flagged over the threshold, of those in scope and of the others."""
    figure = go.Figure()
    for column, name, colour, dash in (
        ("foreign", "Out of scope", VERMILLION, "solid"),
        ("known", "In scope", BLUE, "dash"),
    ):
        figure.add_scatter(
            x=table["threshold"],
            y=table[column],
            mode="lines",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate="threshold %{x:.2f}<br>flagged %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(title_text="Threshold of the out-of-scope score (standard deviations)", nticks=7)
    figure.update_yaxes(title_text="Share flagged", range=[0, 1.02], tickformat=".0%")
    return finished(figure, "Share flagged by threshold", 380)


def _of_rates(name: str, x: list[float], y: list[float]) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=x, y=y, mode="lines", name=name, line={"color": GREY, "dash": "dot"}, hoverinfo="skip")
    return figure


def _add_curve(figure: go.Figure, x: pd.Series, y: pd.Series, name: str) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        name=name,
        line={"color": BLUE, "width": 2},
        hovertemplate="%{x:.1%}, %{y:.1%}<extra></extra>",
    )
