"""After a hand-over the assistant never speaks, whatever customers and agents do, and nothing that was said is lost."""

import asyncio
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from kefu.assistant.messages import HandOverReason, Message, Reply, Sentence, Understanding
from kefu.service.conversations import Desk, Event, Incoming, Understood
from kefu.service.storage import (
    AgentStore,
    ConversationState,
    ConversationStore,
    Database,
    Inbox,
    MediaStore,
    NotTakenError,
    Role,
    Sender,
    TakenError,
)
from kefu.speech import Transcript

AGENTS = ("wang", "li", "boss")
SAYINGS = st.sampled_from(["a refund, please", "退款", "a person, please", "thanks", "?"])


class Mind:
    """Answers everything, and hands over where it is asked to; ``meanwhile`` is done while it thinks."""

    def __init__(self) -> None:
        self.meanwhile = lambda: None

    def understand(
        self, conversation_id: str, message: Message, heard: Transcript | None, memory: dict[str, Any] | None
    ) -> Understood:
        self.meanwhile()
        return Understood(Understanding(language="en", text=message.text), "demo", "v1")

    def respond(self, memory: dict[str, Any] | None, understanding: Understanding) -> tuple[dict[str, Any], Reply]:
        hand_over = HandOverReason.ASKED if "person" in understanding.text else None
        said = (Sentence(text=f"You said: {understanding.text}"),)
        return {"turn": (memory or {"turn": 0})["turn"] + 1}, Reply(language="en", sentences=said, hand_over=hand_over)

    def show_action(self, reply: Reply) -> None:
        return None


