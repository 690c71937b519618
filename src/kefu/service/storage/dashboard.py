"""The figures of the dashboard: rows are read once, and counted in a pure function."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlmodel import col, select

from kefu.assistant.messages import Act
from kefu.service.storage.database import Database
from kefu.service.storage.tables import ConversationRow, CorrectionRow, MessageRow, Sender, Thumb, now

ENDED_AFTER = timedelta(minutes=30)
"""A conversation without a message for so long is over."""
_POLITE = frozenset({Act.THANKS, Act.GOODBYE})


@dataclass(frozen=True)
class MessageFacts:
    """What the figures need of a message."""

    id: str
    sender: Sender
    created_at: datetime
    answers: str | None = None
    acts: frozenset[str] = frozenset()
    model: str | None = None
    model_version: str | None = None
    corrected: bool = False
    thumb: Thumb | None = None
    cites: bool = False
    confirms: bool = False


@dataclass(frozen=True)
class ConversationFacts:
    """What the figures need of a conversation, its messages in their order."""

    created_at: datetime
    last_message_at: datetime
    language: str | None = None
    handed_over_at: datetime | None = None
    hand_over_reason: str | None = None
    closed_at: datetime | None = None
    is_open_question: bool = False
    """whether the assistant's last word was a question, a proposal or that it did not understand"""
    messages: Sequence[MessageFacts] = field(default_factory=tuple)


def read_figures(database: Database, days: int) -> dict[str, Any]:
    """Return the figures of the last days, today included; see :func:`count_figures`."""
    until = now()
    return count_figures(_read(database, _first_moment(until, days)), until, days)


def count_figures(conversations: Iterable[ConversationFacts], until: datetime, days: int) -> dict[str, Any]:
    """Count the figures of the days that end with ``until``, by UTC.

    Args:
        conversations: those with a message in these days, with all their messages.
        until: now.
        days: how many, 1 or more.

    Returns:
        As JSON: ``volume`` a day, ``response_seconds`` (None where nothing was answered), ``containment``,
        ``hand_over_reasons``, ``thumbs``, ``models``, ``languages``.
    """
    since = _first_moment(until, days)
    found = [talk for talk in conversations if talk.messages]
    return {
        "volume": _volume(found, since, days),
        "response_seconds": _response_seconds(found, since),
        "containment": _containment(found, until),
        "hand_over_reasons": dict(
            Counter(talk.hand_over_reason for talk in found if talk.hand_over_reason is not None).most_common()
        ),
        "thumbs": _thumbs(message for talk in found for message in talk.messages),
        "models": _models(found),
        "languages": dict(Counter(talk.language for talk in found if talk.language is not None).most_common()),
    }


def _first_moment(until: datetime, days: int) -> datetime:
    return until.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)


def _volume(conversations: list[ConversationFacts], since: datetime, days: int) -> list[dict[str, Any]]:
    begun = Counter(talk.created_at.date() for talk in conversations)
    sent = Counter(message.created_at.date() for talk in conversations for message in talk.messages)
    dates = [(since + timedelta(days=day)).date() for day in range(days)]
    return [{"day": date.isoformat(), "conversations": begun[date], "messages": sent[date]} for date in dates]


def _response_seconds(conversations: list[ConversationFacts], since: datetime) -> dict[str, Any]:
    assistant, agent_first = [], []
    for talk in conversations:
        asked = {message.id: message.created_at for message in talk.messages}
        assistant += [
            (message.created_at - asked[message.answers]).total_seconds()
            for message in talk.messages
            if message.answers in asked and message.created_at >= since
        ]
        if talk.handed_over_at is not None and talk.handed_over_at >= since:
            handed_over_at = talk.handed_over_at
            agent_first += [
                (message.created_at - handed_over_at).total_seconds()
                for message in talk.messages
                if message.sender is Sender.AGENT and message.created_at >= handed_over_at
            ][:1]
    return {"assistant": _percentiles(assistant), "agent_first": _percentiles(agent_first)}


def _percentiles(seconds: list[float]) -> dict[str, float | None]:
    if not seconds:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def _containment(conversations: list[ConversationFacts], until: datetime) -> dict[str, Any]:
    ended = [talk for talk in conversations if _has_ended(talk, until)]
    contained = [talk for talk in ended if _is_contained(talk)]
    satisfied = [talk for talk in contained if _is_satisfied(talk)]
    abandoned = [talk for talk in contained if _is_abandoned(talk)]
    return {
        "ended": len(ended),
        "contained": len(contained),
        "satisfied": len(satisfied),
        "handed_over": sum(talk.handed_over_at is not None for talk in ended),
        "abandoned": len(abandoned),
        "rate": round(len(satisfied) / len(ended), 4) if ended else None,
    }


