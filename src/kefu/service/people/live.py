"""Changes of conversations, told as they happen, whichever process made them.

One task of the process looks at the database, at once when something was changed here and every half second
otherwise, and tells all who listen. Where nobody listens, it ends.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import structlog

from kefu.service.logs import describe_error
from kefu.service.storage import Change

_log = structlog.get_logger("kefu.service")


class Feed(Protocol):
    """Tells what has changed since it was asked last."""

    def next(self) -> list[Change]:
        """Return it; called in a thread."""


class Listener:
    """What one client has not been told yet: of each conversation the latest change, so that a slow one costs little.

    Args:
        conversation_id: the only one that matters; None: all.
    """

    def __init__(self, conversation_id: str | None) -> None:
        self.is_closed = False
        self._conversation_id = conversation_id
        self._changes: dict[str, Change] = {}
        self._news = asyncio.Event()

    def tell(self, changes: list[Change]) -> None:
        """Add changes."""
        for change in changes:
            if self._conversation_id in (None, change.conversation_id):
                self._changes[change.conversation_id] = change
                self._news.set()

    def close(self) -> None:
        """End what is listened to."""
        self.is_closed = True
        self._news.set()

    async def wait(self, seconds: float) -> list[Change]:
        """Return what has changed, as soon as something has; nothing after so many seconds, or when it is closed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        self._news.clear()
        changes, self._changes = list(self._changes.values()), {}
        return changes


class Live:
    """Tells listeners what changes.

    All but :meth:`wake` is called from the event loop.

    Args:
        feed: of the database.
        look_seconds: how often to look where nothing happens in this process.
    """

    def __init__(self, feed: Feed, look_seconds: float) -> None:
        self._feed, self._look_seconds = feed, look_seconds
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def num_listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    @contextmanager
    def listen(self, conversation_id: str | None = None) -> Iterator[Listener]:
        """Listen to one conversation, or to all."""
        listener = Listener(conversation_id)
        if self._is_closed:
            listener.close()
        self._listeners.add(listener)
        if self._watch is None or self._watch.done():
            self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()
            self._watch = asyncio.create_task(self._look_while_anybody_listens())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def wake(self) -> None:
        """Look at once, since something was changed here; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    def close(self) -> None:
        """End all that is listened to."""
        self._is_closed = True
        for listener in self._listeners:
            listener.close()

    async def finish(self) -> None:
        """End all that is listened to, and the task that looks."""
        self.close()
        if self._watch is not None:
            self._changed.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._watch, self._look_seconds)

    async def _look_while_anybody_listens(self) -> None:
        is_failing = False
        while self._listeners and not self._is_closed:
            self._changed.clear()
            try:
                changes = await asyncio.to_thread(self._feed.next)
            except Exception as error:  # the database may be back in a moment
                if not is_failing:
                    _log.error("changes cannot be read", why=describe_error(error))
                is_failing = True
            else:
                is_failing = False
                for listener in self._listeners:
                    listener.tell(changes)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._look_seconds)
