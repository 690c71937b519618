"""What the service answers, as OpenAPI describes it."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from kefu.service.errors import ErrorDetail
from kefu.service.models import ServedPrediction

_PREDICTION: dict[str, Any] = {
    "model": "demo",
    "version": "2026-03-14T09.26.53.589Z",
    "label": "refund",
    "confidence": 0.93,
    "probabilities": {"refund": 0.93, "damaged_item": 0.05, "late_delivery": 0.02},
    "label_set": ["refund"],
    "out_of_scope": False,
    "out_of_scope_score": 0.4,
    "used": ["image", "text"],
    "not_used": {"audio": "none given"},
    "weights": {},
}


class PredictionAnswer(BaseModel):
    """What a model says of a ticket."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PREDICTION]})

    model: str = Field(description="The name of the model.")
    version: str = Field(description="Its version.")
    label: str = Field(description="The most probable label.")
    confidence: float = Field(ge=0, le=1, description="The probability of the label.")
    probabilities: dict[str, float] = Field(description="Of every label; they sum to 1.")
    label_set: list[str] = Field(description="The labels that may be true, the most probable first.")
    out_of_scope: bool = Field(description="Whether it seems to belong to no label.")
    out_of_scope_score: float | None = Field(
        description="Higher is more foreign; null where there is nothing to go by."
    )
    used: list[str] = Field(description="What the label rests on; empty: nothing, it is the most frequent label.")
    not_used: dict[str, str] = Field(description="Why the rest was not used.")
    weights: dict[str, float] = Field(description="How much each modality counted; of adaptive fusion only.")

    @classmethod
    def of(cls, served: ServedPrediction) -> "PredictionAnswer":
        """Return the answer that a prediction makes."""
        found = served.prediction
        return cls(
            model=served.model,
            version=served.version,
            label=found.label,
            confidence=found.confidence,
            probabilities=dict(found.probabilities),
            label_set=list(found.label_set),
            out_of_scope=found.out_of_scope,
            out_of_scope_score=found.out_of_scope_score,
            used=list(found.used),
            not_used=dict(found.not_used),
            weights=dict(found.weights),
        )


class TextBody(BaseModel):
    """A ticket of text alone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "我的订单三天了还没发货"}]})

    text: str = Field(min_length=1, description="What the customer wrote.")


def _decode_base64(value: Any) -> Any:
    """Undo base64, and be strict about it: pydantic's own type drops what does not belong there."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("this is not base64") from None


Base64File = Annotated[
    bytes,
    BeforeValidator(_decode_base64),
    WithJsonSchema({"type": "string", "format": "byte", "contentEncoding": "base64"}),
]


class TicketBody(BaseModel):
    """A ticket in JSON."""

    model_config = ConfigDict(extra="forbid")

    ticket_id: str | None = Field(None, description="Comes back with the answer.")
    text: str | None = None
    image: Base64File | None = Field(None, description="A picture file, as base64.")
    audio: Base64File | None = Field(None, description="A recording, as base64.")


class BatchBody(BaseModel):
    """Tickets in JSON."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"tickets": [{"ticket_id": "1", "text": "where is my refund"}]}]},
    )

    tickets: list[TicketBody] = Field(min_length=1, description="In the order of the answers.")


class TicketAnswer(BaseModel):
    """The answer to one ticket of several: a prediction, or what went wrong with it."""

    ticket_id: str | None
    prediction: PredictionAnswer | None = None
    error: ErrorDetail | None = None


class BatchAnswer(BaseModel):
    """The answers to several tickets, in their order."""

    predictions: list[TicketAnswer]


class ModelAnswer(BaseModel):
    """A model that is served."""

    name: str
    version: str
    labels: list[str]
    strategy: str = Field(description="How it fuses modalities.")
    share: float = Field(ge=0, le=1, description="Its share of the requests that name no model.")
    since: datetime = Field(description="When this version began to serve.")
    provenance: dict[str, Any] = Field(description="What it rests on: code, data, parameters.")


class StatusAnswer(BaseModel):
    """How the service is."""

    status: str = Field(examples=["ok"])
