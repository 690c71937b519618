"""Prediction: from raw tickets to labels, whatever part of a ticket is missing or broken."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from kefu import modalities
from kefu.bundle import Bundle
from kefu.explanation import Explanation, explain_payloads
from kefu.model import FusedModel
from kefu.parameters import Parameters
from kefu.tickets.faults import Fault
from kefu.tickets.media import read_media
from kefu.tickets.table import TicketTable, read_tickets

Tickets = TicketTable | pd.DataFrame | str | Path
PROBABILITY = "probability_"
"""``probability_<label>`` is a column of every table of predictions."""


@dataclass(frozen=True)
class RawTicket:
    """A ticket as a customer sends it: any part may be missing or broken."""

    text: str | None = field(default=None, repr=False)
    image: bytes | None = field(default=None, repr=False)
    """A whole picture file."""
    audio: bytes | None = field(default=None, repr=False)
    """A whole recording: WAV, FLAC, OGG or MP3."""


@dataclass(frozen=True)
class CleanTicket:
    """A ticket whose parts have been decoded and checked for one model."""

    payloads: Mapping[str, Any] = field(repr=False)
    """Of each trained modality; None where there is none."""
    reasons: Mapping[str, str | None]
    """Of each modality, why there is none; None where there is one."""


@dataclass(frozen=True)
class Prediction:
    """What a model says of one ticket."""

    label: str
    confidence: float
    """The probability of ``label``."""
    probabilities: Mapping[str, float]
    """Of every label, in the model's order; they sum to 1."""
    label_set: tuple[str, ...]
    """The labels that may be true, the most probable first; never empty."""
    out_of_scope: bool
    out_of_scope_score: float | None
    """Higher is more foreign; None where there is nothing to go by."""
    used: tuple[str, ...]
    """The modalities that the label rests on; empty: the prior."""
    not_used: Mapping[str, str]
    """Why the other modalities were not used, such as ``truncated (…)``."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """How much each modality counted; of adaptive fusion only."""


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
            payloads = self._payloads(self._clean_frame(frame, table.root))
            yield explain_payloads(self.model, frame["ticket_id"].tolist(), payloads, parts)

    def predict_raw(self, tickets: Sequence[RawTicket], *, coverage: float | None = None) -> list[Prediction]:
        """Predict a label for tickets that are in memory, as :meth:`predict` does for those of a table.

        Raises:
            KefuError: the coverage is not between 0 and 1.
        """
        return self.predict_clean([self.clean_raw(ticket) for ticket in tickets], coverage=coverage)

    def clean_raw(self, ticket: RawTicket) -> CleanTicket:
        """Decode and check the parts of one ticket: of a picture or a recording most of the work."""
        return self._clean({name: getattr(ticket, name, None) for name in self.model.parts})

    def predict_clean(self, tickets: Sequence[CleanTicket], *, coverage: float | None = None) -> list[Prediction]:
        """Predict a label for tickets that :meth:`clean_raw` of this very model has cleaned.

        Raises:
            KefuError: the coverage is not between 0 and 1.
        """
        payloads = self._payloads(tickets)
        embeddings = {name: self.model.parts[name].embed(own) for name, own in payloads.items()}
        present = {
            name: torch.tensor([payload is not None for payload in own], dtype=torch.bool)
            for name, own in payloads.items()
        }
        judgement = self.model.judge(embeddings, present, coverage)
        order = np.argsort(-judgement.probabilities, axis=1, kind="stable")
        best = judgement.probabilities.argmax(axis=1)
        return [
            Prediction(
                label=self.labels[best[row]],
                confidence=float(probabilities[best[row]]),
                probabilities=dict(zip(self.labels, probabilities.tolist(), strict=True)),
                label_set=tuple(self.labels[column] for column in order[row] if judgement.label_sets[row, column]),
                out_of_scope=bool(judgement.out_of_scope[row]),
                out_of_scope_score=None if np.isnan(score := judgement.out_of_scope_score[row]) else float(score),
                used=tuple(name for name, why in ticket.reasons.items() if why is None),
                not_used={name: why for name, why in ticket.reasons.items() if why is not None},
                weights={name: float(weights[row]) for name, weights in judgement.weights.items()},
            )
            for row, (ticket, probabilities) in enumerate(zip(tickets, judgement.probabilities, strict=True))
        ]

    def _predict_batch(self, frame: pd.DataFrame, root: Path, coverage: float | None) -> pd.DataFrame:
        found = self.predict_clean(self._clean_frame(frame, root), coverage=coverage)
        columns: dict[str, Any] = {
            "ticket_id": frame["ticket_id"].to_numpy(),
            "label": np.array([one.label for one in found], dtype=object),
            "confidence": np.array([one.confidence for one in found], dtype=np.float64),
            "label_set": ["|".join(one.label_set) for one in found],
            "out_of_scope": np.array([one.out_of_scope for one in found], dtype=np.bool_),
            "out_of_scope_score": np.array([one.out_of_scope_score for one in found], dtype=np.float64),
        }
        columns |= {
            f"{PROBABILITY}{label}": np.array([one.probabilities[label] for one in found], dtype=np.float64)
            for label in self.labels
        }
        columns |= {
            f"weight_{name}": np.array([one.weights[name] for one in found], dtype=np.float64)
            for name in self.model.weighted
        }
        columns["used"] = ["+".join(one.used) for one in found]
        columns["not_used"] = ["; ".join(f"{name}: {why}" for name, why in one.not_used.items()) for one in found]
        return pd.DataFrame(columns)

    def _clean_frame(self, frame: pd.DataFrame, root: Path) -> list[CleanTicket]:
        names = list(self.model.parts)
        columns = [list(frame[name]) if name in frame else [None] * len(frame) for name in names]
        return [
            self._clean({name: self._raw(name, value, root) for name, value in zip(names, row, strict=True)})
            for row in zip(*columns, strict=True)
        ]

    def _raw(self, name: str, value: Any, root: Path) -> str | bytes | Fault | None:
        """Return what a cell of a table stands for, in place of a file its content; of what is of use alone."""
        part = self.model.parts[name]
        if _is_missing(value):
            return None
        if part.is_trained and modalities.get(name).HOLDS_FILES:
            return read_media(root, str(value), part.cleaning.max_bytes)  # type: ignore[attr-defined]
        return str(value)

    def _clean(self, raw: Mapping[str, str | bytes | Fault | None]) -> CleanTicket:
        payloads: dict[str, Any] = {}
        reasons: dict[str, str | None] = {}
        for name, part in self.model.parts.items():
            value = raw[name]
            payload, reason = None, None
            if value is None or value == "":
                reason = "none given"
            elif not part.is_trained:
                reason = "the model was trained without it"
            else:
                result = value if isinstance(value, Fault) else modalities.get(name).clean(value, part.cleaning)
                if isinstance(result, Fault):
                    reason = f"{result.reason.value} ({result.detail})"
                else:
                    payload = result.payload
            reasons[name] = reason
            if part.is_trained:
                payloads[name] = payload
        return CleanTicket(payloads, reasons)

    def _payloads(self, tickets: Sequence[CleanTicket]) -> dict[str, list[Any]]:
        """Return the payloads of each trained modality."""
        trained = (name for name, part in self.model.parts.items() if part.is_trained)
        return {name: [ticket.payloads[name] for ticket in tickets] for name in trained}


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
