"""What was corrected and judged, read for training."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kefu.assistant.messages import Act, IntentGuess, Understanding
from kefu.service.storage import (
    AgentStore,
    ConversationStore,
    Database,
    Inbox,
    MessageRow,
    NewMessage,
    Role,
    Thumb,
)
from kefu.service.storage.feedback import read_judged

OWNER = "0123456789abcdef" * 4


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/kefu.db")
    yield database
    database.close()


def say(database: Database, conversation: str, text: str, thumb: Thumb | None = None, **understood: Any) -> MessageRow:
    store = ConversationStore(database)
    asked, _ = store.accept(conversation, NewMessage(text=text, image="a" * 64))
    guesses = (IntentGuess(label="refund", probability=0.75), IntentGuess(label="login", probability=0.25))
    understanding = Understanding(language="en", text=text, **{"intents": guesses} | understood)
    reply = {"language": "en", "sentences": [{"text": "Well.", "citations": []}], "hand_over": None}
    memory = store.conversation(conversation).state
    said = store.answer(asked, understanding.model_dump(mode="json"), reply, {}, remembered=memory)
    assert said is not None
    store.judge(conversation, said.id, thumb)
    return asked


def test_messages_come_with_what_was_thought_of_them(database: Database) -> None:
    talk = ConversationStore(database).begin("en", OWNER)
    asked = say(database, talk.id, "where is my money", Thumb.UP)
    say(database, talk.id, "nobody cares")
    agent = AgentStore(database).add("ann", Role.AGENT, "hash")
    corrected = say(database, talk.id, "it broke", Thumb.DOWN, out_of_scope=True)
    assert agent.id is not None
    Inbox(database).correct(talk.id, corrected.id, agent.id, "damaged_item")
    first, second = read_judged(database)
    assert (first.message_id, first.text, first.language, first.image) == (
        asked.id, "where is my money", "en", "a" * 64
    )  # fmt: skip
    assert (first.thumb, first.correction, first.out_of_scope, first.is_answer) == ("up", None, False, False)
    assert first.guesses == {"refund": 0.75, "login": 0.25}
    assert first.customer == OWNER[:16]
    assert (second.message_id, second.thumb, second.correction) == (corrected.id, "down", "damaged_item")
    assert second.out_of_scope
    assert first.created_at < second.created_at


@pytest.mark.parametrize("text", ["A12345", "2026-03-14", "KF-20391.", " 49 "])
def test_what_only_answers_a_question_is_about_nothing(database: Database, text: str) -> None:
    talk = ConversationStore(database).begin()
    say(database, talk.id, text, Thumb.UP)
    say(database, talk.id, "yes please", Thumb.UP, acts=frozenset({Act.YES}))
    say(database, talk.id, "where is A12345", Thumb.UP)
    assert [judged.is_answer for judged in read_judged(database)] == [True, True, False]


def test_a_customer_without_a_token_is_told_apart_by_the_conversation(database: Database) -> None:
    for _ in range(2):
        say(database, ConversationStore(database).begin().id, "where is it", Thumb.UP)
    first, second = read_judged(database)
    assert first.customer != second.customer


def test_only_what_is_new_if_so_wished(database: Database) -> None:
    talk = ConversationStore(database).begin()
    asked = say(database, talk.id, "where is it", Thumb.UP)
    assert [one.message_id for one in read_judged(database, asked.created_at)] == [asked.id]
    assert not list(read_judged(database, asked.created_at + timedelta(seconds=1)))
