"""What agents see and do: the queue, taking conversations over, answering, correcting labels, closing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, not_
from sqlmodel import col, select

from kefu.service.storage.agents import UnknownAgentError
from kefu.service.storage.conversations import BY_AGENT
from kefu.service.storage.database import Database
from kefu.service.storage.rows import (
    UnknownMessageError,
    add_message,
    get_conversation,
    message_of_key,
)
from kefu.service.storage.tables import (
    AgentRow,
    ConversationRow,
    ConversationState,
    CorrectionRow,
    MessageRow,
    Sender,
    now,
)

_LAST_TEXT_CHARS = 120
_MOST_OF_OTHERS = 200
"""Conversations with the assistant, and closed ones, that a queue shows."""


class TakenError(Exception):
    """Another agent has taken the conversation.

    Args:
        name: of the other agent.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has taken the conversation")
        self.name = name


class NotTakenError(Exception):
    """The agent has not taken the conversation, or it is closed."""


@dataclass(frozen=True)
class QueueEntry:
    """A conversation as the queue shows it."""

    conversation_id: str
    state: ConversationState
    reason: str | None
    language: str | None
    handed_over_at: datetime | None
    taken_by: str | None
    last_message_at: datetime
    last_text: str
    num_messages: int
    version: int


class Inbox:
    """The conversations of a database as agents work on them; names and rights of agents are looked at elsewhere.

    Every method is a transaction of its own, and may be called from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(
        self, states: Collection[ConversationState] = (ConversationState.WAITING, ConversationState.TAKEN)
    ) -> list[QueueEntry]:
        """Return the conversations in these states.

        Those that wait come first, the longest waiting at the top, then those that are taken; then the others, the
        latest at the top, no more than 200 of each state.
        """
        with self._database.reading() as session:
            entries = []
            for state in (
                ConversationState.WAITING,
                ConversationState.TAKEN,
                ConversationState.ASSISTANT,
                ConversationState.CLOSED,
            ):
                if state not in states:
                    continue
                wanted = (
                    select(ConversationRow, MessageRow, AgentRow.name)
                    .outerjoin(
                        MessageRow,
                        and_(
                            col(MessageRow.conversation_id) == col(ConversationRow.id),
                            col(MessageRow.position) == _last_position(),
                        ),
                    )
                    .outerjoin(AgentRow, col(AgentRow.id) == col(ConversationRow.taken_by))
                    .where(_in_state(state))
                )
                if state in (ConversationState.WAITING, ConversationState.TAKEN):
                    wanted = wanted.order_by(col(ConversationRow.handed_over_at), col(ConversationRow.id))
                else:
                    wanted = wanted.order_by(col(ConversationRow.last_message_at).desc()).limit(_MOST_OF_OTHERS)
                entries += [_entry(state, *row) for row in session.exec(wanted)]
            return entries

    def take(self, conversation_id: str, agent_id: int, *, force: bool = False) -> ConversationRow:
        """Let an agent answer a conversation from now on; the assistant is silent then, and a closed one is open.

        Args:
            conversation_id: which.
            agent_id: whose it will be.
            force: also takes it from another agent.

        Raises:
            UnknownConversationError: there is none of this id.
            TakenError: another agent has it.
            UnknownAgentError: the agent was disabled meanwhile.
        """
        with self._database.writing() as session:
            # before the conversation, as where an agent is disabled: so neither waits for the other
            agent = session.get(AgentRow, agent_id, with_for_update={"read": True})
            if agent is None or not agent.active:
                raise UnknownAgentError(agent_id)
            row = get_conversation(session, conversation_id, to_change=True)
            state = row.who_answers()
            if state is ConversationState.TAKEN:
                if row.taken_by == agent_id:
                    return row
                if not force:
                    raise TakenError(session.get_one(AgentRow, row.taken_by).name)
            row.taken_by, row.taken_at, row.closed_at = agent_id, now(), None
            if row.handed_over_at is None:
                row.handed_over_at, row.hand_over_reason = row.taken_at, BY_AGENT
            row.mark_changed()
            session.add(row)
            session.commit()
            return row

    def release(self, conversation_id: str, agent_id: int, *, force: bool = False) -> ConversationRow:
        """Let a conversation wait for another agent.

        Raises:
            UnknownConversationError: there is none of this id.
            TakenError: another agent has it, and ``force`` is not given.
        """
        with self._database.writing() as session:
            row = get_conversation(session, conversation_id, to_change=True)
            if row.who_answers() is not ConversationState.TAKEN:
                return row
            if row.taken_by != agent_id and not force:
                raise TakenError(session.get_one(AgentRow, row.taken_by).name)
            row.taken_by = row.taken_at = None
            row.mark_changed()
            session.add(row)
            session.commit()
            return row

    def answer(
        self, conversation_id: str, agent_id: int, text: str, client_key: str | None = None
    ) -> tuple[MessageRow, bool]:
        """Write down what an agent answers; return it, and whether it is new rather than sent before.

        Raises:
            UnknownConversationError: there is none of this id.
            NotTakenError: the agent has not taken the conversation, or it is closed.
        """
        with self._database.writing() as session:
            conversation = get_conversation(session, conversation_id, to_change=True)
            known = message_of_key(session, conversation_id, Sender.AGENT, client_key)
            if known is not None and known.agent_id == agent_id:
                return known, False
            if conversation.who_answers() is not ConversationState.TAKEN or conversation.taken_by != agent_id:
                raise NotTakenError(conversation_id)
            row = add_message(session, conversation, Sender.AGENT, text=text, agent_id=agent_id, client_key=client_key)
            session.commit()
            return row, True

    def correct(self, conversation_id: str, message_id: str, agent_id: int, label: str) -> CorrectionRow:
        """Write down the label that a customer's message should have; the latest counts.

        Raises:
            UnknownConversationError: there is none of this id.
            UnknownMessageError: there is no such message of the customer in the conversation.
        """
        with self._database.writing() as session:
            conversation = get_conversation(session, conversation_id, to_change=True)
            message = session.get(MessageRow, message_id)
            if message is None or message.conversation_id != conversation_id or message.sender is not Sender.CUSTOMER:
                raise UnknownMessageError(message_id)
            row = session.merge(CorrectionRow(message_id=message_id, label=label, agent_id=agent_id, created_at=now()))
            conversation.mark_changed()
            session.add(conversation)
            session.commit()
            return row

    def uncorrect(self, conversation_id: str, message_id: str) -> None:
        """Take a correction back, if there is one.

        Raises:
            UnknownConversationError: there is none of this id.
            UnknownMessageError: there is no such message in the conversation.
        """
        with self._database.writing() as session:
            conversation = get_conversation(session, conversation_id, to_change=True)
            message = session.get(MessageRow, message_id)
            if message is None or message.conversation_id != conversation_id:
                raise UnknownMessageError(message_id)
            row = session.get(CorrectionRow, message_id)
            if row is not None:
                session.delete(row)
                conversation.mark_changed()
                session.add(conversation)
                session.commit()

    def corrections(self, conversation_id: str) -> dict[str, CorrectionRow]:
        """Return the corrections of a conversation by the ids of their messages."""
        with self._database.reading() as session:
            wanted = select(CorrectionRow).join(MessageRow).where(MessageRow.conversation_id == conversation_id)
            return {row.message_id: row for row in session.exec(wanted)}

    def close(self, conversation_id: str) -> ConversationRow:
        """End a conversation; the customer's next message opens it again.

        Raises:
            UnknownConversationError: there is none of this id.
        """
        with self._database.writing() as session:
            row = get_conversation(session, conversation_id, to_change=True)
            if row.closed_at is None:
                row.closed_at = now()
                row.mark_changed()
                session.add(row)
                session.commit()
            return row


def _last_position() -> ColumnElement[int]:
    wanted = select(func.max(MessageRow.position)).where(col(MessageRow.conversation_id) == col(ConversationRow.id))
    return wanted.correlate(ConversationRow).scalar_subquery()


def _in_state(state: ConversationState) -> ColumnElement[bool]:
    """Return :meth:`ConversationRow.who_answers` as a condition."""
    is_open = col(ConversationRow.closed_at).is_(None)
    is_handed_over = col(ConversationRow.handed_over_at).is_not(None)
    is_taken = col(ConversationRow.taken_by).is_not(None)
    return {
        ConversationState.CLOSED: not_(is_open),
        ConversationState.ASSISTANT: and_(is_open, not_(is_handed_over)),
        ConversationState.WAITING: and_(is_open, is_handed_over, not_(is_taken)),
        ConversationState.TAKEN: and_(is_open, is_handed_over, is_taken),
    }[state]


def _entry(state: ConversationState, row: ConversationRow, last: MessageRow | None, taken_by: str | None) -> QueueEntry:
    heard = ((last.understanding or {}).get("heard") or {}).get("text") if last is not None else None
    return QueueEntry(
        conversation_id=row.id,
        state=state,
        reason=row.hand_over_reason,
        language=row.language or (row.state or {}).get("language"),
        handed_over_at=row.handed_over_at,
        taken_by=taken_by,
        last_message_at=row.last_message_at,
        last_text=((last.text or heard or "") if last is not None else "")[:_LAST_TEXT_CHARS],
        num_messages=0 if last is None else last.position + 1,
        version=row.version,
    )
