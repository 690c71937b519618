"""Plans of shards: what each is made of, so that what is there already need not be made again."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kefu.engines.local import map_in_order
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

    def make(self, numbers: Iterable[int]) -> Iterator[tuple[int, Shard]]:
        """Yield the shards of these numbers, no more than ``workers + 1`` of them in memory at a time."""
        numbers = list(numbers)
        # a worker takes seconds to start: a shard or two are made sooner without
        workers = self.workers if len(numbers) > _FEW else 1
        shards = map_in_order(self.function, map(self.task, numbers), workers=workers)
        yield from zip(numbers, show_progress(shards, total=len(numbers), what=self.what), strict=True)


_FEW = 2
