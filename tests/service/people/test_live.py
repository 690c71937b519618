"""Changes, told to whoever listens."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from kefu.service.people import Live
from kefu.service.storage import Change, ChangeFeed, ConversationState, ConversationStore, Database, NewMessage

LONG_S = 30.0


class Feed:
    """Tells what it was given, and counts how often it is asked."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.asked = 0
        self.fails = False

    def next(self) -> list[Change]:
        self.asked += 1
        if self.fails:
            raise OSError("the database is away")
        changes, self.changes = self.changes, []
        return changes


def change(conversation_id: str, version: int = 1) -> Change:
    return Change(conversation_id, ConversationState.WAITING, version)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), LONG_S))


def test_a_change_made_here_is_told_at_once() -> None:
    feed = Feed()

    async def test() -> None:
        live = Live(feed, look_seconds=LONG_S)
        with live.listen() as listener:
            await listener.wait(0.05)  # the first look
            feed.changes = [change("a")]
            started = time.monotonic()
            threading.Timer(0.05, live.wake).start()
            assert await listener.wait(5) == [change("a")]
            assert time.monotonic() - started < 1

    run(test)


def test_all_are_told_by_one_look_each_what_matters_to_it() -> None:
    feed = Feed()

    async def test() -> None:
        live = Live(feed, look_seconds=0.05)
        with live.listen() as every, live.listen("a") as one, live.listen("b") as other:
            feed.changes = [change("a"), change("c")]
            assert await every.wait(5) == [change("a"), change("c")]
            assert await one.wait(5) == [change("a")]
            assert await other.wait(0.01) == []
            before, started = feed.asked, time.monotonic()
            await asyncio.sleep(0.3)
            assert feed.asked - before <= 2 + (time.monotonic() - started) / 0.05, "not a look for each"

    run(test)


def test_a_slow_listener_gets_the_latest_of_each() -> None:
    feed = Feed()

    async def test() -> None:
        live = Live(feed, look_seconds=0.01)
        with live.listen() as listener:
            for version in range(1, 4):
                feed.changes = [change("a", version), change("b", version)]
                while feed.changes:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert await listener.wait(5) == [change("a", 3), change("b", 3)]
            assert await listener.wait(0.02) == []

    run(test)


def test_without_a_listener_nobody_looks_and_with_the_next_one_they_do() -> None:
    feed = Feed()

    async def test() -> None:
        live = Live(feed, look_seconds=0.01)
        for _ in range(2):
            with live.listen() as listener:
                feed.changes = [change("a")]
                assert await listener.wait(5) == [change("a")]
            await asyncio.sleep(0.1)
            asked = feed.asked
            await asyncio.sleep(0.1)
            assert feed.asked == asked

    run(test)


def test_a_listener_that_comes_just_when_the_last_has_gone_is_told() -> None:
    feed = Feed()

    async def test() -> None:
        live = Live(feed, look_seconds=0.05)
        with live.listen() as first:
            await first.wait(0.01)
        with live.listen() as second:
            feed.changes = [change("a")]
            assert await second.wait(5) == [change("a")]

    run(test)


def test_a_database_that_was_away_is_looked_at_again() -> None:
    feed = Feed()

    async def test() -> None:
        live = Live(feed, look_seconds=0.01)
        feed.fails = True
        with live.listen() as listener:
            assert await listener.wait(0.1) == []
            feed.fails, feed.changes = False, [change("a")]
            assert await listener.wait(5) == [change("a")]

    run(test)


def test_the_end_is_told_at_once_and_the_task_ends() -> None:
    feed = Feed()

    async def test() -> None:
        live = Live(feed, look_seconds=LONG_S)
        with live.listen() as listener:
            asyncio.get_running_loop().call_later(0.05, live.close)
            assert await listener.wait(LONG_S) == []
            assert listener.is_closed
            await live.finish()
        with live.listen() as late:
            assert late.is_closed
        assert len(asyncio.all_tasks()) <= 3  # this one, what waits for it, and one that is just ending

    run(test)


def test_what_another_process_writes_is_told_at_the_next_look(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kefu.db"
    own, other = Database(url), Database(url)
    store = ConversationStore(other)
    talk = store.begin()

    async def test() -> None:
        live = Live(ChangeFeed(own), look_seconds=0.5)
        with live.listen(talk.id) as listener:
            await listener.wait(0.1)
            await asyncio.to_thread(store.accept, talk.id, NewMessage("hello"))
            assert [(one.conversation_id, one.state) for one in await listener.wait(5)] == [(talk.id, "assistant")]

    try:
        run(test)
    finally:
        own.close()
        other.close()
