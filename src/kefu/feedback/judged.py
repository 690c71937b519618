"""Messages of customers that somebody has judged, and which label they thereby have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

MIN_PROBABILITY = 0.5


class Source(StrEnum):
    """Who says that a label is right."""

    AGENT = "agent"
    CUSTOMER = "customer"
    NOBODY = ""


@dataclass(frozen=True)
class JudgedMessage:
    """A customer's message with what was thought of it."""

    message_id: str
    created_at: datetime
    customer: str
    """Tells customers apart without naming them; all their tickets fall into one split."""
    text: str = ""
    language: str | None = None
    image: str | None = None
    """Name of the picture in the media of the service."""
    audio: str | None = None
    """Name of the recording, a WAV file."""
    guesses: Mapping[str, float] = field(default_factory=dict)
    """Labels of the model with their probabilities, best first."""
    out_of_scope: bool = False
    is_answer: bool = False
    """Whether it only answers the assistant (yes, no, an order number), and is about nothing by itself."""
    correction: str | None = None
    """The label that an agent gave it."""
    thumb: Literal["up", "down"] | None = None
    """What the customer thinks of the reply to it."""


def label_of(message: JudgedMessage, min_probability: float = MIN_PROBABILITY) -> tuple[str | None, Source]:
    """Return the label of a message and who says so; None where nobody does.

    An agent's word counts whatever the model said. A thumb up confirms the model's first label, where the model was
    sure enough and the message is about something by itself. A thumb down says that something was wrong, not what is
    right.

    Args:
        message: what was judged.
        min_probability: of the model's first label, below which a thumb up confirms nothing.
    """
    if message.correction is not None:
        return message.correction, Source.AGENT
    if message.thumb == "up" and not message.out_of_scope and not message.is_answer and message.guesses:
        label, probability = next(iter(message.guesses.items()))
        if probability >= min_probability:
            return label, Source.CUSTOMER
    return None, Source.NOBODY
