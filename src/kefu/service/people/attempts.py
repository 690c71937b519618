"""How often somebody may try in vain."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock


class Attempts:
    """Counts attempts by a key within a sliding window; the memory of it is bounded.

    Args:
        max_attempts: within the window.
        window_seconds: how long an attempt counts.
        max_keys: that are remembered; of more, the one that tried longest ago is forgotten.
        clock: in seconds.
    """

    def __init__(
        self,
        max_attempts: int,
        window_seconds: float,
        max_keys: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_attempts, self._window_seconds = max_attempts, window_seconds
        self._max_keys, self._clock = max_keys, clock
        self._tried: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, key: str) -> float:
        """Return how long this key has to wait before it may try again; 0: not at all."""
        with self._lock:
            tried = self._recent(key)
            if len(tried) < self._max_attempts:
                return 0.0
            return tried[-self._max_attempts] + self._window_seconds - self._clock()

    def add(self, key: str) -> None:
        """Count an attempt."""
        with self._lock:
            tried = self._recent(key)
            tried.append(self._clock())
            self._tried[key] = tried
            self._tried.move_to_end(key)
            if len(self._tried) > self._max_keys:
                self._tried.popitem(last=False)

    def forget(self, key: str) -> None:
        """Take back all attempts of a key."""
        with self._lock:
            self._tried.pop(key, None)

    def forget_last(self, key: str) -> None:
        """Take back the latest attempt of a key."""
        with self._lock:
            tried = self._recent(key)
            if tried:
                tried.pop()

    def _recent(self, key: str) -> deque[float]:
        tried = self._tried.get(key, deque())
        oldest = self._clock() - self._window_seconds
        while tried and tried[0] <= oldest:
            tried.popleft()
        return tried
