"""Map shards in worker processes of this machine."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

_PRELOADED = ["kefu.engines.shards"]


def map_in_order(function: Callable[[Task], Result], tasks: Iterable[Task], *, workers: int) -> Iterator[Result]:
    """Yield ``function(task)`` for every task, in the order of the tasks.

    At most ``2 * workers`` results exist at a time, so memory does not grow with the number of tasks. With one
    worker everything happens in this process.

    Args:
        function: a picklable function; it runs with one thread in a worker.
        tasks: read lazily.
        workers: number of processes.
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
            if len(waiting) >= 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    """One thread a worker, and Ctrl-C left to the parent."""
    import cv2
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
