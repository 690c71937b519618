"""Map shards in worker processes of this machine."""

import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property, lru_cache
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kefu.modalities import MODALITIES
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

Task = TypeVar("Task")
Result = TypeVar("Result")

# what tasks need, and what a worker imports again since the main program did: once for all workers, their memory shared
_PRELOADED = ["kefu.engines.shards", *(f"kefu.modalities.{name}" for name in MODALITIES), "kedro.framework.cli"]


class Carried(Generic[Task]):
    """A value that many tasks carry: it is pickled once, and unpickled once by each worker.

    Args:
        value: picklable, and not changed by the tasks.
    """

    def __init__(self, value: Task) -> None:
        self.value = value

    @cached_property
    def _pickled(self) -> bytes:
        return pickle.dumps(self.value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what was pickled before."""
        return _unpack, (self._pickled,)


@lru_cache(maxsize=2)
def _unpack(pickled: bytes) -> Carried[Any]:
    return Carried(pickle.loads(pickled))


def map_in_order(function: Callable[[Task], Result], tasks: Iterable[Task], *, workers: int) -> Iterator[Result]:
    """Yield ``function(task)`` for every task, in the order of the tasks.

    At most ``workers + 1`` results exist at a time, so memory does not grow with the number of tasks. With one
    worker everything happens in this process.

    Args:
        function: a picklable function; it runs with one thread in a worker.
        tasks: read lazily.
        workers: number of processes.

    Raises:
        KefuError: a worker was killed; what else a task raises comes through as it is.
    """
    if workers <= 1:
        yield from map(function, tasks)
        return
    pool = ProcessPoolExecutor(workers, mp_context=worker_context(), initializer=_prepare_worker)
    waiting: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(function, task))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise KefuError(
            "a worker process was killed, most often for lack of memory; "
            "lower hardware.workers or engine.tickets_per_shard"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def worker_context() -> "ForkServerContext | SpawnContext":
    """Return how worker processes are started.

    A fork server imports the heavy modules once; forking this process itself would copy its threads' locks. Neither it
    nor the workers ever hear Ctrl-C, which a terminal sends to all of them: it is the parent that ends them.
    """
    if os.name != "posix":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    resource_tracker.ensure_running()  # which the next one would else start, and thereby let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


def limit_worker(threads: int) -> None:
    """In a worker: so many threads, and Ctrl-C left to the parent."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = str(threads)  # for libraries that a task imports
    threadpool_limits(threads)


def _prepare_worker() -> None:
    import cv2

    limit_worker(1)
    cv2.setNumThreads(1)
