"""Conversations in a database."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kefu.service.storage import (
    ConversationStore,
    Database,
    NewMessage,
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


@pytest.fixture
def store(database: Database) -> ConversationStore:
    return ConversationStore(database)


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


def test_many_at_once_lose_nothing(store: ConversationStore) -> None:
    talks = [store.begin().id for _ in range(8)]

    def send(talk: str) -> None:
        for number in range(10):
            asked, _ = store.accept(talk, NewMessage(text=str(number)))
            store.answer(asked, {}, REPLY, {"turns": number})

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
