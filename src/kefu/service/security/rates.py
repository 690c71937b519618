"""How often one may ask: a token bucket for each asker, in bounded memory."""

import time
from collections import OrderedDict
from collections.abc import Callable


class TokenBuckets:
    """A bucket of tokens for each key; a request takes one, and they come back at a steady rate.

    Buckets live in the memory of this process. Of too many the one that was not used for longest is forgotten, which
    is the one that is likeliest to be full again.

    Args:
        per_minute: tokens that come back; 0: everything is let through.
        burst: tokens of a full bucket.
        max_keys: buckets that are remembered.
        clock: seconds that never go back.
    """

    def __init__(
        self, per_minute: float, burst: int, max_keys: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._burst, self._max_keys = per_minute / 60, burst, max_keys
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets are remembered."""
        return len(self._buckets)

    def take(self, key: str) -> float:
        """Take a token; return 0, or the seconds until there is one."""
        if not self._per_second:
            return 0.0
        now = self._clock()
        tokens, since = self._buckets.get(key, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - since) * self._per_second)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
        self._buckets[key] = (tokens if wait else tokens - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        return wait
