"""The tables of the database."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, TypeDecorator, UniqueConstraint
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """Times in UTC that know it: SQLite forgets the zone, PostgreSQL tells times in the zone of its server."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a time as it is written.

        Raises:
            ValueError: it has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; give the time in UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a time as it was meant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sender(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    AGENT = "agent"


class Role(StrEnum):
    """What an agent may do: answer customers, or also see the dashboard and erase."""

    AGENT = "agent"
    ADMIN = "admin"


class ConversationState(StrEnum):
    """Who a conversation is with."""

    ASSISTANT = "assistant"
    WAITING = "waiting"
    """handed over, and no agent has taken it yet"""
    TAKEN = "taken"
    CLOSED = "closed"


class Thumb(StrEnum):
    """What a customer thinks of a reply."""

    UP = "up"
    DOWN = "down"


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def _time(**given: Any) -> Any:
    return Field(sa_type=UtcDateTime, **given)


class AgentRow(SQLModel, table=True):
    """A person of the shop who answers customers."""

    __tablename__ = "agent"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    password_hash: str = Field(description="Argon2id.")
    role: Role = Role.AGENT
    active: bool = True
    created_at: datetime = _time(default_factory=now)


class AgentSessionRow(SQLModel, table=True):
    """A login of an agent."""

    __tablename__ = "agent_session"

    id: str = Field(primary_key=True, description="SHA-256 of the cookie.")
    agent_id: int = Field(foreign_key="agent.id", index=True)
    csrf_token: str
    created_at: datetime = _time(default_factory=now)
    expires_at: datetime = _time(index=True)


class ConversationRow(SQLModel, table=True):
    """A conversation with one customer."""

    __tablename__ = "conversation"

    id: str = Field(primary_key=True, description="Unguessable.")
    owner: str | None = Field(default=None, index=True, description="SHA-256 of the customer's token, in hex.")
    created_at: datetime = _time(default_factory=now)
    language: str | None = Field(default=None, description="Chosen by the customer, `en` or `zh`.")
    state: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON), description="What the assistant remembers."
    )
    handed_over_at: datetime | None = _time(
        default=None, index=True, description="Since when a person is to answer; renewed when it is reopened."
    )
    hand_over_reason: str | None = None
    taken_by: int | None = Field(default=None, foreign_key="agent.id", description="The agent who answers.")
    taken_at: datetime | None = _time(default=None)
    closed_at: datetime | None = _time(default=None)
    last_message_at: datetime = _time(default_factory=now, index=True)
    version: int = Field(default=0, description="Raised by every change of the conversation or its messages.")
    changed_at: datetime = _time(default_factory=now, index=True, description="When the version was raised last.")

    def who_answers(self) -> ConversationState:
        """Return who the conversation is with."""
        if self.closed_at is not None:
            return ConversationState.CLOSED
        if self.handed_over_at is None:
            return ConversationState.ASSISTANT
        return ConversationState.WAITING if self.taken_by is None else ConversationState.TAKEN

    def mark_changed(self, *, by_message: bool = False) -> None:
        """Raise the version, so that whoever looks on sees the change."""
        self.version += 1
        self.changed_at = now()
        if by_message:
            self.last_message_at = self.changed_at


class MessageRow(SQLModel, table=True):
    """One message; positions count from 0 within a conversation, without a gap."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "position"),
        UniqueConstraint("conversation_id", "sender", "client_key", name="uq_message_client_key"),
    )

    id: str = Field(primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    position: int
    sender: Sender
    agent_id: int | None = Field(default=None, foreign_key="agent.id", description="Who wrote it, of an agent's.")
    created_at: datetime = _time(default_factory=now, index=True)
    text: str = ""
    language: str | None = None
    image: str | None = Field(default=None, index=True, description="SHA-256 of the picture.")
    audio: str | None = Field(default=None, index=True, description="SHA-256 of the recording, as WAV.")
    client_key: str | None = Field(default=None, description="Named by the page, so that a message sent twice is one.")
    answers: str | None = Field(
        default=None, foreign_key="message.id", unique=True, description="Which message a reply is to."
    )
    understanding: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON), description="Of a customer's message."
    )
    model: str | None = Field(default=None, description="Name of the model that judged a customer's message.")
    model_version: str | None = None
    reply: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON), description="Of the assistant: Reply as JSON."
    )
    thumb: Thumb | None = None


class ErasedConversationRow(SQLModel, table=True):
    """A conversation that is no longer there; told for an hour to whoever shows it."""

    __tablename__ = "erased_conversation"

    id: str = Field(primary_key=True)
    erased_at: datetime = _time(default_factory=now, index=True)


class CorrectionRow(SQLModel, table=True):
    """The label that an agent gave a customer's message; the latest counts."""

    __tablename__ = "correction"

    message_id: str = Field(primary_key=True, foreign_key="message.id")
    label: str
    agent_id: int = Field(foreign_key="agent.id")
    created_at: datetime = _time(default_factory=now)
