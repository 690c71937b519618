"""CLINC150: 150 intents in ten domains, and questions that belong to none of them (Larson et al. 2019)."""

import json
from pathlib import Path

import pandas as pd

from kefu.tickets.errors import TicketTableError

_IN_SCOPE = {"train": "train", "val": "validation", "test": "test"}
_OUT_OF_SCOPE = {"oos_val": "validation", "oos_test": "test"}


def read_in_scope(path: Path) -> pd.DataFrame:
    """Return the questions that have an intent, in the official splits.

    Args:
        path: ``data_full.json``, or another file of the data set.

    Returns:
        ``ticket_id``, ``text``, ``label`` (the intent), ``split``.

    Raises:
        TicketTableError: The file is of another form.
    """
    return _read(path, _IN_SCOPE)


def read_out_of_scope(path: Path) -> pd.DataFrame:
    """Return the questions that have none, of validation and test; the official ``oos_train`` is not used.

    Args:
        path: As for :func:`read_in_scope`.

    Returns:
        ``ticket_id``, ``text``, ``split``; no label, since nothing may be trained on them.

    Raises:
        TicketTableError: The file is of another form.
    """
    return _read(path, _OUT_OF_SCOPE).drop(columns="label")


def _read(path: Path, splits: dict[str, str]) -> pd.DataFrame:
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))
        rows = [
            (f"{part}-{number}", text, label, split)
            for part, split in splits.items()
            for number, (text, label) in enumerate(parts[part], start=1)
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TicketTableError(
            f"{path}: not a file of CLINC150 ({type(error).__name__}: {error}); give data_full.json"
        ) from None
    return pd.DataFrame(rows, columns=["ticket_id", "text", "label", "split"])
