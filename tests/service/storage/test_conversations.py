"""Conversations in a database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.exc import StatementError

from kefu.service.storage import (
    AgentStore,
    ConversationRow,
    ConversationState,
    ConversationStore,
    Database,
    Inbox,
    MemoryChangedError,
    NewMessage,
    Role,
    Sender,
    Thumb,
    UnknownConversationError,
    UnknownMessageError,
)

REPLY: dict[str, Any] = {
    "language": "zh",
    "sentences": [{"text": "您好。", "citations": []}, {"text": "请问订单号是多少？", "citations": []}],
    "hand_over": None,
}


def test_a_turn_is_written_down(store: ConversationStore) -> None:
    talk = store.begin("zh")
    asked, is_new = store.accept(talk.id, NewMessage(text="在吗", image="a" * 64))
    said = store.answer(asked, {"text": "在吗"}, REPLY, {"turns": 1})
    assert is_new
    assert store.conversation(talk.id).state == {"turns": 1}
    first, second = store.messages(talk.id)
    assert (first.position, first.sender, first.text, first.image) == (0, Sender.CUSTOMER, "在吗", "a" * 64)
    assert first.understanding == {"text": "在吗"}
    assert (second.position, second.sender, second.answers) == (1, Sender.ASSISTANT, asked.id)
    assert second.text == "您好。 请问订单号是多少？"
    assert store.reply_to(asked.id) == store.reply(said.id) == second


def test_it_is_there_after_a_restart(url: str) -> None:
    database = Database(url)
    before = ConversationStore(database)
    talk = before.begin()
    before.accept(talk.id, NewMessage(text="hello"))
    database.close()
    again = Database(url)
    assert [message.text for message in ConversationStore(again).messages(talk.id)] == ["hello"]
    again.close()


def test_a_message_sent_twice_is_one(store: ConversationStore) -> None:
    talk, other = store.begin(), store.begin()
    first, _ = store.accept(talk.id, NewMessage(text="refund", client_key="k1"))
    again, is_new = store.accept(talk.id, NewMessage(text="refund", client_key="k1"))
    assert not is_new
    assert again.id == first.id
    assert store.accept(other.id, NewMessage(text="refund", client_key="k1"))[1]
    assert store.accept(talk.id, NewMessage(text="refund"))[1]


def test_a_message_is_answered_once(store: ConversationStore) -> None:
    asked, _ = store.accept(store.begin().id, NewMessage(text="refund"))
    said = store.answer(asked, {}, REPLY, {"turns": 1})
    again = store.answer(asked, {}, REPLY, {"turns": 2})
    assert said is not None
    assert again == said
    assert store.conversation(asked.conversation_id).state == {"turns": 1}
    assert len(store.messages(asked.conversation_id)) == 2


def test_a_reply_made_from_an_older_memory_is_refused(store: ConversationStore) -> None:
    talk = store.begin().id
    first, second = (store.accept(talk, NewMessage(text=text))[0] for text in ("one", "two"))
    store.answer(first, {}, REPLY, {"turns": 1})
    with pytest.raises(MemoryChangedError) as caught:
        store.answer(second, {"text": "two"}, REPLY, {"turns": 1})
    assert caught.value.memory == {"turns": 1}
    assert store.reply_to(second.id) is None
    assert [message.understanding for message in store.messages(talk)][1] is None, "nothing of it is kept"
    said = store.answer(second, {"text": "two"}, REPLY, {"turns": 2}, remembered=caught.value.memory)
    assert store.reply_to(second.id) == said
    assert store.conversation(talk).state == {"turns": 2}


def test_many_at_once_lose_nothing(store: ConversationStore) -> None:
    talks = [store.begin().id for _ in range(8)]

    def send(talk: str) -> None:
        for number in range(10):
            asked, _ = store.accept(talk, NewMessage(text=str(number)))
            store.answer(asked, {}, REPLY, {"turns": number}, remembered={"turns": number - 1} if number else None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, talks))
    for talk in talks:
        messages = store.messages(talk)
        assert [message.position for message in messages] == list(range(20))
        assert [message.text for message in messages[::2]] == [str(number) for number in range(10)]


def test_one_conversation_from_many_threads_keeps_its_order(store: ConversationStore) -> None:
    talk = store.begin().id
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda key: store.accept(talk, NewMessage(client_key=str(key % 40))), range(80)))
    assert sorted(row.position for row, is_new in rows if is_new) == list(range(40))
    assert len(store.messages(talk)) == 40


def test_a_hand_over_is_noted_once(store: ConversationStore) -> None:
    talk = store.begin()
    assert talk.handed_over_at is None
    first, _ = store.accept(talk.id, NewMessage(text="a person please"))
    store.answer(first, {}, REPLY | {"hand_over": "asked"}, {})
    noted = store.conversation(talk.id)
    second, _ = store.accept(talk.id, NewMessage(text="hello?"))
    assert store.answer(second, {"text": "hello?"}, REPLY | {"hand_over": "anger"}, {"turns": 2}) is None
    after = store.conversation(talk.id)
    assert noted.handed_over_at is not None
    assert (after.handed_over_at, after.hand_over_reason) == (noted.handed_over_at, "asked")


def test_thumbs_are_of_replies_of_the_conversation(store: ConversationStore) -> None:
    talk, other = store.begin(), store.begin()
    asked, _ = store.accept(talk.id, NewMessage(text="refund"))
    said = store.answer(asked, {}, REPLY, {})
    store.judge(talk.id, said.id, Thumb.DOWN)
    assert store.messages(talk.id)[1].thumb is Thumb.DOWN
    store.judge(talk.id, said.id, None)
    assert store.messages(talk.id)[1].thumb is None
    for conversation, message in ((other.id, said.id), (talk.id, asked.id), (talk.id, "none")):
        with pytest.raises(UnknownMessageError):
            store.judge(conversation, message, Thumb.UP)


def test_media_belong_to_a_conversation(store: ConversationStore) -> None:
    talk, other = store.begin(), store.begin()
    store.accept(talk.id, NewMessage(image="a" * 64))
    store.accept(talk.id, NewMessage(audio="b" * 64))
    assert store.holds_media(talk.id, "a" * 64)
    assert store.holds_media(talk.id, "b" * 64)
    assert not store.holds_media(other.id, "a" * 64)
    assert not store.holds_media(talk.id, "c" * 64)


def test_an_unknown_conversation_is_said(store: ConversationStore) -> None:
    for call in (store.conversation, store.messages, lambda name: store.accept(name, NewMessage(text="hi"))):
        with pytest.raises(UnknownConversationError):
            call("nobody")
    assert store.reply_to("nothing") is None
    assert store.reply("nothing") is None


def test_a_conversation_is_its_owners(store: ConversationStore) -> None:
    mine, old = store.begin("en", "a" * 64), store.begin("en")
    found = store.conversation_of("a" * 64, mine.id)
    assert found is not None
    assert (found.id, found.owner) == (mine.id, "a" * 64)
    for owner, conversation in (("b" * 64, mine.id), ("a" * 64, old.id), ("", old.id), ("a" * 64, "none")):
        assert store.conversation_of(owner, conversation) is None


def test_what_judged_a_message_is_kept(store: ConversationStore) -> None:
    asked, _ = store.accept(store.begin().id, NewMessage(text="refund"))
    store.answer(asked, {}, REPLY, {}, model="demo", model_version="2026-03-01T10.00.00.000Z")
    asked = store.messages(asked.conversation_id)[0]
    assert (asked.model, asked.model_version) == ("demo", "2026-03-01T10.00.00.000Z")


def test_times_are_in_utc_and_know_it(store: ConversationStore) -> None:
    before = datetime.now(UTC)
    talk = store.begin()
    asked, _ = store.accept(talk.id, NewMessage(text="hello"))
    again = store.conversation(talk.id)
    assert before <= talk.created_at == again.created_at <= asked.created_at <= datetime.now(UTC)
    assert again.last_message_at.utcoffset() == timedelta(0)
    assert store.messages(talk.id)[0].created_at == asked.created_at


def test_a_time_of_another_zone_is_the_same_moment(database: Database) -> None:
    berlin = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with database.writing() as session:
        session.add(ConversationRow(id="zone", created_at=berlin))
        session.commit()
    assert ConversationStore(database).conversation("zone").created_at == datetime(2026, 7, 1, 10, tzinfo=UTC)
    with database.writing() as session:
        session.add(ConversationRow(id="naive", created_at=datetime(2026, 7, 1)))
        with pytest.raises(StatementError, match="has no time zone"):
            session.commit()


def test_every_change_raises_the_version(store: ConversationStore) -> None:
    talk = store.begin().id
    versions, changed = [0], [store.conversation(talk).changed_at]

    def note(*, by_message: bool) -> None:
        row = store.conversation(talk)
        assert row.version > versions[-1]
        assert row.changed_at > changed[-1]
        assert (row.last_message_at == row.changed_at) is by_message
        versions.append(row.version)
        changed.append(row.changed_at)

    asked, _ = store.accept(talk, NewMessage(text="refund", client_key="k1"))
    note(by_message=True)
    said = store.answer(asked, {}, REPLY, {})
    note(by_message=True)
    assert said is not None
    store.judge(talk, said.id, Thumb.UP)
    note(by_message=False)
    store.accept(talk, NewMessage(text="refund", client_key="k1"))
    assert store.conversation(talk).version == versions[-1], "sent twice, nothing has changed"


def test_after_a_hand_over_the_assistant_says_nothing(
    store: ConversationStore, inbox: Inbox, agents: AgentStore
) -> None:
    ann = agents.add("Ann", Role.AGENT, "hash").id
    assert ann is not None
    talk = store.begin().id
    asked, _ = store.accept(talk, NewMessage(text="refund"))
    inbox.take(talk, ann)  # while the assistant is thinking
    before = store.conversation(talk).version
    assert store.answer(asked, {"text": "refund"}, REPLY, {"turns": 1}, model="demo", model_version="1") is None
    (message,) = store.messages(talk)
    assert (message.understanding, message.model) == ({"text": "refund"}, "demo")
    after = store.conversation(talk)
    assert (after.state, after.version) == (None, before + 1)


@pytest.mark.parametrize("is_handed_over", [True, False])
def test_the_next_message_opens_a_closed_conversation_for_a_person(
    store: ConversationStore, inbox: Inbox, agents: AgentStore, is_handed_over: bool
) -> None:
    talk = store.begin().id
    store.accept(talk, NewMessage(text="refund", client_key="k1"))
    if is_handed_over:
        ann = agents.add("Ann", Role.AGENT, "hash").id
        assert ann is not None
        inbox.take(talk, ann)
    closed = inbox.close(talk)
    store.accept(talk, NewMessage(text="refund", client_key="k1"))
    assert store.conversation(talk).closed_at is not None, "an old message sent again opens nothing"
    asked, _ = store.accept(talk, NewMessage(text="still not there"))
    again = store.conversation(talk)
    assert again.who_answers() is ConversationState.WAITING
    assert (again.closed_at, again.taken_by, again.hand_over_reason) == (None, None, "agent")
    assert again.handed_over_at is not None
    assert closed.closed_at is not None
    assert again.handed_over_at >= closed.closed_at, "it waits since now"
    assert store.answer(asked, {}, REPLY, {}) is None


def test_a_message_that_was_not_answered_when_it_was_closed_waits_for_a_person(
    store: ConversationStore, inbox: Inbox
) -> None:
    talk = store.begin().id
    asked, _ = store.accept(talk, NewMessage(text="refund"))
    inbox.close(talk)
    assert store.answer(asked, {}, REPLY, {}) is None
    assert store.conversation(talk).who_answers() is ConversationState.WAITING


def test_later_messages_alone(store: ConversationStore) -> None:
    talk = store.begin().id
    for text in "abc":
        store.accept(talk, NewMessage(text=text))
    assert [message.text for message in store.messages(talk, after=0)] == ["b", "c"]
    assert store.messages(talk, after=2) == []


@pytest.mark.parametrize("text", ["a\0b", "\0ab", "ab\0\0"])
def test_no_text_is_too_odd(store: ConversationStore, text: str) -> None:
    talk = store.begin().id
    store.accept(talk, NewMessage(text=text))
    assert store.messages(talk)[0].text == "ab"


def test_two_processes_answer_one_message_once(url: str, store: ConversationStore) -> None:
    """Each has its own connections; both have read that it is not answered yet."""
    other = Database(url)
    asked, _ = store.accept(store.begin().id, NewMessage(text="refund", client_key="k1"))
    start = threading.Barrier(2)

    def answer(talk: ConversationStore, words: str) -> str:
        start.wait(10)
        row = talk.answer(asked, {}, REPLY | {"sentences": [{"text": words}]}, {"said": words})
        assert row is not None
        return row.text

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(answer, [store, ConversationStore(other)], ["one", "two"]))
    assert said[0] == said[1]
    assert [message.text for message in store.messages(asked.conversation_id)] == ["refund", said[0]]
    assert store.conversation(asked.conversation_id).state == {"said": said[0]}
    other.close()


def test_two_processes_keep_one_message_once(url: str, store: ConversationStore) -> None:
    other = Database(url)
    talk = store.begin().id
    start = threading.Barrier(4)

    def send(one: ConversationStore) -> tuple[str, bool]:
        start.wait(10)
        row, is_new = one.accept(talk, NewMessage(text="refund", client_key="k1"))
        return row.id, is_new

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(send, [store, ConversationStore(other)] * 2))
    assert len({name for name, _ in sent}) == 1
    assert sorted(is_new for _, is_new in sent) == [False, False, False, True]
    assert len(store.messages(talk)) == 1
    other.close()
