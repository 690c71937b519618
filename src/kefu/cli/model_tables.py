"""What ``kefu models`` prints, as ``rich`` renders it."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kefu.registry.comparison import Comparison, describe

if TYPE_CHECKING:
    from kefu.registry.store import TrainedModel

_SHOWN_DIGITS = 12
"""Of a hash: enough to tell all models apart that a person will ever train."""


def summary_of(model: "TrainedModel", promoted: str | None) -> dict[str, Any]:
    """Return the row of a model in the list, fit for JSON; None where something is not known.

    Args:
        model: any.
        promoted: the version in use.
    """
    scores, code = model.metrics, model.provenance.get("code") or {}
    return {
        "version": model.name,
        "promoted": model.name == promoted,
        "strategy": model.strategy,
        **{name: scores.get(name) for name in ("macro_f1", "macro_f1_low", "macro_f1_high", "accuracy", "ece")},
        "tickets": scores.get("n", scores.get("tickets")),
        "commit": code.get("commit"),
        "dirty": code.get("dirty"),
        "data": model.provenance.get("data"),
        "weights": model.weights,
        "comparable": model.scored is not None,
    }


def list_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Return the list as a table: a row a model, as :func:`summary_of` makes them."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("", "version", "strategy", "commit"):
        table.add_column(name, no_wrap=True)
    for name in ("macro-F1", "accuracy", "ECE", "tickets"):
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        table.add_row(
            "*" if row["promoted"] else "",
            row["version"],
            row["strategy"],
            _commit(row, 7),
            _with_interval(row),
            _number(row["accuracy"]),
            _number(row["ece"]),
            str(row["tickets"] if row["tickets"] is not None else "–"),
        )
    notes = ["* promoted: `kefu predict` takes it"] if any(row["promoted"] for row in rows) else []
    notes += ["+ code or configuration had changed since the commit"] if any(row["dirty"] for row in rows) else []
    return Group(table, *(Text(note) for note in notes))


def details(
    model: "TrainedModel",
    promoted: str | None,
    promotions: Sequence[Mapping[str, Any]],
    parameters: Mapping[str, Any],
) -> RenderableType:
    """Return all that a person wants to know of a model.

    Args:
        model: any.
        promoted: the version in use.
        promotions: those of this model.
        parameters: its parameters that differ from their defaults.
    """
    row, known = summary_of(model, promoted), model.provenance
    facts = {
        "version": f"{model.name}{' (promoted)' if row['promoted'] else ''}",
        "bundle": str(model.folder),
        "strategy": model.strategy,
        "macro-F1": _with_interval(row),
        "accuracy": _number(row["accuracy"]),
        "ECE": _number(row["ece"]),
        "scored": f"{row['tickets']} tickets" if row["tickets"] is not None else "–",
        "trained on": ", ".join(f"{split} {count}" for split, count in sorted((known.get("tickets") or {}).items())),
        "commit": _commit(row, _SHOWN_DIGITS),
        "data": (row["data"] or "–")[:_SHOWN_DIGITS],
        "weights": (row["weights"] or "–")[:_SHOWN_DIGITS],
        "libraries": ", ".join(f"{name} {value}" for name, value in (known.get("environment") or {}).items()) or "–",
    }
    facts |= {f"promoted {entry['promoted_at']}": _promotion(entry) for entry in promotions}
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in facts.items():
        table.add_row(name, Text(str(value)))
    return Group(table, *_parameters("parameters that differ from their defaults", parameters))


def comparison_table(
    reference: "TrainedModel",
    candidate: "TrainedModel",
    found: Comparison,
    parameters: Mapping[str, tuple[Any, Any]],
    same_data: bool,
) -> RenderableType:
    """Return what was found when two models were compared, and in which parameters they differ."""
    head = Text(
        f"{candidate.name} against {reference.name}: {found.macro_f1.n} test tickets in common, "
        f"{found.macro_f1.customers} customers"
    )
    if found.relabelled:
        head.append(f"; {found.relabelled} more were labelled anew and do not count")
    overall = Table.grid(padding=(0, 2, 0, 0))
    for name, score in (("macro-F1", found.macro_f1), ("accuracy", found.accuracy)):
        overall.add_row(name, f"{score.worse:.3f} → {score.better:.3f}", describe(score))
    groups = _table("", "", right=("n", "reference", "candidate", "change"))
    for row in found.groups.to_dict("records"):
        change = "–" if math.isnan(row["change"]) else f"{100 * row['change']:+.1f}"
        groups.add_row(
            row["kind"], Text(row["group"]), str(row["n"]), _number(row["reference"]), _number(row["candidate"]), change
        )
    data = Text("trained on the same data" if same_data else "trained on different data")
    shown = {name: f"{_value(before)} → {_value(after)}" for name, (before, after) in parameters.items()}
    return Group(head, overall, groups, data, *_parameters("parameters that differ", shown))


def verdict(found: Comparison) -> str:
    """Return whether the candidate passes the gate, and why not."""
    reasons = found.reasons_against
    if not reasons:
        return "The candidate passes the gate: not significantly worse, no class or language down by over 2 points."
    return "\n".join(["The candidate does not pass the gate:", *(f"  {reason}" for reason in reasons)])


def _parameters(title: str, values: Mapping[str, Any]) -> list[RenderableType]:
    if not values:
        return [Text(f"{title}: none")]
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in values.items():
        table.add_row(f"  {name}", Text(value if isinstance(value, str) else _value(value)))
    return [Text(f"{title}:"), table]


def _promotion(entry: Mapping[str, Any]) -> str:
    instead = f"instead of {entry['replaced']}" if entry.get("replaced") else "the first"
    return f"{instead}; forced: {entry['forced']}" if entry.get("forced") else instead


def _table(*left: str, right: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _with_interval(row: Mapping[str, Any]) -> str:
    if row["macro_f1_low"] is None or row["macro_f1_high"] is None:
        return _number(row["macro_f1"])
    return f"{row['macro_f1']:.3f} [{row['macro_f1_low']:.3f}, {row['macro_f1_high']:.3f}]"


def _commit(row: Mapping[str, Any], digits: int) -> str:
    if row["commit"] is None:
        return "–"
    return f"{row['commit'][:digits]}{'+' if row['dirty'] else ''}"


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) and not math.isnan(value) else "–"


def _value(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
