"""The desk: what is accepted is answered, once and in order."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kefu.assistant.messages import HandOverReason, Message, Reply, Sentence, Understanding
from kefu.service.conversations import Accepted, Desk, Event, Incoming, SpeechCache, Understood, encode
from kefu.service.storage import ConversationStore, Database, MediaStore, UnknownConversationError
from kefu.speech import Transcript
from kefu.tickets.errors import KefuError


class Parrot:
    """A mind that repeats what it is told, and counts its turns."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.wait_s = 0.0

    def understand(
        self, conversation_id: str, message: Message, heard: Transcript | None, memory: dict[str, Any] | None
    ) -> Understood:
        assert self.busy.acquire(blocking=False), "two messages of one conversation at once"
        time.sleep(self.wait_s)
        text = heard.text if heard is not None else message.text
        if text == "fall over":
            self.busy.release()
            raise RuntimeError("fallen")
        understanding = Understanding(language=message.language or "en", text=text, heard=heard)
        return Understood(understanding, "parrot", "v1")

    def respond(self, memory: dict[str, Any] | None, understanding: Understanding) -> tuple[dict[str, Any], Reply]:
        turn = (memory or {"turn": 0})["turn"] + 1
        hand_over = HandOverReason.ASKED if "person" in understanding.text else None
        said = (Sentence(text=f"{turn}: {understanding.text}"), Sentence(text="More?"))
        if self.busy.locked():
            self.busy.release()
        return {"turn": turn}, Reply(
            language=understanding.language, sentences=said, suggestions=("yes",), hand_over=hand_over
        )

    def show_action(self, reply: Reply) -> None:
        return None


class Slow(Parrot):
    """A mind that counts how many texts it understands at once, and how many messages."""

    def __init__(self) -> None:
        super().__init__()
        self.counting = threading.Lock()
        self.texts = self.messages = self.most_texts = self.most_messages = 0

    def understand(
        self, conversation_id: str, message: Message, heard: Transcript | None, memory: dict[str, Any] | None
    ) -> Understood:
        is_text = message.image is None and heard is None
        with self.counting:
            self.messages, self.texts = self.messages + 1, self.texts + is_text
            self.most_messages = max(self.most_messages, self.messages)
            self.most_texts = max(self.most_texts, self.texts)
        time.sleep(0.1)
        with self.counting:
            self.messages, self.texts = self.messages - 1, self.texts - is_text
        return Understood(Understanding(language="en", text=message.text, heard=heard))


class Ears:
    def decode(self, recording: bytes) -> bytes:
        if recording == b"noise":
            raise KefuError("the recording cannot be decoded")
        return b"wav " + recording

    def hear(self, wav: bytes, language: str | None) -> Transcript:
        return Transcript(text=wav.decode(), language="en", confidence=1, seconds=1, recogniser="test")


class Mouth:
    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, sentence: str, language: str) -> bytes:
        self.said.append(sentence)
        if sentence == "hoarse" and self.said.count("hoarse") == 1:
            raise OSError("no voice")
        return f"{language} {sentence}".encode()


