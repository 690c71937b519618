"""Prediction: from raw tickets to labels, whatever part of a ticket is missing or broken."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from kefu import modalities
from kefu.bundle import Bundle
from kefu.explanation import Explanation, explain_payloads
from kefu.model import FusedModel, Judgement
from kefu.parameters import Parameters
from kefu.tickets.faults import Fault
from kefu.tickets.media import read_media
from kefu.tickets.table import TicketTable, read_tickets
from kefu.training.modality_model import ModalityModel

Tickets = TicketTable | pd.DataFrame | str | Path
PROBABILITY = "probability_"
"""``probability_<label>`` is a column of every table of predictions."""


@dataclass(frozen=True)
class Predictor:
    """A trained model, ready for tickets.

    >>> predictor = Predictor.load("models/latest")        # doctest: +SKIP
    >>> predictor.predict("tickets.csv")                   # doctest: +SKIP
    """

    model: FusedModel

    @classmethod
    def load(cls, folder: str | Path) -> "Predictor":
        """Read a bundle.

        Raises:
            BundleError: the folder is no bundle that this version can read.
        """
        return cls(FusedModel.from_bundle(Bundle.load(Path(folder))))

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the probability columns."""
        return self.model.labels

    def predict(
        self,
        tickets: Tickets,
        *,
        batch_size: int = 64,
        coverage: float | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> pd.DataFrame:
        """Predict a label for every ticket.

        Args:
            tickets: a table, its path, or a frame with the columns ``ticket_id`` and any of the modalities; paths in
                a bare frame are relative to the working directory, and ids that are missing become ``row-<number>``.
            batch_size: tickets whose media are in memory at a time.
            coverage: share of tickets whose label set holds the true label; that of the training if left out.
            progress: called with the number of tickets done after each batch.

        Returns:
            A row a ticket in the order given: ``ticket_id``, ``label``, ``confidence``, ``label_set`` (labels joined
            by ``|``, the most probable first), ``out_of_scope`` (bool) and ``out_of_scope_score`` (higher is more
            foreign; NaN where there is nothing to go by), ``probability_<label>`` for each class,
            ``weight_<modality>`` (how much it counted; of adaptive fusion only), ``used`` (modalities, joined by
            ``+``; empty: the prior) and ``not_used`` (why the others were not, ``image: truncated (…); audio: none
            given``).

        Raises:
            TicketTableError: the table cannot be read.
            KefuError: the coverage is not between 0 and 1.
        """
        frames = []
        done = 0
        for frame in self.predict_batches(tickets, batch_size=batch_size, coverage=coverage):
            frames.append(frame)
            done += len(frame)
            if progress is not None:
                progress(done)
        return pd.concat(frames, ignore_index=True)

    def predict_batches(
        self, tickets: Tickets, *, batch_size: int = 64, coverage: float | None = None
    ) -> Iterator[pd.DataFrame]:
        """Yield what :meth:`predict` returns, a batch at a time; an empty table gives one empty batch."""
        table = _as_table(tickets)
        for start in range(0, max(len(table.frame), 1), batch_size):
            yield self._predict_batch(table.frame.iloc[start : start + batch_size], table.root, coverage)

    def explain(
        self,
        tickets: Tickets,
        *,
        batch_size: int = 16,
        parts: Mapping[str, Parameters] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[Explanation]:
        """Explain the predicted label of every ticket: how much each modality counted, and what in it.

        A ticket costs ten times as much as its prediction or more: each word, cell and stretch is hidden once.

        Args:
            tickets: as for :meth:`predict`.
            batch_size: tickets whose media are in memory at a time.
            parts: how finely a modality is cut, such as ``{"image": kefu.modalities.image.Parts(rows=6)}``; the
                defaults of those left out.
            progress: called with the number of tickets done after each batch.

        Returns:
            An explanation a ticket, in the order given (:class:`kefu.explanation.Explanation`).

        Raises:
            TicketTableError: the table cannot be read.
        """
        found: list[Explanation] = []
        for batch in self.explain_batches(tickets, batch_size=batch_size, parts=parts):
            found += batch
            if progress is not None:
                progress(len(found))
        return found

    def explain_batches(
        self, tickets: Tickets, *, batch_size: int = 16, parts: Mapping[str, Parameters] | None = None
    ) -> Iterator[list[Explanation]]:
        """Yield what :meth:`explain` returns, a batch at a time; an empty table gives one empty batch."""
        table = _as_table(tickets)
        for start in range(0, max(len(table.frame), 1), batch_size):
            frame = table.frame.iloc[start : start + batch_size]
            payloads, _ = self._clean_batch(frame, table.root)
            yield explain_payloads(self.model, frame["ticket_id"].tolist(), payloads, parts)

    def _predict_batch(self, frame: pd.DataFrame, root: Path, coverage: float | None) -> pd.DataFrame:
        payloads, reasons = self._clean_batch(frame, root)
        embeddings = {name: self.model.parts[name].embed(own) for name, own in payloads.items()}
        present = {
            name: torch.tensor([payload is not None for payload in own], dtype=torch.bool)
            for name, own in payloads.items()
        }
        judgement = self.model.judge(embeddings, present, coverage)
        probabilities = judgement.probabilities
        names = list(reasons)
        columns: dict[str, Any] = {
            "ticket_id": frame["ticket_id"].to_numpy(),
            "label": np.asarray(self.labels, dtype=object)[probabilities.argmax(axis=1)],
            "confidence": probabilities.max(axis=1),
            "label_set": _joined(judgement, self.labels),
            "out_of_scope": judgement.out_of_scope,
            "out_of_scope_score": judgement.out_of_scope_score,
        }
        columns |= {f"{PROBABILITY}{label}": probabilities[:, i] for i, label in enumerate(self.labels)}
        columns |= {f"weight_{name}": weights for name, weights in judgement.weights.items()}
        rows = list(zip(*(reasons[name] for name in names), strict=True))
        columns["used"] = ["+".join(n for n, why in zip(names, row, strict=True) if why is None) for row in rows]
        columns["not_used"] = [
            "; ".join(f"{n}: {why}" for n, why in zip(names, row, strict=True) if why is not None) for row in rows
        ]
        return pd.DataFrame(columns)

    def _clean_batch(self, frame: pd.DataFrame, root: Path) -> tuple[dict[str, list[Any]], dict[str, list[str | None]]]:
        """Return the payloads of the trained modalities, and of all of them why a ticket has none."""
        payloads, reasons = {}, {}
        for name, part in self.model.parts.items():
            values = frame[name] if name in frame else pd.Series([None] * len(frame))
            found, reasons[name] = _clean(part, list(values), root)
            if part.is_trained:
                payloads[name] = found
        return payloads, reasons


def _joined(judgement: Judgement, labels: tuple[str, ...]) -> list[str]:
    """Return each ticket's label set as one string, the most probable label first."""
    order = np.argsort(-judgement.probabilities, axis=1, kind="stable")
    return [
        "|".join(labels[column] for column in columns if held[column])
        for columns, held in zip(order, judgement.label_sets, strict=True)
    ]


def _clean(part: ModalityModel, values: list[Any], root: Path) -> tuple[list[Any], list[str | None]]:
    """Return payloads (None where there is none) and why there is none (None where there is one)."""
    module = modalities.get(part.name)
    payloads: list[Any] = []
    reasons: list[str | None] = []
    for value in values:
        payload, reason = None, None
        if _is_missing(value):
            reason = "none given"
        elif not part.is_trained:
            reason = "the model was trained without it"
        else:
            raw = read_media(root, str(value), part.cleaning.max_bytes) if module.HOLDS_FILES else str(value)  # type: ignore[attr-defined]
            result = raw if isinstance(raw, Fault) else module.clean(raw, part.cleaning)
            if isinstance(result, Fault):
                reason = f"{result.reason.value} ({result.detail})"
            else:
                payload = result.payload
        payloads.append(payload)
        reasons.append(reason)
    return payloads, reasons


def _as_table(tickets: Tickets) -> TicketTable:
    if isinstance(tickets, TicketTable):
        table = tickets
    elif isinstance(tickets, pd.DataFrame):
        table = TicketTable(tickets.reset_index(drop=True), Path())
    else:
        table = read_tickets(tickets, require_ids=False)
    frame = table.frame
    rows = frame["row"] if "row" in frame else pd.Series(range(1, len(frame) + 1), index=frame.index)
    ids = frame["ticket_id"] if "ticket_id" in frame else pd.Series(None, index=frame.index, dtype="str")
    named = [f"row-{row}" if _is_missing(value) else str(value) for value, row in zip(ids, rows, strict=True)]
    return TicketTable(frame.assign(ticket_id=named), table.root)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) or value == ""