@cache
def _empty_database() -> bytes:
    """Return the file of a database with all tables, which takes a while to make."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/kefu.db")
        database.close()
        return Path(folder, "kefu.db").read_bytes()


class House:
    """A desk, agents, and what they rest on; with a database of its own, as each process has."""

    def __init__(self, folder: Path) -> None:
        self.pool = ThreadPoolExecutor(4)
        file = folder / "kefu.db"
        if not file.exists():
            file.write_bytes(_empty_database())
        self.database = Database(f"sqlite:///{file}", migrate=False)
        self.store, self.inbox = ConversationStore(self.database), Inbox(self.database)
        self.agents, self.mind = AgentStore(self.database), Mind()
        self.desk = Desk(self.store, MediaStore(folder / "media"), self.mind, None, None, self.pool)

    def send(self, talk: str, **parts: Any) -> list[Event]:
        async def send() -> list[Event]:
            accepted = await self.desk.accept(talk, Incoming(**parts))
            return [event async for event in self.desk.answer(accepted)]

        return asyncio.run(send())

    def close(self) -> None:
        self.pool.shutdown()
        self.database.close()


class People(RuleBasedStateMachine):
    """Customers and agents, in any order; what each of them was told is compared with what is kept."""

    talks = Bundle("talks")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.house = House(self.folder)
        self.said: dict[str, list[tuple[Sender, str]]] = {}
        self.end_of_assistant: dict[str, int] = {}
        self.sent: list[tuple[str, str, str]] = []

    def teardown(self) -> None:
        self.house.close()
        shutil.rmtree(self.folder)

    @initialize()
    def hire(self) -> None:
        for name in AGENTS:
            self.house.agents.add(name, Role.ADMIN if name == "boss" else Role.AGENT, "no password")
        self.ids = {agent.name: agent.id or 0 for agent in self.house.agents.list()}

    @rule(target=talks)
    def begin(self) -> str:
        talk = self.house.store.begin(owner="o").id
        self.said[talk] = []
        return talk

    @rule(talk=talks, text=SAYINGS, with_picture=st.booleans())
    def send(self, talk: str, text: str, with_picture: bool) -> None:
        self._send(talk, text, f"c{len(self.sent)}", with_picture)

    @rule(talk=talks, text=SAYINGS, agent=st.sampled_from(AGENTS), what=st.sampled_from(["take", "close"]))
    def send_while_an_agent_acts(self, talk: str, text: str, agent: str, what: str) -> None:
        self.house.mind.meanwhile = lambda: self._take(talk, agent) if what == "take" else self._close(talk)
        self._send(talk, text, f"c{len(self.sent)}", with_picture=False)
        self.house.mind.meanwhile = lambda: None

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        if self.sent:
            talk, text, key = data.draw(st.sampled_from(self.sent))
            self.house.send(talk, text=text, client_key=key)

    @rule(talk=talks, agent=st.sampled_from(AGENTS))
    def take(self, talk: str, agent: str) -> None:
        self._take(talk, agent)

    @rule(talk=talks, agent=st.sampled_from(AGENTS), again=st.booleans())
    def answer(self, talk: str, agent: str, again: bool) -> None:
        text = f"{agent} says {len(self.said[talk])}"
        row = self.house.store.conversation(talk)
        try:
            for _ in range(2 if again else 1):
                self.house.inbox.answer(talk, self.ids[agent], text, client_key=text.replace(" ", "-"))
        except NotTakenError:
            assert row.taken_by != self.ids[agent] or row.closed_at is not None
            return
        assert row.taken_by == self.ids[agent]
        self.said[talk].append((Sender.AGENT, text))

    @rule(talk=talks)
    def close(self, talk: str) -> None:
        self._close(talk)

    @rule(agent=st.sampled_from(AGENTS))
    def leave_and_come_back(self, agent: str) -> None:
        self.house.agents.disable(agent)
        self.house.agents.enable(agent)

    def _send(self, talk: str, text: str, key: str, with_picture: bool) -> None:
        self.said[talk].append((Sender.CUSTOMER, text))
        self.sent.append((talk, text, key))
        events = self.house.send(talk, text=text, client_key=key, image=b"picture" if with_picture else None)
        spoken = [event.data["text"] for event in events if event.name == "sentence"]
        assert [events[0].name, events[-1].name] == ["accepted", "done"]
        if talk in self.end_of_assistant:
            assert spoken == []
        elif spoken:
            self.said[talk].append((Sender.ASSISTANT, f"You said: {text}"))
        self._note(talk)

    def _take(self, talk: str, agent: str) -> None:
        try:
            self.house.inbox.take(talk, self.ids[agent], force=agent == "boss")
        except TakenError:
            assert agent != "boss"
        self._note(talk)

    def _close(self, talk: str) -> None:
        self.house.inbox.close(talk)
        self._note(talk)

    def _note(self, talk: str) -> None:
        """Remember from which message on the assistant must be silent."""
        row = self.house.store.conversation(talk)
        if row.handed_over_at is not None or row.closed_at is not None:
            self.end_of_assistant.setdefault(talk, len(self.house.store.messages(talk)))

    @invariant()
    def nothing_is_lost_or_said_twice(self) -> None:
        for talk, said in self.said.items():
            messages = self.house.store.messages(talk)
            assert [(message.sender, message.text) for message in messages] == said
            assert [message.position for message in messages] == list(range(len(messages)))
            answered = [message.answers for message in messages if message.answers is not None]
            assert len(answered) == len(set(answered))

    @invariant()
    def after_the_hand_over_the_assistant_is_silent(self) -> None:
        for talk, end in self.end_of_assistant.items():
            later = self.house.store.messages(talk, after=end - 1)
            assert all(message.sender is not Sender.ASSISTANT for message in later)
            assert self.house.store.conversation(talk).who_answers() is not ConversationState.ASSISTANT

    @invariant()
    def the_queue_shows_all_that_people_are_to_answer(self) -> None:
        queued = {entry.conversation_id: entry for entry in self.house.inbox.queue()}
        rows = [self.house.store.conversation(talk) for talk in self.said]
        open_rows = [row for row in rows if row.handed_over_at is not None and row.closed_at is None]
        assert set(queued) == {row.id for row in open_rows}
        for talk, entry in queued.items():
            assert entry.num_messages == len(self.said[talk])
            assert entry.last_text == (self.said[talk][-1][1] if self.said[talk] else "")
        for talk, said in self.said.items():
            last = said[-1][0] if said else None
            assert last is not Sender.CUSTOMER or talk in queued or self.house.store.conversation(talk).closed_at

    @invariant()
    def what_the_model_saw_is_kept(self) -> None:
        for talk in self.said:
            asked = [row for row in self.house.store.messages(talk) if row.sender is Sender.CUSTOMER]
            assert all(
                (row.model, row.understanding["text"]) == ("demo", row.text) for row in asked if row.understanding
            )
            assert all(row.understanding for row in asked)


People.TestCase.settings = settings(
    max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
test_people_in_any_order = People.TestCase


def test_an_answer_that_was_being_made_when_an_agent_took_over_is_not_written(tmp_path: Path) -> None:
    house, other = House(tmp_path), House(tmp_path)
    agent = other.agents.add("wang", Role.AGENT, "no password").id or 0
    thinks, goes_on = threading.Event(), threading.Event()

    def think() -> None:
        thinks.set()
        assert goes_on.wait(10)

    try:
        talk = house.store.begin().id
        house.mind.meanwhile = think
        with ThreadPoolExecutor(1) as customer:
            sent = customer.submit(house.send, talk, text="a refund, please")
            assert thinks.wait(10)
            other.inbox.take(talk, agent)
            other.inbox.answer(talk, agent, "This is Wang.")
            goes_on.set()
            events = sent.result(10)
        assert [event.name for event in events] == ["accepted", "understood", "done"]
        assert events[-1].data == {"message_id": None}
        kept = house.store.messages(talk)
        assert [(row.sender, row.text) for row in kept] == [
            (Sender.CUSTOMER, "a refund, please"),
            (Sender.AGENT, "This is Wang."),
        ]
        assert kept[0].model == "demo"
        assert house.store.conversation(talk).state is None, "the assistant does not remember what it has not said"
    finally:
        house.close()
        other.close()


def test_a_message_that_is_not_understood_is_still_passed_on(tmp_path: Path) -> None:
    house = House(tmp_path)
    agent = house.agents.add("wang", Role.AGENT, "no password").id or 0

    def fall_over() -> None:
        raise RuntimeError("the model is away")

    try:
        talk = house.store.begin().id
        house.inbox.take(talk, agent)
        house.mind.meanwhile = fall_over
        assert [event.name for event in house.send(talk, text="hello")] == ["accepted", "done"]
        assert [row.text for row in house.store.messages(talk)] == ["hello"]
    finally:
        house.close()
