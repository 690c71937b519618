"""Requests that come one by one, judged together: a queue, and a thread that empties it in batches."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class QueueFullError(Exception):
    """As many items wait as may; come back later."""


class BatcherClosedError(Exception):
    """The batcher takes no more items; what it had accepted is still done."""


class MicroBatcher(Generic[Item, Result]):
    """Calls a function with batches of what was submitted one by one, in a thread of its own.

    A batch goes as soon as it is full or its oldest item has waited long enough. While one is worked on, the next
    gathers. Where the function fails, its items are tried one by one, so that one of them cannot spoil the others.

    Args:
        work: takes up to ``max_items`` items and returns a result for each, in their order.
        max_items: of a batch.
        max_wait_seconds: how long the oldest item waits for others.
        max_queued: items that wait; more are refused.
        name: of the thread.
        on_batch: told the number of items of each batch and the seconds it took.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        max_items: int,
        max_wait_seconds: float,
        max_queued: int,
        name: str = "batcher",
        on_batch: Callable[[int, float], None] = lambda size, seconds: None,
    ) -> None:
        self._work = work
        self._max_items, self._max_wait_seconds, self._max_queued = max_items, max_wait_seconds, max_queued
        self._on_batch = on_batch
        self._waiting: deque[tuple[Item, Future[Result], float]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """Items that wait."""
        return len(self._waiting)

    def submit(self, item: Item) -> Future[Result]:
        """Queue an item; its result, or what went wrong with it, comes with the future. Any thread may call.

        Raises:
            QueueFullError: too many wait already.
            BatcherClosedError: after :meth:`close`.
        """
        future: Future[Result] = Future()
        with self._changed:
            if self._closed:
                raise BatcherClosedError
            if len(self._waiting) >= self._max_queued:
                raise QueueFullError
            self._waiting.append((item, future, time.monotonic()))
            # between these two the thread has nothing to do but wait
            if len(self._waiting) in (1, self._max_items):
                self._changed.notify()
        return future

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Refuse new items, and wait until those that were accepted are done; say whether they are."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while batch := self._next_batch():
            # a future that was cancelled while it waited is left out
            running = [(item, future) for item, future, _ in batch if future.set_running_or_notify_cancel()]
            if running:
                started = time.perf_counter()
                self._do(running)
                self._on_batch(len(running), time.perf_counter() - started)

    def _next_batch(self) -> list[tuple[Item, Future[Result], float]]:
        """Return the next batch; an empty one when all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._waiting:
                due = self._waiting[0][2] + self._max_wait_seconds
                self._changed.wait_for(
                    lambda: len(self._waiting) >= self._max_items or self._closed, max(0.0, due - time.monotonic())
                )
            return [self._waiting.popleft() for _ in range(min(self._max_items, len(self._waiting)))]

    def _do(self, batch: list[tuple[Item, Future[Result]]]) -> None:
        try:
            results = self._work([item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
            else:
                for one in batch:
                    self._do([one])
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)
