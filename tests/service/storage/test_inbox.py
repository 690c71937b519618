"""What agents see and do."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kefu.service.storage import (
    AgentStore,
    ConversationState,
    ConversationStore,
    Database,
    Inbox,
    NewMessage,
    NotTakenError,
    Role,
    Sender,
    TakenError,
    UnknownAgentError,
    UnknownConversationError,
    UnknownMessageError,
)

REPLY: dict[str, Any] = {"language": "en", "sentences": [{"text": "Hello."}], "hand_over": None}
HAND_OVER = REPLY | {"sentences": [{"text": "A person will answer."}], "hand_over": "asked"}


@pytest.fixture
def ann(agents: AgentStore) -> int:
    return agents.add("Ann", Role.AGENT, "hash").id or 0


@pytest.fixture
def lei(agents: AgentStore) -> int:
    return agents.add("李雷", Role.ADMIN, "hash").id or 0


def hand_over(store: ConversationStore, text: str = "a person please", language: str | None = None) -> str:
    talk = store.begin(language).id
    asked, _ = store.accept(talk, NewMessage(text=text))
    store.answer(asked, {}, HAND_OVER, {"language": "en"})
    return talk


def test_the_longest_waiting_is_at_the_top(store: ConversationStore, inbox: Inbox, ann: int) -> None:
    assert inbox.queue() == []
    first, taken, last = (hand_over(store, text) for text in ("one", "two", "three"))
    inbox.take(taken, ann)
    store.accept(first, NewMessage(text="hello?"))
    assert [(entry.conversation_id, entry.state) for entry in inbox.queue()] == [
        (first, ConversationState.WAITING),
        (last, ConversationState.WAITING),
        (taken, ConversationState.TAKEN),
    ]


def test_every_conversation_is_in_one_state(store: ConversationStore, inbox: Inbox, ann: int) -> None:
    with_assistant, waiting, taken, closed = store.begin().id, *(hand_over(store) for _ in range(3))
    inbox.take(taken, ann)
    inbox.take(closed, ann)
    inbox.close(closed)
    wanted = {
        ConversationState.ASSISTANT: with_assistant,
        ConversationState.WAITING: waiting,
        ConversationState.TAKEN: taken,
        ConversationState.CLOSED: closed,
    }
    for state, conversation in wanted.items():
        assert [(entry.conversation_id, entry.state) for entry in inbox.queue([state])] == [(conversation, state)]
        assert store.conversation(conversation).who_answers() is state
    assert {entry.conversation_id for entry in inbox.queue(list(ConversationState))} == set(wanted.values())
    assert inbox.queue([]) == []


def test_an_entry_tells_what_there_is_to_know(store: ConversationStore, inbox: Inbox, ann: int) -> None:
    talk = hand_over(store, language="zh")
    inbox.take(talk, ann)
    store.accept(talk, NewMessage(text="在吗" * 100))
    (entry,) = inbox.queue()
    row = store.conversation(talk)
    assert (entry.reason, entry.language, entry.taken_by) == ("asked", "zh", "Ann")
    assert (entry.handed_over_at, entry.last_message_at) == (row.handed_over_at, row.last_message_at)
    assert (entry.version, entry.num_messages) == (row.version, 3)
    assert entry.last_text == "在吗" * 60


def test_of_a_recording_the_queue_shows_what_was_heard(store: ConversationStore, inbox: Inbox) -> None:
    talk = hand_over(store)
    asked, _ = store.accept(talk, NewMessage(audio="a" * 64))
    assert inbox.queue()[0].last_text == ""
    store.answer(asked, {"heard": {"text": "where is it"}}, REPLY, {})
    assert inbox.queue()[0].last_text == "where is it"
    assert inbox.queue()[0].language == "en", "as the assistant remembers it"


def test_no_one_who_waits_is_left_out(store: ConversationStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kefu.service.storage.inbox._MOST_OF_OTHERS", 2)
    waiting = [hand_over(store) for _ in range(3)]
    others = [store.begin().id for _ in range(3)]
    assert [entry.conversation_id for entry in inbox.queue()] == waiting
    assert [entry.conversation_id for entry in inbox.queue([ConversationState.ASSISTANT])] == others[:0:-1]


def test_who_takes_a_conversation_has_it(store: ConversationStore, inbox: Inbox, ann: int, lei: int) -> None:
    talk = hand_over(store)
    taken = inbox.take(talk, ann)
    assert (taken.taken_by, taken.hand_over_reason) == (ann, "asked")
    assert taken.taken_at is not None
    assert inbox.take(talk, ann).version == taken.version, "nothing has changed"
    with pytest.raises(TakenError) as caught:
        inbox.take(talk, lei)
    assert caught.value.name == "Ann"
    forced = inbox.take(talk, lei, force=True)
    assert (forced.taken_by, forced.version) == (lei, taken.version + 1)


def test_to_take_one_from_the_assistant_hands_it_over(store: ConversationStore, inbox: Inbox, ann: int) -> None:
    talk = inbox.take(store.begin().id, ann)
    assert (talk.hand_over_reason, talk.handed_over_at) == ("agent", talk.taken_at)
    assert talk.who_answers() is ConversationState.TAKEN


def test_two_agents_take_one_conversation(url: str, store: ConversationStore, inbox: Inbox, ann: int, lei: int) -> None:
    other = Database(url)
    inboxes = [inbox, Inbox(other)]
    for _ in range(5):
        talk = hand_over(store)
        start = threading.Barrier(2)

        def take(box: Inbox, agent: int, talk: str = talk, start: threading.Barrier = start) -> int | None:
            start.wait(10)
            try:
                return box.take(talk, agent).taken_by
            except TakenError:
                return None

        with ThreadPoolExecutor(2) as pool:
            taken = list(pool.map(take, inboxes, [ann, lei]))
        assert taken.count(None) == 1
        assert store.conversation(talk).taken_by == next(agent for agent in taken if agent is not None)
        assert store.conversation(talk).version == 3
    other.close()


def test_whoever_is_given_back_waits_again(store: ConversationStore, inbox: Inbox, ann: int, lei: int) -> None:
    talk = hand_over(store)
    assert inbox.release(talk, ann).version == store.conversation(talk).version == 2
    inbox.take(talk, ann)
    with pytest.raises(TakenError, match="Ann has taken"):
        inbox.release(talk, lei)
    released = inbox.release(talk, ann)
    assert (released.taken_by, released.taken_at, released.version) == (None, None, 4)
    assert released.who_answers() is ConversationState.WAITING
    inbox.take(talk, ann)
    assert inbox.release(talk, lei, force=True).taken_by is None


def test_only_who_has_taken_it_answers(store: ConversationStore, inbox: Inbox, ann: int, lei: int) -> None:
    talk = hand_over(store)
    with pytest.raises(NotTakenError):
        inbox.answer(talk, ann, "hello")
    inbox.take(talk, ann)
    with pytest.raises(NotTakenError):
        inbox.answer(talk, lei, "hello")
    row, is_new = inbox.answer(talk, ann, "您好\0，我看看。")
    assert is_new
    assert (row.sender, row.agent_id, row.position, row.text) == (Sender.AGENT, ann, 2, "您好，我看看。")
    conversation = store.conversation(talk)
    assert (conversation.version, conversation.last_message_at) == (4, conversation.changed_at)
    inbox.close(talk)
    with pytest.raises(NotTakenError):
        inbox.answer(talk, ann, "one more thing")
    inbox.take(talk, ann)
    assert inbox.answer(talk, ann, "one more thing")[1]


def test_an_answer_sent_twice_is_one(store: ConversationStore, inbox: Inbox, ann: int, lei: int) -> None:
    talk = hand_over(store)
    store.accept(talk, NewMessage(text="customer's", client_key="k1"))
    inbox.take(talk, ann)
    first, is_new = inbox.answer(talk, ann, "hello", "k1")
    assert is_new
    assert first.text == "hello", "not the customer's message of this key"
    version = inbox.close(talk).version
    again, is_new = inbox.answer(talk, ann, "hello", "k1")
    assert (again.id, is_new, store.conversation(talk).version) == (first.id, False, version)
    inbox.take(talk, lei)
    assert inbox.answer(talk, lei, "from me", "k1")[0].text == "from me"
    assert store.accept(talk, NewMessage(text="customer's", client_key="k1"))[0].text == "customer's"


def test_an_answer_sent_twice_at_once_is_one(url: str, store: ConversationStore, inbox: Inbox, ann: int) -> None:
    other = Database(url)
    talk = hand_over(store)
    inbox.take(talk, ann)
    start = threading.Barrier(4)

    def answer(box: Inbox) -> str:
        start.wait(10)
        return box.answer(talk, ann, "hello", "k1")[0].id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(answer, [inbox, Inbox(other)] * 2))) == 1
    assert [message.sender for message in store.messages(talk)].count(Sender.AGENT) == 1
    other.close()


def test_the_latest_correction_counts(store: ConversationStore, inbox: Inbox, ann: int, lei: int) -> None:
    talk = hand_over(store)
    asked, said = store.messages(talk)
    assert inbox.corrections(talk) == {}
    inbox.correct(talk, asked.id, ann, "refund")
    version = store.conversation(talk).version
    inbox.correct(talk, asked.id, lei, "invoice")
    (correction,) = inbox.corrections(talk).values()
    assert (correction.message_id, correction.label, correction.agent_id) == (asked.id, "invoice", lei)
    assert store.conversation(talk).version == version + 1
    inbox.uncorrect(talk, asked.id)
    assert inbox.corrections(talk) == {}
    assert store.conversation(talk).version == version + 2
    inbox.uncorrect(talk, asked.id)
    assert store.conversation(talk).version == version + 2
    other = hand_over(store)
    for conversation, message in ((talk, said.id), (other, asked.id), (talk, "none")):
        with pytest.raises(UnknownMessageError):
            inbox.correct(conversation, message, ann, "refund")
    with pytest.raises(UnknownMessageError):
        inbox.uncorrect(other, asked.id)
    assert inbox.corrections(other) == {}


def test_corrections_are_of_one_conversation(store: ConversationStore, inbox: Inbox, ann: int) -> None:
    talk, other = hand_over(store), hand_over(store)
    inbox.correct(other, store.messages(other)[0].id, ann, "refund")
    assert inbox.corrections(talk) == {}


def test_to_close_twice_is_to_close_once(store: ConversationStore, inbox: Inbox, ann: int) -> None:
    talk = hand_over(store)
    inbox.take(talk, ann)
    closed = inbox.close(talk)
    assert closed.closed_at is not None
    assert closed.taken_by == ann
    again = inbox.close(talk)
    assert (again.closed_at, again.version) == (closed.closed_at, closed.version)


def test_who_was_disabled_takes_nothing(store: ConversationStore, inbox: Inbox, agents: AgentStore, ann: int) -> None:
    talk, closed = hand_over(store), hand_over(store)
    inbox.take(talk, ann)
    inbox.take(closed, ann)
    inbox.close(closed)
    agents.disable("Ann")
    waiting = store.conversation(talk)
    assert (waiting.who_answers(), waiting.version) == (ConversationState.WAITING, 4)
    assert store.conversation(closed).taken_by == ann
    with pytest.raises(UnknownAgentError):
        inbox.take(talk, ann)
    with pytest.raises(NotTakenError):
        inbox.answer(talk, ann, "hello")


def test_to_take_and_to_disable_do_not_wait_for_one_another(
    url: str, store: ConversationStore, inbox: Inbox, agents: AgentStore, ann: int
) -> None:
    other = Database(url)
    talks = [hand_over(store) for _ in range(10)]

    def take(talk: str) -> None:
        try:
            inbox.take(talk, ann)
        except UnknownAgentError:
            return

    with ThreadPoolExecutor(4) as pool:
        taking = [pool.submit(take, talk) for talk in talks]
        pool.submit(AgentStore(other).disable, "Ann").result(30)
        for one in taking:
            one.result(30)
    assert [entry.state for entry in inbox.queue()] == [ConversationState.WAITING] * 10
    other.close()


def test_an_unknown_conversation_is_said(inbox: Inbox, ann: int) -> None:
    calls = (
        lambda: inbox.take("none", ann),
        lambda: inbox.release("none", ann),
        lambda: inbox.answer("none", ann, "hello"),
        lambda: inbox.correct("none", "none", ann, "refund"),
        lambda: inbox.uncorrect("none", "none"),
        lambda: inbox.close("none"),
    )
    for call in calls:
        with pytest.raises(UnknownConversationError):
            call()
