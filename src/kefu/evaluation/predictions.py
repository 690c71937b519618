"""What a model said about a set of tickets, checked once so that nothing after has to doubt it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

REQUIRED_COLUMNS = ("ticket_id", "customer_id", "language", "split")
SUM_TOLERANCE = 1e-3
NOTHING = "nothing"


@dataclass(frozen=True, eq=False)
class Predictions:
    """Class probabilities of one fusion strategy or one modality, beside the truth.

    Args:
        name: ``late``, ``early``, … for a fusion; ``text``, ``image``, … for a modality.
        kind: Whether ``name`` is a fusion strategy or a single modality.
        classes: The C class names, in the order of the columns of ``probabilities``.
        probabilities: (N, C) float64, rows sum to 1 within 0.001. N may be 0.
        targets: (N,) int64, the index of the true class of each ticket.
        tickets: N rows with ``ticket_id`` (unique), ``customer_id``, ``language``, ``split`` and one boolean
            column ``has_<modality>`` a modality. A modality's predictions hold only the tickets that have it.

    Raises:
        ValueError: If shapes disagree, a value is out of its range, or a column is missing.
    """

    name: str
    kind: Literal["fusion", "modality"]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    targets: NDArray[np.int64]
    tickets: pd.DataFrame

    def __post_init__(self) -> None:
        """Check every field and bring it to its type."""
        classes = tuple(str(name) for name in self.classes)
        probabilities = np.asarray(self.probabilities, dtype=np.float64)
        targets = np.asarray(self.targets)
        tickets = self.tickets.reset_index(drop=True)
        if self.kind not in ("fusion", "modality"):
            raise ValueError(f"predictions {self.name!r}: kind must be 'fusion' or 'modality', not {self.kind!r}")
        if not classes or len(set(classes)) != len(classes):
            raise ValueError(f"predictions {self.name!r}: classes must be unique and at least one, got {classes}")
        _check_probabilities(self.name, probabilities, len(classes))
        _check_targets(self.name, targets, probabilities.shape)
        _check_tickets(self.name, self.kind, tickets, len(probabilities))
        for column in modality_columns(tickets):
            tickets[column] = tickets[column].astype(bool)
        object.__setattr__(self, "classes", classes)
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "targets", targets.astype(np.int64))
        object.__setattr__(self, "tickets", tickets)

    def __len__(self) -> int:
        """Return the number of tickets N."""
        return len(self.targets)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each ticket (N,); the first of equals."""
        return self.probabilities.argmax(axis=1).astype(np.int64)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The probability of the predicted class (N,)."""
        return self.probabilities.max(axis=1)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Predictions":
        """Return the predictions of some rows, chosen by a mask or by positions, in that order."""
        return Predictions(
            self.name,
            self.kind,
            self.classes,
            self.probabilities[rows],
            self.targets[rows],
            self.tickets.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows],
        )


def modality_columns(tickets: pd.DataFrame) -> list[str]:
    """Return the columns ``has_<modality>``, in the order of the table."""
    return [str(column) for column in tickets.columns if str(column).startswith("has_")]


def combinations(tickets: pd.DataFrame) -> list[str]:
    """Name what each ticket has: ``text+image``, …, or ``nothing``."""
    columns = modality_columns(tickets)
    present = tickets[columns].to_numpy(dtype=bool)
    names = [column.removeprefix("has_") for column in columns]
    return ["+".join(name for name, has in zip(names, row, strict=True) if has) or NOTHING for row in present]


def known(column: pd.Series, otherwise: str = "unknown") -> pd.Series:
    """Return a column as text, with ``otherwise`` where there is nothing but white space."""
    text = column.astype("string").str.strip().fillna("")
    return text.mask(text == "", otherwise).astype(object)


def on_common_tickets(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Return both predictions on the tickets they share, row by row the same ticket.

    Raises:
        ValueError: If the two disagree about the classes or about the truth of a ticket.
    """
    if first.classes != second.classes:
        raise ValueError(f"predictions {first.name!r} and {second.name!r} have different classes")
    _, mine, theirs = np.intersect1d(
        first.tickets["ticket_id"].to_numpy(dtype=str),
        second.tickets["ticket_id"].to_numpy(dtype=str),
        assume_unique=True,
        return_indices=True,
    )
    first, second = first.select(mine), second.select(theirs)
    differs = np.flatnonzero(first.targets != second.targets)
    if len(differs):
        ticket = first.tickets["ticket_id"].iloc[differs[0]]
        raise ValueError(f"predictions {first.name!r} and {second.name!r} disagree about the target of {ticket!r}")
    return first, second


def _check_probabilities(name: str, probabilities: NDArray[np.float64], n_classes: int) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] != n_classes:
        raise ValueError(
            f"predictions {name!r}: probabilities must be (N, {n_classes}), one column a class, "
            f"got {probabilities.shape}"
        )
    if not np.isfinite(probabilities).all():
        row = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
        raise ValueError(f"predictions {name!r}: probabilities of row {row} are not finite")
    if (probabilities < 0).any():
        row = int(np.flatnonzero((probabilities < 0).any(axis=1))[0])
        raise ValueError(f"predictions {name!r}: row {row} has a negative probability; give softmax outputs")
    off = np.abs(probabilities.sum(axis=1) - 1)
    if (off > SUM_TOLERANCE).any():
        row = int(np.flatnonzero(off > SUM_TOLERANCE)[0])
        total = probabilities[row].sum()
        raise ValueError(f"predictions {name!r}: row {row} sums to {total:.4g}, not 1; give softmax outputs")


def _check_targets(name: str, targets: NDArray, shape: Sequence[int]) -> None:
    n, n_classes = shape
    if targets.shape != (n,):
        raise ValueError(f"predictions {name!r}: targets must be ({n},), got {targets.shape}")
    if n and not np.issubdtype(targets.dtype, np.integer):
        raise ValueError(f"predictions {name!r}: targets must be integers, got {targets.dtype}")
    if n and (targets.min() < 0 or targets.max() >= n_classes):
        row = int(np.flatnonzero((targets < 0) | (targets >= n_classes))[0])
        raise ValueError(
            f"predictions {name!r}: target {targets[row]} of row {row} is not a class from 0 to {n_classes - 1}"
        )


def _check_tickets(name: str, kind: str, tickets: pd.DataFrame, n: int) -> None:
    if len(tickets) != n:
        raise ValueError(f"predictions {name!r}: {len(tickets)} tickets for {n} rows of probabilities")
    missing = [column for column in REQUIRED_COLUMNS if column not in tickets]
    if missing:
        raise ValueError(f"predictions {name!r}: tickets lack the columns {', '.join(missing)}")
    columns = modality_columns(tickets)
    if not columns:
        raise ValueError(f"predictions {name!r}: tickets have no column has_<modality>")
    repeated = tickets["ticket_id"][tickets["ticket_id"].duplicated()]
    if len(repeated):
        raise ValueError(f"predictions {name!r}: ticket {repeated.iloc[0]!r} stands there twice")
    for column in columns:
        if not tickets[column].isin([True, False]).all():
            raise ValueError(f"predictions {name!r}: column {column} must be true or false in every row")
    if kind == "modality":
        if f"has_{name}" not in columns:
            raise ValueError(f"predictions {name!r}: tickets have no column has_{name}, yet it is a modality")
        lacking = tickets["ticket_id"][~tickets[f"has_{name}"].astype(bool)]
        if len(lacking):
            raise ValueError(
                f"predictions {name!r}: ticket {lacking.iloc[0]!r} has no {name}; "
                "score a modality only on the tickets that have it"
            )