def _has_ended(talk: ConversationFacts, until: datetime) -> bool:
    return talk.closed_at is not None or talk.last_message_at <= until - ENDED_AFTER


def _is_contained(talk: ConversationFacts) -> bool:
    """Whether the assistant alone has served the customer."""
    return talk.handed_over_at is None and all(message.sender is not Sender.AGENT for message in talk.messages)


def _is_abandoned(talk: ConversationFacts) -> bool:
    """Whether the customer left after an unsure reply or a question, or without an answer."""
    return talk.is_open_question or talk.messages[-1].sender is Sender.CUSTOMER


def _is_satisfied(talk: ConversationFacts) -> bool:
    """Whether there is a sign that the customer was helped; just to leave is none."""
    if _is_abandoned(talk):
        return False
    thumbs = [message.thumb for message in talk.messages if message.thumb is not None]
    if thumbs and thumbs[-1] is Thumb.UP:
        return True
    if any(message.confirms for message in talk.messages):
        return True
    cited = next((place for place, message in enumerate(talk.messages) if message.cites), None)
    if cited is None or Thumb.DOWN in thumbs:
        return False
    return any(message.acts & _POLITE for message in talk.messages[cited:])


def _thumbs(messages: Iterable[MessageFacts]) -> dict[str, int]:
    counts = Counter(message.thumb for message in messages)
    return {"up": counts[Thumb.UP], "down": counts[Thumb.DOWN]}


def _models(conversations: list[ConversationFacts]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str | None], Counter[str]] = {}
    for talk in conversations:
        replies = {message.answers: message for message in talk.messages if message.answers is not None}
        for message in talk.messages:
            if message.model is None:
                continue
            count = counts.setdefault((message.model, message.model_version), Counter())
            count["messages"] += 1
            count["corrections"] += message.corrected
            reply = replies.get(message.id)
            if reply is not None and reply.thumb is not None:
                count[f"thumbs_{reply.thumb.value}"] += 1
    return [
        {
            "model": model,
            "version": version,
            **{name: count[name] for name in ("messages", "thumbs_up", "thumbs_down", "corrections")},
        }
        for (model, version), count in sorted(counts.items(), key=lambda one: (one[0][0], one[0][1] or ""))
    ]


def _read(database: Database, since: datetime) -> list[ConversationFacts]:
    wanted = select(ConversationRow).where(col(ConversationRow.last_message_at) >= since)
    with database.reading() as session:
        talks = session.exec(wanted.order_by(col(ConversationRow.created_at))).all()
        recent = select(ConversationRow.id).where(col(ConversationRow.last_message_at) >= since)
        messages = session.exec(
            select(MessageRow, CorrectionRow.message_id)
            .outerjoin(CorrectionRow)
            .where(col(MessageRow.conversation_id).in_(recent))
            .order_by(col(MessageRow.position))
        ).all()
    by_talk: dict[str, list[MessageFacts]] = {talk.id: [] for talk in talks}
    for message, correction in messages:
        if message.conversation_id in by_talk:
            by_talk[message.conversation_id].append(_facts_of(message, corrected=correction is not None))
    return [_facts_of_talk(talk, by_talk[talk.id]) for talk in talks]


def _facts_of_talk(talk: ConversationRow, messages: Sequence[MessageFacts]) -> ConversationFacts:
    memory: Mapping[str, Any] = talk.state or {}
    waits = any(memory.get(name) for name in ("asked", "offered", "proposed", "times_unsure"))
    return ConversationFacts(
        created_at=talk.created_at,
        last_message_at=talk.last_message_at,
        language=talk.language or memory.get("language"),
        handed_over_at=talk.handed_over_at,
        hand_over_reason=talk.hand_over_reason,
        closed_at=talk.closed_at,
        is_open_question=waits,
        messages=messages,
    )


def _facts_of(message: MessageRow, *, corrected: bool) -> MessageFacts:
    reply = message.reply or {}
    return MessageFacts(
        id=message.id,
        sender=message.sender,
        created_at=message.created_at,
        answers=message.answers,
        acts=frozenset((message.understanding or {}).get("acts", ())),
        model=message.model,
        model_version=message.model_version,
        corrected=corrected,
        thumb=message.thumb,
        cites=any(sentence.get("citations") for sentence in reply.get("sentences", ())),
        confirms=(reply.get("action") or {}).get("status") == "confirmed",
    )