class Shop:
    """A desk and what it rests on."""

    def __init__(self, folder: Path) -> None:
        self.pool = ThreadPoolExecutor(4)
        self.database = Database(f"sqlite:///{folder}/kefu.db")
        self.store = ConversationStore(self.database)
        self.media = MediaStore(folder / "media")
        self.mind, self.mouth = Parrot(), Mouth()
        self.speech = SpeechCache(self.mouth, self.pool, max_sentences=2)
        self.desk = Desk(self.store, self.media, self.mind, Ears(), self.speech, self.pool)
        self.talk = self.store.begin().id

    async def send(self, **parts: Any) -> list[Event]:
        return await self.listen(await self.desk.accept(self.talk, Incoming(**parts)))

    async def listen(self, accepted: Accepted) -> list[Event]:
        return [event async for event in self.desk.answer(accepted)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.pool.shutdown()
    shop.database.close()


def test_events_come_in_order(shop: Shop) -> None:
    events = asyncio.run(shop.send(text="a person, please"))
    names = ["accepted", "understood", "sentence", "sentence", "suggestions", "hand_over", "done"]
    assert [event.name for event in events] == names
    asked, said = shop.store.messages(shop.talk)
    assert events[0].data["message_id"] == asked.id
    assert events[2].data == {
        "text": "1: a person, please",
        "citations": (),
        "index": 0,
        "speech_url": f"/v1/speech/{said.id}/0.wav",
    }
    assert events[-1].data == {"message_id": said.id}
    assert shop.store.conversation(shop.talk).hand_over_reason == "asked"


def test_pictures_and_recordings_are_kept_and_heard(shop: Shop) -> None:
    events = asyncio.run(shop.send(image=b"picture", audio=b"refund"))
    (asked, _) = shop.store.messages(shop.talk)
    assert events[1].data["heard"]["text"] == "wav refund"
    assert shop.media.read(asked.image or "") == b"picture"
    assert shop.media.read(asked.audio or "") == b"wav refund"


def test_what_is_not_accepted_is_not_kept(shop: Shop) -> None:
    with pytest.raises(KefuError, match="cannot be decoded"):
        asyncio.run(shop.send(audio=b"noise"))
    with pytest.raises(UnknownConversationError):
        asyncio.run(shop.desk.accept("nobody", Incoming(text="hi")))
    assert shop.store.messages(shop.talk) == []


def test_messages_of_a_conversation_wait_for_each_other(shop: Shop) -> None:
    shop.mind.wait_s = 0.02

    async def send_all() -> list[list[Event]]:
        return await asyncio.gather(*(shop.send(text=str(number)) for number in range(5)))

    turns = [
        next(event.data["text"] for event in events if event.name == "sentence") for events in asyncio.run(send_all())
    ]
    assert sorted(turn.split(":")[0] for turn in turns) == ["1", "2", "3", "4", "5"]


def test_few_texts_are_worked_on_at_once_and_media_do_not_wait_for_them(shop: Shop) -> None:
    mind = Slow()
    with ThreadPoolExecutor(8) as pool:
        desk = Desk(shop.store, shop.media, mind, Ears(), None, pool, texts_at_once=2)

        async def send(**parts: Any) -> list[Event]:
            accepted = await desk.accept(shop.store.begin().id, Incoming(**parts))
            return [event async for event in desk.answer(accepted)]

        async def send_all() -> list[list[Event]]:
            texts = [send(text=f"{number}") for number in range(6)]
            return await asyncio.gather(*texts, send(image=b"picture"), send(audio=b"refund"))

        answers = asyncio.run(send_all())
    assert [events[-1].name for events in answers] == ["done"] * 8
    assert (mind.most_texts, mind.most_messages) == (2, 4)


def test_two_services_that_answer_one_conversation_at_once_forget_no_turn(shop: Shop, tmp_path: Path) -> None:
    other = Shop(tmp_path)
    other.talk = shop.talk
    respond = shop.mind.respond

    def respond_late(memory: dict[str, Any] | None, understanding: Understanding) -> tuple[dict[str, Any], Reply]:
        if memory is None:
            asyncio.run(other.send(text="second"))
        return respond(memory, understanding)

    shop.mind.respond = respond_late  # type: ignore[method-assign]
    try:
        events = asyncio.run(shop.send(text="first"))
    finally:
        other.pool.shutdown()
        other.database.close()
    assert next(event.data["text"] for event in events if event.name == "sentence") == "2: first"
    assert [event.name for event in events].count("understood") == 1
    assert shop.store.conversation(shop.talk).state == {"turn": 2}


def test_the_same_key_gets_the_same_answer(shop: Shop) -> None:
    async def twice() -> tuple[list[Event], list[Event]]:
        return await asyncio.gather(shop.send(text="hi", client_key="k"), shop.send(text="hi", client_key="k"))

    first, second = asyncio.run(twice())
    later = asyncio.run(shop.send(text="hi", client_key="k"))
    assert len(shop.store.messages(shop.talk)) == 2
    assert {events[-1].data["message_id"] for events in (first, second, later)} == {first[-1].data["message_id"]}
    assert [event for event in first if event.name == "sentence"] == [
        event for event in later if event.name == "sentence"
    ]


def test_an_answer_is_kept_when_nobody_listens(shop: Shop) -> None:
    shop.mind.wait_s = 0.05

    async def hang_up() -> None:
        answer = shop.desk.answer(await shop.desk.accept(shop.talk, Incoming(text="hi")))
        await anext(answer)
        await answer.aclose()  # type: ignore[attr-defined]
        await shop.desk.close()

    asyncio.run(hang_up())
    assert [message.text for message in shop.store.messages(shop.talk)] == ["hi", "1: hi More?"]


def test_a_failure_is_said_and_can_be_tried_again(shop: Shop) -> None:
    events = asyncio.run(shop.send(text="fall over"))
    assert [event.name for event in events] == ["accepted", "error"]
    assert set(events[-1].data["message"]) == {"en", "zh"}
    assert [event.name for event in asyncio.run(shop.send(text="hi"))][-1] == "done"


def test_sentences_are_spoken_once(shop: Shop) -> None:
    assert shop.speech.say("hello", "en").result() == b"en hello"
    assert shop.speech.say("hello", "en").result() == b"en hello"
    assert shop.speech.say("hello", "zh").result() == b"zh hello"
    assert shop.mouth.said == ["hello", "hello"]
    shop.speech.say("third", "en").result()
    shop.speech.say("hello", "en").result()  # the oldest was forgotten
    assert shop.mouth.said == ["hello", "hello", "third", "hello"]


def test_a_sentence_that_failed_is_tried_again(shop: Shop) -> None:
    with pytest.raises(OSError, match="no voice"):
        shop.speech.say("hoarse", "en").result()
    assert shop.speech.say("hoarse", "en").result() == b"en hoarse"


def test_an_event_is_one_line_of_data() -> None:
    sent = encode(Event("sentence", {"text": "一\n二"}))
    assert sent == 'event: sentence\ndata: {"text":"一\\n二"}\n\n'.encode()


def test_what_was_accepted_before_a_crash_is_answered_after_it(shop: Shop) -> None:
    async def crash_and_resume() -> tuple[int, int]:
        for parts in ({"text": "first"}, {"image": b"picture", "audio": b"refund"}):
            await shop.desk.accept(shop.talk, Incoming(**parts))  # type: ignore[arg-type]
        owed = await shop.desk.resume()
        await shop.desk.close()
        return owed, await shop.desk.resume()

    assert asyncio.run(crash_and_resume()) == (2, 0)
    said = [message.text for message in shop.store.messages(shop.talk)]
    assert said == ["first", "", "1: first More?", "2: wav refund More?"]


def test_nobody_is_answered_late_or_after_a_hand_over(shop: Shop) -> None:
    async def owed(within: timedelta) -> int:
        return await shop.desk.resume(within)

    asyncio.run(shop.send(text="a person, please"))
    asyncio.run(shop.desk.accept(shop.talk, Incoming(text="are you there?")))
    assert asyncio.run(owed(timedelta(hours=1))) == 0
    shop.talk = shop.store.begin().id
    asyncio.run(shop.desk.accept(shop.talk, Incoming(text="hello")))
    assert asyncio.run(owed(timedelta())) == 0
    assert asyncio.run(owed(timedelta(hours=1))) == 1
