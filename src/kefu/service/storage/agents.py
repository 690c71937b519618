"""Agents and their logins."""

import unicodedata
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from kefu.service.storage.database import Database
from kefu.service.storage.rows import LOCKED, storable
from kefu.service.storage.tables import AgentRow, AgentSessionRow, ConversationRow, Role, now


class UnknownAgentError(LookupError):
    """There is no agent of this name."""


class AgentExistsError(ValueError):
    """There is an agent of this name already."""


class AgentStore:
    """The agents of a database.

    Every method is a transaction of its own, and may be called from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, role: Role, password_hash: str) -> AgentRow:
        """Add an agent.

        Raises:
            AgentExistsError: there is one of this name, be it disabled.
        """
        with self._database.writing() as session:
            row = AgentRow(name=normal_name(name), role=role, password_hash=password_hash)
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                raise AgentExistsError(name) from None
            return row

    def find(self, name: str) -> AgentRow | None:
        """Return an agent by name, also a disabled one; None where there is none."""
        with self._database.reading() as session:
            return _find(session, name)

    def agent(self, agent_id: int) -> AgentRow | None:
        """Return an agent by id, also a disabled one; None where there is none."""
        with self._database.reading() as session:
            return session.get(AgentRow, agent_id)

    def list(self) -> list[AgentRow]:
        """Return all agents in the order of their names, disabled ones included."""
        with self._database.reading() as session:
            return [*session.exec(select(AgentRow).order_by(col(AgentRow.name)))]

    def enable(self, name: str) -> None:
        """Let an agent log in again.

        Raises:
            UnknownAgentError: there is none of this name.
        """
        with self._database.writing() as session:
            row = _get(session, name)
            row.active = True
            session.add(row)
            session.commit()

    def disable(self, name: str) -> None:
        """End the logins of an agent, take none any more, and let the conversations he has taken wait for another.

        Raises:
            UnknownAgentError: there is none of this name.
        """
        with self._database.writing() as session:
            row = _get(session, name)
            row.active = False
            session.add(row)
            _end_sessions(session, row)
            taken = select(ConversationRow).where(
                ConversationRow.taken_by == row.id, col(ConversationRow.closed_at).is_(None)
            )
            for conversation in session.exec(taken.order_by(col(ConversationRow.id)).with_for_update(key_share=True)):
                conversation.taken_by = conversation.taken_at = None
                conversation.mark_changed()
                session.add(conversation)
            session.commit()

    def set_password(self, name: str, password_hash: str) -> None:
        """Replace the password of an agent, and end the logins that were made with the old one.

        Raises:
            UnknownAgentError: there is none of this name.
        """
        with self._database.writing() as session:
            row = _get(session, name)
            row.password_hash = password_hash
            session.add(row)
            _end_sessions(session, row)
            session.commit()

    def rehash(self, agent_id: int, old_hash: str, new_hash: str) -> None:
        """Write the same password down by newer parameters, unless it was replaced meanwhile; logins stay."""
        with self._database.writing() as session:
            row = session.get(AgentRow, agent_id, with_for_update=LOCKED)
            if row is not None and row.password_hash == old_hash:
                row.password_hash = new_hash
                session.add(row)
                session.commit()

    def open_session(self, agent_id: int, session_id: str, csrf_token: str, expires_at: datetime) -> bool:
        """Write a login down; return False where the agent is disabled.

        Args:
            agent_id: whose.
            session_id: SHA-256 of the cookie.
            csrf_token: that writing requests must show.
            expires_at: when the login ends by itself.
        """
        with self._database.writing() as session:
            agent = session.get(AgentRow, agent_id, with_for_update=LOCKED)
            if agent is None or not agent.active:
                return False
            session.add(AgentSessionRow(id=session_id, agent_id=agent_id, csrf_token=csrf_token, expires_at=expires_at))
            session.commit()
            return True

    def find_session(self, session_id: str) -> tuple[AgentRow, AgentSessionRow] | None:
        """Return who has logged in, and the login; None where it is over, or the agent is disabled."""
        with self._database.reading() as session:
            wanted = select(AgentRow, AgentSessionRow).where(
                AgentSessionRow.id == session_id,
                col(AgentSessionRow.expires_at) > now(),
                AgentSessionRow.agent_id == AgentRow.id,
                col(AgentRow.active),
            )
            return session.exec(wanted).one_or_none()

    def delete_session(self, session_id: str) -> None:
        """End a login, if there is one."""
        with self._database.writing() as session:
            session.exec(delete(AgentSessionRow).where(col(AgentSessionRow.id) == session_id))
            session.commit()

    def delete_expired_sessions(self) -> int:
        """Delete logins that are over; return how many."""
        with self._database.writing() as session:
            deleted = session.exec(delete(AgentSessionRow).where(col(AgentSessionRow.expires_at) <= now())).rowcount
            session.commit()
            return deleted


def normal_name(name: str) -> str:
    """Return a name as it is compared: without outer blanks, of composed characters."""
    return unicodedata.normalize("NFC", storable(name).strip())


def _find(session: Session, name: str) -> AgentRow | None:
    return session.exec(select(AgentRow).where(AgentRow.name == normal_name(name))).one_or_none()


def _get(session: Session, name: str) -> AgentRow:
    row = session.exec(
        select(AgentRow).where(AgentRow.name == normal_name(name)).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise UnknownAgentError(name)
    return row


def _end_sessions(session: Session, agent: AgentRow) -> None:
    session.exec(delete(AgentSessionRow).where(col(AgentSessionRow.agent_id) == agent.id))
