"""The figures of the dashboard."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kefu.service.storage import (
    AgentStore,
    ConversationStore,
    Database,
    Inbox,
    NewMessage,
    Role,
    Sender,
    Thumb,
    read_figures,
)
from kefu.service.storage.dashboard import ConversationFacts, MessageFacts, count_figures

UNTIL = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
LONG_AGO = UNTIL - timedelta(hours=2)


def asks(name: str, after_s: float = 0, **fields: Any) -> MessageFacts:
    return MessageFacts(name, Sender.CUSTOMER, LONG_AGO + timedelta(seconds=after_s), **fields)


def replies(to: str, after_s: float = 1, **fields: Any) -> MessageFacts:
    at = LONG_AGO + timedelta(seconds=after_s)
    return MessageFacts(f"r{to}", Sender.ASSISTANT, at, answers=to, **fields)


def talk(*messages: MessageFacts, **fields: Any) -> ConversationFacts:
    return ConversationFacts(**{"created_at": LONG_AGO, "last_message_at": LONG_AGO, "messages": messages} | fields)


def contained(*talks: ConversationFacts) -> dict[str, Any]:
    return count_figures(talks, UNTIL, 7)["containment"]


THANKS = frozenset({"thanks"})
ANSWERED = (asks("1"), replies("1", cites=True))
CONFIRMED = (asks("1"), replies("1", confirms=True))


@pytest.mark.parametrize(
    ("messages", "satisfied"),
    [
        ((asks("1"), replies("1")), False),
        ((asks("1"), replies("1", thumb=Thumb.UP)), True),
        ((asks("1"), replies("1", thumb=Thumb.DOWN)), False),
        ((asks("1"), replies("1", thumb=Thumb.DOWN), asks("2"), replies("2", thumb=Thumb.UP)), True),
        ((asks("1"), replies("1", thumb=Thumb.UP), asks("2"), replies("2", thumb=Thumb.DOWN)), False),
        (CONFIRMED, True),
        (ANSWERED, False),
        ((*ANSWERED, asks("2", acts=THANKS), replies("2")), True),
        ((*ANSWERED, asks("2", acts=frozenset({"goodbye", "yes"})), replies("2")), True),
        ((*ANSWERED, asks("2", acts=frozenset({"yes"})), replies("2")), False),
        ((asks("1", acts=THANKS), replies("1", cites=True)), False),
        ((asks("1"), replies("1", cites=True, thumb=Thumb.DOWN), asks("2", acts=THANKS), replies("2")), False),
        ((asks("1"), replies("1"), asks("2", acts=THANKS), replies("2")), False),
    ],
    ids=[
        "just left",
        "thumb up",
        "thumb down",
        "last thumb up",
        "last thumb down",
        "action confirmed",
        "answered, just left",
        "answered, thanked",
        "answered, bid goodbye",
        "answered, no thanks",
        "thanked before the answer",
        "thanked, but thumb down",
        "thanked for nothing",
    ],
)
def test_who_is_satisfied_has_given_a_sign(messages: Sequence[MessageFacts], satisfied: bool) -> None:
    one = talk(*messages)
    assert contained(one) == {
        "ended": 1,
        "contained": 1,
        "satisfied": int(satisfied),
        "handed_over": 0,
        "abandoned": 0,
        "rate": float(satisfied),
    }
    left = contained(replace(one, is_open_question=True))
    assert (left["contained"], left["satisfied"], left["abandoned"]) == (1, 0, 1), "left after a question"
    unanswered = contained(talk(*messages, asks("last", 60)))
    assert (unanswered["satisfied"], unanswered["abandoned"]) == (0, 1)
    served = contained(replace(one, handed_over_at=LONG_AGO, hand_over_reason="asked"))
    assert (served["contained"], served["satisfied"], served["handed_over"]) == (0, 0, 1)


def test_what_is_going_on_has_not_ended() -> None:
    edge = UNTIL - timedelta(minutes=30)
    assert contained(talk(*CONFIRMED, last_message_at=edge))["ended"] == 1
    going_on = talk(*CONFIRMED, last_message_at=edge + timedelta(seconds=1))
    assert contained(going_on) == {
        "ended": 0,
        "contained": 0,
        "satisfied": 0,
        "handed_over": 0,
        "abandoned": 0,
        "rate": None,
    }
    assert contained(replace(going_on, closed_at=UNTIL))["ended"] == 1


def test_a_conversation_in_which_nothing_was_said_is_none() -> None:
    figures = count_figures([talk()], UNTIL, 1)
    assert figures["containment"]["ended"] == 0
    assert figures["volume"] == [{"day": "2026-03-10", "conversations": 0, "messages": 0}]


def test_the_rate_is_of_all_that_have_ended() -> None:
    handed_over = talk(*ANSWERED, handed_over_at=LONG_AGO)
    assert contained(talk(*CONFIRMED), talk(*ANSWERED), handed_over)["rate"] == pytest.approx(1 / 3, abs=1e-4)


def test_every_day_is_there() -> None:
    yesterday, before = LONG_AGO - timedelta(days=1), UNTIL - timedelta(days=5)
    late = replace(asks("1"), created_at=yesterday)
    figures = count_figures(
        [talk(late, replies("1"), created_at=yesterday), talk(asks("2"), created_at=before)], UNTIL, 3
    )
    assert figures["volume"] == [
        {"day": "2026-03-08", "conversations": 0, "messages": 0},
        {"day": "2026-03-09", "conversations": 1, "messages": 1},
        {"day": "2026-03-10", "conversations": 0, "messages": 2},
    ]


def test_how_long_answers_take() -> None:
    quick = [talk(asks("1", 0), replies("1", seconds)) for seconds in (1, 2, 3)]
    handed_over = talk(
        asks("1"),
        replace(asks("early"), sender=Sender.AGENT),
        replace(asks("a", 100), sender=Sender.AGENT),
        replace(asks("b", 200), sender=Sender.AGENT),
        handed_over_at=LONG_AGO + timedelta(seconds=40),
    )
    waiting = talk(asks("1"), handed_over_at=LONG_AGO)
    figures = count_figures([*quick, handed_over, waiting], UNTIL, 7)["response_seconds"]
    assert figures == {"assistant": {"p50": 2.0, "p95": 2.9}, "agent_first": {"p50": 60.0, "p95": 60.0}}
    nothing = {"p50": None, "p95": None}
    assert count_figures([], UNTIL, 7)["response_seconds"] == {"assistant": nothing, "agent_first": nothing}
    old = talk(replace(asks("1"), created_at=UNTIL - timedelta(days=9)), replies("1"))
    old = replace(old, messages=(old.messages[0], replace(replies("1"), created_at=UNTIL - timedelta(days=8))))
    assert count_figures([old], UNTIL, 7)["response_seconds"]["assistant"] == nothing


def test_models_are_told_apart_by_version() -> None:
    talks = [
        talk(
            asks("1", model="demo", model_version="1", corrected=True),
            replies("1", thumb=Thumb.DOWN),
            asks("2", model="demo", model_version="2"),
            replies("2", thumb=Thumb.UP),
            asks("3", model="demo", model_version="2", corrected=True),
            replies("3"),
            asks("4"),
            replies("4", thumb=Thumb.UP),
        )
    ]
    figures = count_figures(talks, UNTIL, 7)
    assert figures["models"] == [
        {"model": "demo", "version": "1", "messages": 1, "thumbs_up": 0, "thumbs_down": 1, "corrections": 1},
        {"model": "demo", "version": "2", "messages": 2, "thumbs_up": 1, "thumbs_down": 0, "corrections": 1},
    ]
    assert figures["thumbs"] == {"up": 2, "down": 1}


def test_reasons_and_languages_are_counted() -> None:
    talks = [
        talk(*ANSWERED, language="zh", handed_over_at=LONG_AGO, hand_over_reason="asked"),
        talk(*ANSWERED, language="en", handed_over_at=LONG_AGO, hand_over_reason="asked"),
        talk(*ANSWERED, language="zh", handed_over_at=LONG_AGO, hand_over_reason="agent"),
        talk(*ANSWERED),
    ]
    figures = count_figures(talks, UNTIL, 7)
    assert figures["hand_over_reasons"] == {"asked": 2, "agent": 1}
    assert figures["languages"] == {"zh": 2, "en": 1}


def test_figures_are_read_from_the_database(
    database: Database, store: ConversationStore, inbox: Inbox, agents: AgentStore
) -> None:
    ann = agents.add("Ann", Role.AGENT, "hash").id or 0
    confirmed = {
        "language": "zh",
        "sentences": [{"text": "好的。", "citations": ["returns/how"]}],
        "hand_over": None,
        "action": {"name": "refund", "status": "confirmed"},
    }
    helped = store.begin().id
    asked, _ = store.accept(helped, NewMessage(text="退款"))
    said = store.answer(asked, {"acts": ["yes"]}, confirmed, {"language": "zh"}, model="demo", model_version="1")
    assert said is not None
    store.judge(helped, said.id, Thumb.UP)
    inbox.correct(helped, asked.id, ann, "refund")
    inbox.close(helped)
    taken = store.begin("en").id
    store.accept(taken, NewMessage(text="hello"))
    inbox.take(taken, ann)
    inbox.answer(taken, ann, "hello")
    unclear = store.begin("en").id
    asked, _ = store.accept(unclear, NewMessage(text="hm"))
    store.answer(asked, {}, confirmed, {"language": "en", "times_unsure": 1})
    inbox.close(unclear)
    store.begin("en")
    figures = read_figures(database, 2)
    assert [day["conversations"] for day in figures["volume"]] == [0, 3]
    assert [day["messages"] for day in figures["volume"]] == [0, 6]
    assert figures["containment"] == {
        "ended": 2,
        "contained": 2,
        "satisfied": 1,
        "handed_over": 0,
        "abandoned": 1,
        "rate": 0.5,
    }
    assert figures["hand_over_reasons"] == {"agent": 1}
    assert figures["languages"] == {"en": 2, "zh": 1}
    assert figures["thumbs"] == {"up": 1, "down": 0}
    assert figures["models"] == [
        {"model": "demo", "version": "1", "messages": 1, "thumbs_up": 1, "thumbs_down": 0, "corrections": 1}
    ]
    assert figures["response_seconds"]["agent_first"]["p50"] >= 0
