"""What is forgotten: a conversation, all of a customer's, and what is older than it may be kept."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import delete
from sqlmodel import Session, col, select

from kefu.service.storage.agents import AgentStore
from kefu.service.storage.database import Database
from kefu.service.storage.media import MediaStore
from kefu.service.storage.rows import UnknownConversationError, get_conversation, lock_media
from kefu.service.storage.tables import ConversationRow, CorrectionRow, ErasedConversationRow, MessageRow, now

_TIME_TO_COME = timedelta(days=1)
"""How long a file may wait for the message that holds it."""
_FILES_AT_ONCE = 100
_TOLD_WITHIN = timedelta(hours=1)
"""How long it is known that a conversation was erased."""


@dataclass(frozen=True)
class Swept:
    """How much a sweep has deleted."""

    conversations: int
    media: int
    sessions: int


class Erasure:
    """Deletes conversations of a database, and their pictures and recordings that no other conversation holds."""

    def __init__(self, database: Database, media: MediaStore) -> None:
        self._database = database
        self._media = media

    def erase(self, conversation_id: str) -> list[str]:
        """Delete a conversation with its messages, corrections and media; return the names of media deleted.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._database.writing() as session:
            get_conversation(session, conversation_id, to_change=True)
            own = select(MessageRow.id).where(MessageRow.conversation_id == conversation_id)
            held = _media_of(session, conversation_id)
            session.exec(delete(CorrectionRow).where(col(CorrectionRow.message_id).in_(own)))
            session.exec(delete(MessageRow).where(col(MessageRow.conversation_id) == conversation_id))
            session.exec(delete(ConversationRow).where(col(ConversationRow.id) == conversation_id))
            session.add(ErasedConversationRow(id=conversation_id))
            session.commit()
        return self._delete_unheld(held)

    def erase_owner(self, owner: str) -> tuple[list[str], list[str]]:
        """Delete all conversations of a customer.

        Args:
            owner: SHA-256 of the customer's token.

        Returns:
            The ids of the conversations, and the names of the media deleted.
        """
        with self._database.reading() as session:
            found = session.exec(select(ConversationRow.id).where(ConversationRow.owner == owner)).all()
        return self._erase_all(found)

    def sweep(self, retention_days: int | None, media_retention_days: int | None) -> Swept:
        """Delete what is older than it may be kept, media of no message, and logins that are over.

        Args:
            retention_days: after its last message a conversation is deleted; None: never.
            media_retention_days: after its message a picture or recording is deleted; None: with its conversation.
        """
        conversations: list[str] = []
        media: list[str] = []
        if retention_days is not None:
            before = now() - timedelta(days=retention_days)
            with self._database.reading() as session:
                found = session.exec(select(ConversationRow.id).where(col(ConversationRow.last_message_at) < before))
                old = found.all()
            conversations, media = self._erase_all(old)
        if media_retention_days is not None:
            media += self._sweep_media(media_retention_days)
        media += self._sweep_orphans()
        self._forget_erased()
        sessions = AgentStore(self._database).delete_expired_sessions()
        return Swept(len(conversations), len(media), sessions)

    def _erase_all(self, conversation_ids: Iterable[str]) -> tuple[list[str], list[str]]:
        erased, media = [], []
        for conversation_id in conversation_ids:
            try:
                media += self.erase(conversation_id)
            except UnknownConversationError:  # another process was faster
                continue
            erased.append(conversation_id)
        return erased, media

    def _sweep_media(self, days: int) -> list[str]:
        is_old = (
            col(MessageRow.created_at) < now() - timedelta(days=days),
            col(MessageRow.image).is_not(None) | col(MessageRow.audio).is_not(None),
        )
        with self._database.reading() as session:
            found = session.exec(select(MessageRow.conversation_id).where(*is_old).distinct()).all()
        deleted: list[str] = []
        for conversation_id in found:
            with self._database.writing() as session:
                conversation = session.get(ConversationRow, conversation_id, with_for_update=True)
                if conversation is None:
                    continue
                held = set()
                own = select(MessageRow).where(MessageRow.conversation_id == conversation_id, *is_old)
                for message in session.exec(own):
                    held |= {name for name in (message.image, message.audio) if name is not None}
                    message.image = message.audio = None
                    session.add(message)
                conversation.mark_changed()
                session.add(conversation)
                session.commit()
            deleted += self._delete_unheld(held)
        return deleted

    def _forget_erased(self) -> None:
        with self._database.writing() as session:
            is_old = col(ErasedConversationRow.erased_at) < now() - _TOLD_WITHIN
            session.exec(delete(ErasedConversationRow).where(is_old))
            session.commit()

    def _sweep_orphans(self) -> list[str]:
        """Delete files of which the message never came, or that were left when a process ended in between."""
        deleted: list[str] = []
        orphans = self._media.names(before=now() - _TIME_TO_COME)
        while batch := list(islice(orphans, _FILES_AT_ONCE)):
            deleted += self._delete_unheld(batch)
        return deleted

    def _delete_unheld(self, names: Collection[str]) -> list[str]:
        """Delete the files of these that no message holds; whoever sends one of them meanwhile waits."""
        if not names:
            return []
        with self._database.writing() as session:
            lock_media(session, names)
            held: set[str | None] = set()
            for column in (col(MessageRow.image), col(MessageRow.audio)):
                held |= set(session.exec(select(column).where(column.in_(names))))
            unheld = sorted(set(names) - held)
            for name in unheld:
                self._media.delete(name)
            return unheld


def _media_of(session: Session, conversation_id: str) -> set[str]:
    wanted = select(MessageRow.image, MessageRow.audio).where(MessageRow.conversation_id == conversation_id)
    return {name for pair in session.exec(wanted) for name in pair if name is not None}
