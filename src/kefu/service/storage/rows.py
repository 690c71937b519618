"""How rows of a conversation are found, and messages are added."""

import secrets
from collections.abc import Collection
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from kefu.service.storage.tables import ConversationRow, MessageRow, Sender

LOCKED = {"key_share": True}
"""Of ``with_for_update``: others may go on to refer to the row by its id, and wait with changes of it."""


class UnknownConversationError(LookupError):
    """There is no conversation of this id."""


class UnknownMessageError(LookupError):
    """There is no such message in the conversation."""


def storable(text: str) -> str:
    """Return a text without NUL, which PostgreSQL does not take."""
    return text.replace("\0", "")


def get_conversation(session: Session, conversation_id: str, *, to_change: bool = False) -> ConversationRow:
    """Return a conversation; one to be changed is locked until the end of the transaction.

    Raises:
        UnknownConversationError: there is none of this id.
    """
    row = session.get(ConversationRow, conversation_id, with_for_update=LOCKED if to_change else None)
    if row is None:
        raise UnknownConversationError(conversation_id)
    return row


def message_of_key(session: Session, conversation_id: str, sender: Sender, client_key: str | None) -> MessageRow | None:
    """Return the message that its sender gave this key; None where there is none, or no key."""
    if client_key is None:
        return None
    wanted = select(MessageRow).where(
        MessageRow.conversation_id == conversation_id,
        MessageRow.sender == sender,
        MessageRow.client_key == client_key,
    )
    return session.exec(wanted).one_or_none()


def add_message(
    session: Session, conversation: ConversationRow, sender: Sender, text: str, **fields: Any
) -> MessageRow:
    """Add a message at the end of a conversation that is locked, and mark it changed."""
    last = session.exec(
        select(func.max(MessageRow.position)).where(MessageRow.conversation_id == conversation.id)
    ).one()
    row = MessageRow(
        id=secrets.token_urlsafe(12),
        conversation_id=conversation.id,
        position=0 if last is None else last + 1,
        sender=sender,
        text=storable(text),
        **fields,
    )
    conversation.mark_changed(by_message=True)
    session.add_all([conversation, row])
    return row


def messages_of(session: Session, conversation_id: str, after: int = -1) -> list[MessageRow]:
    """Return the messages of a conversation in their order, those at a later position than ``after``."""
    wanted = select(MessageRow).where(MessageRow.conversation_id == conversation_id, col(MessageRow.position) > after)
    return list(session.exec(wanted.order_by(col(MessageRow.position))))


def lock_media(session: Session, names: Collection[str]) -> None:
    """Keep others from beginning or ceasing to hold media of these names until the end of the transaction.

    On SQLite one transaction writes at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        for name in sorted(names):  # in one order, so that no two wait for one another
            session.exec(select(func.pg_advisory_xact_lock(int(name[:15], 16))))
