"""Map shards in worker processes of this machine."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from kefu.modalities import MODALITIES
from kefu.tickets.errors import KefuError

Task = TypeVar("Task")
Result = TypeVar("Result")

# what tasks need, and what a worker imports again since the main program did: once for all workers, their memory shared
_PRELOADED = ["kefu.engines.shards", *(f"kefu.modalities.{name}" for name in MODALITIES), "kedro.framework.cli"]


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
    # a fork server imports the heavy modules once; forking this process itself would copy its threads' locks
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    if os.name == "posix":
        context.set_forkserver_preload(_PRELOADED)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)
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


def _prepare_worker() -> None:
    """One thread a worker, and Ctrl-C left to the parent."""
    import cv2
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"  # for libraries that a task imports
    threadpool_limits(1)
    cv2.setNumThreads(1)
