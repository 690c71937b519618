"""Plans of shards: what each is made of, so that what is there already need not be made again."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kefu.engines.local import map_in_order, worker_context
from kefu.engines.progress import show_progress

Task = TypeVar("Task")
Shard = TypeVar("Shard")


def recipe(**parts: Any) -> str:
    """Return a name for everything that a shard is made of.

    Args:
        parts: values that JSON knows; shards of equal parts are equal.
    """
    spelled = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(spelled.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class ShardPlan(Generic[Task, Shard]):
    """Shards to be made, in order.

    A node returns it, and the dataset that it is saved to makes the shards that it does not have.
    """

    what: str
    """What a person is told while shards are made."""
    recipes: Sequence[str]
    """The :func:`recipe` of each shard."""
    task: Callable[[int], Task]
    """Returns the task of the shard of that number; called when its turn comes."""
    function: Callable[[Task], Shard]
    """Makes a shard; picklable where there are several workers."""
    workers: int = 1
    """Processes."""
    by_content: Callable[[int], str] | None = None
    """Where recipes tell files by their times, which is quick: the recipe that tells them by what is in them."""

    def recipe_by_content(self, number: int) -> str:
        """Return the recipe of a shard that stays the same when files are merely copied."""
        return self.recipes[number] if self.by_content is None else self.by_content(number)

    def make(self, numbers: Sequence[int]) -> Iterator[tuple[int, Shard]]:
        """Yield the shards of these numbers, no more than ``workers + 1`` of them in memory at a time."""
        shards = self._map(list(numbers))
        yield from zip(numbers, show_progress(shards, total=len(numbers), what=self.what), strict=True)

    def _map(self, numbers: list[int]) -> Iterator[Shard]:
        """Begin in this process, and start workers if they save more than their start takes."""
        if self.workers > 1 and len(numbers) > 1:
            worker_context()  # its server imports while this process begins
        started = time.monotonic()
        for done, number in enumerate(numbers):
            spent = time.monotonic() - started
            saved = spent * (len(numbers) - done) * (1 - 1 / self.workers)
            if saved > _START_SECONDS * done > 0:
                rest = map(self.task, numbers[done:])
                yield from map_in_order(self.function, rest, workers=self.workers)
                return
            yield self.function(self.task(number))


_START_SECONDS = 1.5
"""What starting workers takes, about."""
