"""The tables of the database."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


class Sender(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"


class Thumb(StrEnum):
    """What a customer thinks of a reply."""

    UP = "up"
    DOWN = "down"


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


class ConversationRow(SQLModel, table=True):
    """A conversation with one customer."""

    __tablename__ = "conversation"

    id: str = Field(primary_key=True, description="Unguessable: whoever knows it may read the conversation.")
    created_at: datetime = Field(default_factory=now)
    language: str | None = Field(default=None, description="Chosen by the customer, `en` or `zh`.")
    state: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON), description="What the assistant remembers."
    )
    handed_over_at: datetime | None = Field(default=None, index=True)
    hand_over_reason: str | None = None


class MessageRow(SQLModel, table=True):
    """One message; positions count from 0 within a conversation, without a gap."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "position"),
        UniqueConstraint("conversation_id", "client_key"),
    )

    id: str = Field(primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    position: int
    sender: Sender
    created_at: datetime = Field(default_factory=now)
    text: str = ""
    language: str | None = None
    image: str | None = Field(default=None, description="SHA-256 of the picture.")
    audio: str | None = Field(default=None, description="SHA-256 of the recording, as WAV.")
    client_key: str | None = Field(default=None, description="Named by the page, so that a message sent twice is one.")
    answers: str | None = Field(
        default=None, foreign_key="message.id", unique=True, description="Which message a reply is to."
    )
    understanding: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON), description="Of a customer's message."
    )
    reply: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON), description="Of the assistant: Reply as JSON."
    )
    thumb: Thumb | None = None
