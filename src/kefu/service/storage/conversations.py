"""What customers say and the assistant answers: what was accepted is never lost, and answered once."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from kefu.service.storage.database import Database
from kefu.service.storage.rows import (
    UnknownMessageError,
    add_message,
    get_conversation,
    lock_media,
    message_of_key,
    messages_of,
)
from kefu.service.storage.tables import ConversationRow, ConversationState, MessageRow, Sender, Thumb, now

BY_AGENT = "agent"
"""Why a conversation was handed over that an agent took of his own accord."""


class MemoryChangedError(Exception):
    """The assistant remembers something else by now than a reply was made from.

    Args:
        memory: what it remembers.
    """

    def __init__(self, memory: dict[str, Any] | None) -> None:
        super().__init__("the assistant's memory has changed meanwhile")
        self.memory = memory


@dataclass(frozen=True)
class NewMessage:
    """What a customer sent, media by their hash."""

    text: str = ""
    language: str | None = None
    image: str | None = None
    audio: str | None = None
    client_key: str | None = None


class ConversationStore:
    """The conversations of a database.

    Every method is a transaction of its own, and may be called from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, language: str | None = None, owner: str | None = None) -> ConversationRow:
        """Begin a conversation.

        Args:
            language: chosen by the customer.
            owner: SHA-256 of the customer's token.
        """
        with self._database.writing() as session:
            row = ConversationRow(id=secrets.token_urlsafe(18), language=language, owner=owner)
            session.add(row)
            session.commit()
            return row

    def conversation(self, conversation_id: str) -> ConversationRow:
        """Return a conversation, whoever asks.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._database.reading() as session:
            return get_conversation(session, conversation_id)

    def conversation_of(self, owner: str, conversation_id: str) -> ConversationRow | None:
        """Return a conversation of a customer; None where there is none, or it is another's."""
        with self._database.reading() as session:
            row = session.get(ConversationRow, conversation_id)
            return row if row is not None and row.owner == owner else None

    def messages(self, conversation_id: str, after: int = -1) -> list[MessageRow]:
        """Return the messages of a conversation in their order, those at a later position than ``after``.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._database.reading() as session:
            get_conversation(session, conversation_id)
            return messages_of(session, conversation_id, after)

    def accept(self, conversation_id: str, message: NewMessage) -> tuple[MessageRow, bool]:
        """Write down what a customer sent; return it, and whether it is new rather than sent before.

        A conversation that was closed is opened again, and waits for a person. Media must be kept before, and once
        more after: a sweep may have deleted them between.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._database.writing() as session:
            conversation = get_conversation(session, conversation_id, to_change=True)
            known = message_of_key(session, conversation_id, Sender.CUSTOMER, message.client_key)
            if known is not None:
                return known, False
            lock_media(session, [name for name in (message.image, message.audio) if name is not None])
            _reopen(conversation)
            row = add_message(session, conversation, Sender.CUSTOMER, **vars(message))
            session.commit()
            return row, True

    def answer(
        self,
        message: MessageRow,
        understanding: dict[str, Any],
        reply: dict[str, Any],
        state: dict[str, Any],
        *,
        remembered: dict[str, Any] | None = None,
        model: str | None = None,
        model_version: str | None = None,
    ) -> MessageRow | None:
        """Write down what was understood, what the assistant says to it, and what it remembers from now on.

        Args:
            message: the customer's.
            understanding: an :class:`~kefu.assistant.messages.Understanding` as JSON.
            reply: a :class:`~kefu.assistant.messages.Reply` as JSON.
            state: the assistant's memory as JSON.
            remembered: its memory before, from which the reply was made; None at first.
            model: that judged the message.
            model_version: of this model.

        Returns:
            The reply; that of before where the message was answered already. None where a person has taken over
            meanwhile: then only what was understood is kept.

        Raises:
            UnknownConversationError: the conversation was erased meanwhile.
            MemoryChangedError: another message was answered meanwhile, by another process.
        """
        with self._database.writing() as session:
            conversation = get_conversation(session, message.conversation_id, to_change=True)
            said = session.exec(select(MessageRow).where(MessageRow.answers == message.id)).one_or_none()
            if said is not None:
                return said
            if conversation.who_answers() is ConversationState.ASSISTANT and conversation.state != remembered:
                raise MemoryChangedError(conversation.state)
            asked = session.get_one(MessageRow, message.id)
            asked.understanding, asked.model, asked.model_version = understanding, model, model_version
            session.add(asked)
            _reopen(conversation)
            row = None
            if conversation.who_answers() is ConversationState.ASSISTANT:
                conversation.state = state
                if reply.get("hand_over"):
                    _hand_over(conversation, reply["hand_over"])
                row = add_message(
                    session,
                    conversation,
                    Sender.ASSISTANT,
                    text=" ".join(sentence["text"] for sentence in reply["sentences"]),
                    language=reply["language"],
                    answers=message.id,
                    reply=reply,
                )
            else:
                conversation.mark_changed()
                session.add(conversation)
            session.commit()
            return row

    def keep_understanding(
        self, message: MessageRow, understanding: dict[str, Any], model: str | None, model_version: str | None
    ) -> None:
        """Write down what was understood of a message that a person answers.

        Raises:
            UnknownConversationError: the conversation was erased meanwhile.
        """
        with self._database.writing() as session:
            conversation = get_conversation(session, message.conversation_id, to_change=True)
            asked = session.get_one(MessageRow, message.id)
            asked.understanding, asked.model, asked.model_version = understanding, model, model_version
            conversation.mark_changed()
            session.add_all([conversation, asked])
            session.commit()

    def unanswered(self, since: datetime) -> list[MessageRow]:
        """Return messages of customers that the assistant still owes an answer, the oldest first.

        Args:
            since: only messages that came then or later.
        """
        reply = aliased(MessageRow)
        wanted = (
            select(MessageRow)
            .join(ConversationRow, col(ConversationRow.id) == col(MessageRow.conversation_id))
            .outerjoin(reply, col(reply.answers) == col(MessageRow.id))
            .where(
                MessageRow.sender == Sender.CUSTOMER,
                col(MessageRow.created_at) >= since,
                col(reply.id).is_(None),
                col(ConversationRow.handed_over_at).is_(None),
            )
            .order_by(col(MessageRow.created_at), col(MessageRow.position))
        )
        with self._database.reading() as session:
            return list(session.exec(wanted))

    def reply_to(self, message_id: str) -> MessageRow | None:
        """Return the reply to a customer's message, if it has one."""
        with self._database.reading() as session:
            return session.exec(select(MessageRow).where(MessageRow.answers == message_id)).one_or_none()

    def reply(self, message_id: str) -> MessageRow | None:
        """Return a reply of the assistant by its own id."""
        with self._database.reading() as session:
            row = session.get(MessageRow, message_id)
            return row if row is not None and row.sender is Sender.ASSISTANT else None

    def judge(self, conversation_id: str, message_id: str, thumb: Thumb | None) -> None:
        """Write down what the customer thinks of a reply; None takes it back.

        Raises:
            UnknownConversationError: there is none of this id.
            UnknownMessageError: there is no such reply in the conversation.
        """
        with self._database.writing() as session:
            conversation = get_conversation(session, conversation_id, to_change=True)
            row = session.get(MessageRow, message_id)
            if row is None or row.conversation_id != conversation_id or row.sender is not Sender.ASSISTANT:
                raise UnknownMessageError(message_id)
            row.thumb = thumb
            conversation.mark_changed()
            session.add_all([conversation, row])
            session.commit()

    def holds_media(self, conversation_id: str, name: str) -> bool:
        """Whether a message of the conversation has a picture or recording of this name."""
        with self._database.reading() as session:
            wanted = select(MessageRow.id).where(
                MessageRow.conversation_id == conversation_id,
                (col(MessageRow.image) == name) | (col(MessageRow.audio) == name),
            )
            return session.exec(wanted.limit(1)).first() is not None


def _hand_over(conversation: ConversationRow, reason: str) -> None:
    conversation.handed_over_at = now()
    conversation.hand_over_reason = reason


def _reopen(conversation: ConversationRow) -> None:
    """Let a conversation that was closed wait for a person: the assistant does not speak again."""
    if conversation.closed_at is None:
        return
    conversation.closed_at = conversation.taken_by = conversation.taken_at = None
    _hand_over(conversation, conversation.hand_over_reason or BY_AGENT)
