"""What is told of a prediction, and how it is written down."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kefu.modalities.contract import Part
from kefu.tickets.errors import KefuError

SHOWN_PARTS = 3
_LEAST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class WeighedPart:
    """A part of a modality, and by how much the log-odds of the label fall when it is hidden, in nats."""

    part: Part
    evidence: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a ticket got its label.

    Evidence is in nats of log-odds (:mod:`kefu.explanation.evidence`); below 0 it speaks against the label.
    """

    ticket_id: str
    label: str
    """The predicted one."""
    confidence: float
    """Its probability."""
    prior: float
    """Its probability for a ticket of which nothing is known."""
    evidence: Mapping[str, float]
    """The Shapley value of each trained modality; 0 where the ticket lacks it."""
    parts: Mapping[str, Sequence[WeighedPart]]
    """Of each modality that the ticket has, its parts, the most important first."""
    texts: Mapping[str, str]
    """The cleaned texts, in which the parts of a text are counted."""

    @property
    def shares(self) -> dict[str, float]:
        """The size of each modality's evidence, for the label or against it, as a share of all; they sum to 1."""
        total = sum(abs(value) for value in self.evidence.values())
        return {name: abs(value) / total if total else 0.0 for name, value in self.evidence.items()}

    def most_important(self, modality: str, at_most: int = SHOWN_PARTS) -> list[WeighedPart]:
        """Return the parts that speak most for the label, without what overlaps a more important one.

        A part with less than a tenth of the evidence of the most important one is left out.
        """
        chosen: list[WeighedPart] = []
        for weighed in self.parts.get(modality, ()):
            least = _LEAST_SHARE * chosen[0].evidence if chosen else 0.0
            if len(chosen) == at_most or weighed.evidence <= least:
                break
            if not any(weighed.part.overlaps(other.part) for other in chosen):
                chosen.append(weighed)
        return chosen

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "ticket_id": self.ticket_id,
            "label": self.label,
            "confidence": self.confidence,
            "prior": self.prior,
            "evidence": dict(self.evidence),
            "shares": self.shares,
            "texts": dict(self.texts),
            "parts": {
                name: [{"name": one.part.name, **one.part.place, "evidence": one.evidence} for one in weighed]
                for name, weighed in self.parts.items()
            },
        }


def explanation_columns(explanations: Sequence[Explanation]) -> pd.DataFrame:
    """Return explanations as columns of a table of predictions, a row each.

    ``share_<modality>`` and ``evidence_<modality>`` for every trained modality, and ``parts_<modality>``: the names of
    its most important parts, joined by ``|``, the most important first; empty where nothing in it speaks for the label.
    """
    names = list(explanations[0].evidence) if explanations else []
    columns: dict[str, Any] = {f"share_{name}": [one.shares[name] for one in explanations] for name in names}
    columns |= {f"evidence_{name}": [one.evidence[name] for one in explanations] for name in names}
    columns |= {
        f"parts_{name}": ["|".join(weighed.part.name for weighed in one.most_important(name)) for one in explanations]
        for name in names
    }
    return pd.DataFrame(columns)


def write_explanations(explanations: Iterable[Explanation], path: Path) -> None:
    """Write explanations as JSON lines; readers see the old file or the new one.

    Raises:
        KefuError: the file cannot be written.
    """
    lines = [json.dumps(one.to_record(), ensure_ascii=False, allow_nan=False) + "\n" for one in explanations]
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        part.write_text("".join(lines), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise KefuError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)
