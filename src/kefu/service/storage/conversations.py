"""Conversations and their messages in a database: what was accepted is never lost, and answered once."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, func, make_url
from sqlmodel import Session, SQLModel, col, create_engine, select

from kefu.service.storage.tables import ConversationRow, MessageRow, Sender, Thumb, now


class UnknownConversationError(LookupError):
    """There is no conversation of this id."""


class UnknownMessageError(LookupError):
    """There is no such message in the conversation."""


@dataclass(frozen=True)
class NewMessage:
    """What a customer sent, media by their hash."""

    text: str = ""
    language: str | None = None
    image: str | None = None
    audio: str | None = None
    client_key: str | None = None


class ConversationStore:
    """The conversations of a database, made where there is none.

    Every method is a transaction of its own, and may be called from any thread.
    """

    def __init__(self, url: str) -> None:
        self._engine = _open(url)
        SQLModel.metadata.create_all(self._engine)

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    def begin(self, language: str | None = None) -> ConversationRow:
        """Begin a conversation."""
        with self._writing() as session:
            row = ConversationRow(id=secrets.token_urlsafe(18), language=language)
            session.add(row)
            session.commit()
            return row

    def conversation(self, conversation_id: str) -> ConversationRow:
        """Return a conversation.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._session() as session:
            return _get(session, conversation_id)

    def messages(self, conversation_id: str) -> list[MessageRow]:
        """Return all messages of a conversation in their order.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._session() as session:
            _get(session, conversation_id)
            wanted = select(MessageRow).where(MessageRow.conversation_id == conversation_id)
            return list(session.exec(wanted.order_by(col(MessageRow.position))))

    def accept(self, conversation_id: str, message: NewMessage) -> tuple[MessageRow, bool]:
        """Write down what a customer sent; return it, and whether it is new rather than sent before.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._writing() as session:
            _get(session, conversation_id, with_for_update=True)
            known = _of_key(session, conversation_id, message.client_key)
            if known is not None:
                return known, False
            row = MessageRow(
                id=secrets.token_urlsafe(12),
                conversation_id=conversation_id,
                position=_next_position(session, conversation_id),
                sender=Sender.CUSTOMER,
                **vars(message),
            )
            session.add(row)
            session.commit()
            return row, True

    def answer(
        self,
        message: MessageRow,
        understanding: dict[str, Any],
        reply: dict[str, Any],
        state: dict[str, Any],
    ) -> MessageRow:
        """Write down what was understood, what the assistant says to it, and what it remembers from now on.

        Args:
            message: the customer's.
            understanding: an :class:`~kefu.assistant.messages.Understanding` as JSON.
            reply: a :class:`~kefu.assistant.messages.Reply` as JSON.
            state: the assistant's memory as JSON.

        Raises:
            sqlalchemy.exc.IntegrityError: the message was answered before.
        """
        with self._writing() as session:
            conversation = _get(session, message.conversation_id, with_for_update=True)
            conversation.state = state
            if reply.get("hand_over") and conversation.handed_over_at is None:
                conversation.handed_over_at = now()
                conversation.hand_over_reason = reply["hand_over"]
            asked = session.get_one(MessageRow, message.id)
            asked.understanding = understanding
            row = MessageRow(
                id=secrets.token_urlsafe(12),
                conversation_id=message.conversation_id,
                position=_next_position(session, message.conversation_id),
                sender=Sender.ASSISTANT,
                text=" ".join(sentence["text"] for sentence in reply["sentences"]),
                language=reply["language"],
                answers=message.id,
                reply=reply,
            )
            session.add_all([conversation, asked, row])
            session.commit()
            return row

    def reply_to(self, message_id: str) -> MessageRow | None:
        """Return the reply to a customer's message, if it has one."""
        with self._session() as session:
            return session.exec(select(MessageRow).where(MessageRow.answers == message_id)).one_or_none()

    def reply(self, message_id: str) -> MessageRow | None:
        """Return a reply by its own id."""
        with self._session() as session:
            row = session.get(MessageRow, message_id)
            return row if row is not None and row.sender is Sender.ASSISTANT else None

    def judge(self, conversation_id: str, message_id: str, thumb: Thumb | None) -> None:
        """Write down what the customer thinks of a reply; None takes it back.

        Raises:
            UnknownMessageError: there is no such reply in the conversation.
        """
        with self._writing() as session:
            row = session.get(MessageRow, message_id)
            if row is None or row.conversation_id != conversation_id or row.sender is not Sender.ASSISTANT:
                raise UnknownMessageError(message_id)
            row.thumb = thumb
            session.add(row)
            session.commit()

    def holds_media(self, conversation_id: str, name: str) -> bool:
        """Whether a message of the conversation has a picture or recording of this name."""
        with self._session() as session:
            wanted = select(MessageRow.id).where(
                MessageRow.conversation_id == conversation_id,
                (col(MessageRow.image) == name) | (col(MessageRow.audio) == name),
            )
            return session.exec(wanted.limit(1)).first() is not None

    def _session(self) -> Session:
        return Session(self._engine, expire_on_commit=False)

    def _writing(self) -> Session:
        return Session(self._engine.execution_options(writes=True), expire_on_commit=False)


def _get(session: Session, conversation_id: str, *, with_for_update: bool = False) -> ConversationRow:
    row = session.get(ConversationRow, conversation_id, with_for_update=with_for_update)
    if row is None:
        raise UnknownConversationError(conversation_id)
    return row


def _of_key(session: Session, conversation_id: str, client_key: str | None) -> MessageRow | None:
    if client_key is None:
        return None
    wanted = select(MessageRow).where(
        MessageRow.conversation_id == conversation_id, MessageRow.client_key == client_key
    )
    return session.exec(wanted).one_or_none()


def _next_position(session: Session, conversation_id: str) -> int:
    wanted = select(func.max(MessageRow.position)).where(MessageRow.conversation_id == conversation_id)
    last = session.exec(wanted).one()
    return 0 if last is None else last + 1


def _open(url: str) -> Engine:
    place = make_url(url)
    engine = create_engine(place)
    if place.get_backend_name() == "sqlite":
        if place.database:
            Path(place.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Let readers go on while one writes, wait for the writer before, and hold to foreign keys."""
    connection.isolation_level = None  # transactions begin as `_begin_sqlite` says
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; one that will write takes its turn at once, before it has read what another may change."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
