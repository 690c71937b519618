"""Where messages come in: each is kept, then understood and answered in the order of its conversation.

Once a person has taken over, messages are kept and understood, for that person; nothing is said any more.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol
from weakref import WeakValueDictionary

import structlog

from kefu.assistant.messages import Message, Reply, Understanding
from kefu.service.conversations.events import Event
from kefu.service.conversations.voice import SpeechCache
from kefu.service.storage import ConversationStore, MediaStore, MemoryChangedError, MessageRow, NewMessage
from kefu.service.storage.tables import now
from kefu.speech import Transcript

logger = structlog.get_logger(__name__)

RESUMED_WITHIN = timedelta(hours=1)
FAILED = {
    "en": "Something went wrong on our side. Please send it again.",
    "zh": "我们这边出了点问题，请再发送一次。",
}


@dataclass(frozen=True)
class Understood:
    """What was understood of a message, and which model judged it; None: there was nothing to judge."""

    understanding: Understanding
    model: str | None = None
    model_version: str | None = None


class Mind(Protocol):
    """Understands and answers; memory goes in and comes out as JSON."""

    def understand(
        self, conversation_id: str, message: Message, heard: Transcript | None, memory: dict[str, Any] | None
    ) -> Understood:
        """Say what a message is about."""

    def respond(self, memory: dict[str, Any] | None, understanding: Understanding) -> tuple[dict[str, Any], Reply]:
        """Answer it, and return what is to be remembered."""

    def show_action(self, reply: Reply) -> dict[str, Any] | None:
        """Return title, status and details of the action of a reply in words for the customer."""


class Ears(Protocol):
    """Hears recordings."""

    def decode(self, recording: bytes) -> bytes:
        """Return a recording of a browser as a WAV file.

        Raises:
            kefu.tickets.errors.KefuError: it is none, or too long.
        """

    def hear(self, wav: bytes, language: str | None) -> Transcript:
        """Write down what is said in it."""


@dataclass(frozen=True)
class Incoming:
    """A message as it came, its media checked for size and kind; a picture that is damaged is there without a byte."""

    text: str = ""
    image: bytes | None = None
    audio: bytes | None = None
    language: str | None = None
    client_key: str | None = None


@dataclass(frozen=True)
class Accepted:
    """A message that is kept; it will be answered."""

    row: MessageRow
    message: Message

    @property
    def has_media(self) -> bool:
        """Whether there is a picture or a recording."""
        return self.message.image is not None or self.message.audio is not None


class Desk:
    """Takes messages and answers them.

    Args:
        store: of conversations.
        media: of pictures and recordings.
        mind: of the assistant.
        ears: of the assistant; None where recordings cannot be heard.
        speech: of the assistant; None where it cannot speak.
        pool: threads for all that takes time.
        on_change: is called, in any thread, when a conversation was changed.
        texts_at_once: how many messages of text alone are answered at the same time. They are work for Python, which
            does one thing at a time; others wait for recognisers, and let it go.
    """

    def __init__(
        self,
        store: ConversationStore,
        media: MediaStore,
        mind: Mind,
        ears: Ears | None,
        speech: SpeechCache | None,
        pool: Executor,
        on_change: Callable[[], None] = lambda: None,
        *,
        texts_at_once: int = 2,
    ) -> None:
        self.store = store
        self.media = media
        self.speech = speech
        self._mind = mind
        self._ears = ears
        self._pool = pool
        self._on_change = on_change
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._works: set[asyncio.Task[None]] = set()
        self._texts = asyncio.Semaphore(texts_at_once)

    @property
    def hears(self) -> bool:
        """Whether recordings are taken."""
        return self._ears is not None

    @property
    def working(self) -> int:
        """Messages that are being answered or wait for it."""
        return len(self._works)

    async def accept(self, conversation_id: str, incoming: Incoming) -> Accepted:
        """Keep a message, so that it is not lost whatever comes.

        Raises:
            UnknownConversationError: there is no such conversation.
            KefuError: the recording cannot be decoded.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._accept, conversation_id, incoming)

    async def answer(self, accepted: Accepted) -> AsyncIterator[Event]:
        """Answer a message that was accepted, once; whoever asks again gets the same answer.

        The answer is made and kept even if nobody listens to the end.
        """
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._begin(accepted, events.put_nowait)
        while (event := await events.get()) is not None:
            yield event

    async def resume(self, within: timedelta = RESUMED_WITHIN) -> int:
        """Answer what was accepted and not answered, as when the service was killed; return how many there are.

        Args:
            within: how long ago a message may have come; an answer after that would surprise.
        """
        loop = asyncio.get_running_loop()
        owed = await loop.run_in_executor(self._pool, self.store.unanswered, now() - within)
        for row in owed:
            accepted = await loop.run_in_executor(self._pool, self._accepted_before, row)
            self._begin(accepted, lambda event: None)
        if owed:
            logger.info("messages of before are answered", messages=len(owed))
        return len(owed)

    async def close(self) -> None:
        """Wait until all that was accepted is answered."""
        await asyncio.gather(*self._works, return_exceptions=True)

    def replay(self, row: MessageRow) -> list[Event]:
        """Return what a reply that is kept says, from its first sentence to ``done``."""
        assert row.reply is not None
        reply = Reply.model_validate(row.reply)
        events = [
            Event("sentence", {**sentence.model_dump(), "index": index, "speech_url": self._speech_url(row, index)})
            for index, sentence in enumerate(reply.sentences)
        ]
        action = self._mind.show_action(reply)
        if action is not None:
            events.append(Event("action", action))
        if reply.suggestions:
            events.append(Event("suggestions", {"texts": list(reply.suggestions)}))
        if reply.hand_over is not None:
            events.append(Event("hand_over", {"reason": reply.hand_over}))
        return [*events, Event("done", {"message_id": row.id})]

    def _begin(self, accepted: Accepted, put: Callable[[Event | None], None]) -> None:
        work = asyncio.create_task(self._work(accepted, put))
        self._works.add(work)
        work.add_done_callback(self._works.discard)

    async def _work(self, accepted: Accepted, put: Callable[[Event | None], None]) -> None:
        loop = asyncio.get_running_loop()

        def say(event: Event) -> None:
            loop.call_soon_threadsafe(put, event)

        row = accepted.row
        try:
            async with (
                self._turns.setdefault(row.conversation_id, asyncio.Lock()),
                nullcontext() if accepted.has_media else self._texts,
            ):
                await loop.run_in_executor(self._pool, partial(self._answer, accepted, say))
        except Exception:
            logger.exception("message not answered", conversation=row.conversation_id, message=row.id)
            put(Event("error", {"code": "failed", "message": FAILED}))
        finally:
            loop.call_soon(put, None)

    def _accept(self, conversation_id: str, incoming: Incoming) -> Accepted:
        self.store.conversation(conversation_id)
        assert incoming.audio is None or self._ears is not None
        wav = self._ears.decode(incoming.audio) if incoming.audio is not None and self._ears is not None else None
        message = Message(text=incoming.text, image=incoming.image, audio=wav, language=incoming.language)
        kept = NewMessage(
            text=incoming.text,
            language=incoming.language,
            image=self.media.keep(incoming.image) if incoming.image else None,
            audio=self.media.keep(wav) if wav is not None else None,
            client_key=incoming.client_key,
        )
        row, _ = self.store.accept(conversation_id, kept)
        for content in (incoming.image, wav):
            if content is not None:
                self.media.keep(content)  # an older message that held the same may have been erased meanwhile
        self._on_change()
        return Accepted(row, message)

    def _accepted_before(self, row: MessageRow) -> Accepted:
        image, audio = (self.media.read(name) if name is not None else None for name in (row.image, row.audio))
        return Accepted(row, Message(text=row.text, image=image, audio=audio, language=row.language))

    def _answer(self, accepted: Accepted, say: Callable[[Event], None]) -> None:
        asked = accepted.row
        say(Event("accepted", {"message_id": asked.id, "image": asked.image, "audio": asked.audio}))
        said = self.store.reply_to(asked.id)
        if said is None:
            conversation = self.store.conversation(asked.conversation_id)
            if conversation.handed_over_at is None:
                said = self._respond(accepted, conversation.state, say)
            elif asked.understanding is None:
                self._study(accepted, conversation.state, say)
        for event in self.replay(said) if said is not None else [Event("done", {"message_id": None})]:
            say(event)

    def _respond(
        self, accepted: Accepted, memory: dict[str, Any] | None, say: Callable[[Event], None]
    ) -> MessageRow | None:
        """Answer a message; None where a person has taken over meanwhile."""
        understood = self._understand(accepted, memory, say)
        while True:
            state, reply = self._mind.respond(memory, understood.understanding)
            if self.speech is not None and reply.sentences:
                self.speech.say(reply.sentences[0].text, reply.language)
            try:
                said = self.store.answer(
                    accepted.row,
                    understood.understanding.model_dump(mode="json"),
                    reply.model_dump(mode="json"),
                    state,
                    remembered=memory,
                    model=understood.model,
                    model_version=understood.model_version,
                )
            except MemoryChangedError as changed:
                memory = changed.memory
            else:
                self._on_change()
                return said

    def _study(self, accepted: Accepted, memory: dict[str, Any] | None, say: Callable[[Event], None]) -> None:
        """Understand a message for the person who answers it, who can do without."""
        try:
            understood = self._understand(accepted, memory, say)
        except Exception:
            logger.exception("message not understood", message=accepted.row.id)
            return
        self.store.keep_understanding(
            accepted.row, understood.understanding.model_dump(mode="json"), understood.model, understood.model_version
        )
        self._on_change()

    def _understand(
        self, accepted: Accepted, memory: dict[str, Any] | None, say: Callable[[Event], None]
    ) -> Understood:
        message, heard = accepted.message, None
        if message.audio is not None and self._ears is not None:
            heard = self._ears.hear(message.audio, message.language)
        understood = self._mind.understand(accepted.row.conversation_id, message, heard, memory)
        say(Event("understood", understood.understanding.model_dump(mode="json")))
        return understood

    def _speech_url(self, row: MessageRow, index: int) -> str | None:
        return f"/v1/speech/{row.id}/{index}.wav" if self.speech is not None else None
