"""Run a few long tasks next to each other, in processes of their own, and hear what they log."""

import logging
import os
import pickle
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging.handlers import QueueHandler
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Lock, Thread
from typing import Any, TypeVar, cast

from kefu.engines.local import limit_worker, worker_context
from kefu.tickets.errors import KefuError

Task = TypeVar("Task")
Result = TypeVar("Result")

_GRACE_SECONDS = 10.0


def run_side_by_side(
    function: Callable[[Task], Result], tasks: Sequence[Task], *, processes: int, threads: int, mend: str
) -> list[Result]:
    """Return ``function(task)`` of every task, in the order of the tasks, whichever ends first.

    A process does one task after the other, and what it logs is logged here. With one process everything happens in
    this one. The first error ends all that still runs, as Ctrl-C does, at once: whatever a task wants to keep until
    next time, it must have written whole.

    Args:
        function: picklable, as its results.
        tasks: picklable, and small.
        processes: how many tasks run at a time.
        threads: of each process.
        mend: what to do where memory is too short, for the message.

    Raises:
        KefuError: a process was killed; what a task raises comes through as it is.
    """
    if processes <= 1:
        return [function(task) for task in tasks]
    waiting = deque(enumerate(tasks))
    workers: dict[Connection, BaseProcess] = {}
    numbers: dict[Connection, int] = {}
    results: dict[int, Result] = {}

    def give(connection: Connection) -> None:
        numbers[connection], task = waiting.popleft()
        with suppress(ConnectionError):  # it is dead, which is told as soon as it is listened to
            # pickled here, as multiprocessing would pass tensors as handles that end with the process
            connection.send_bytes(pickle.dumps((function, task)))

    try:
        for _ in range(min(processes, len(tasks))):
            connection, process = _start(threads)
            workers[connection] = process
            give(connection)
        while numbers:
            for connection in cast(list[Connection], wait(list(numbers))):
                message = _receive(connection, workers[connection], mend)
                if isinstance(message, logging.LogRecord):
                    logging.getLogger(message.name).handle(message)
                    continue
                if isinstance(message, _Failure):
                    raise message.error
                results[numbers.pop(connection)] = message.result
                if waiting:
                    give(connection)
                else:
                    connection.close()
    finally:
        for process in workers.values():
            process.kill()
        for connection, process in workers.items():
            process.join()
            connection.close()
    return [results[number] for number in range(len(tasks))]


@dataclass(frozen=True)
class _Success:
    result: Any


@dataclass(frozen=True)
class _Failure:
    error: BaseException


def _start(threads: int) -> tuple[Connection, BaseProcess]:
    context = worker_context()
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, threads, _levels()), daemon=True)
    process.start()
    theirs.close()  # so that the worker has it alone, and its death is an end of file
    return ours, process


def _receive(connection: Connection, process: BaseProcess, mend: str) -> Any:
    try:
        return pickle.loads(connection.recv_bytes())
    except (EOFError, ConnectionError) as error:
        process.join(_GRACE_SECONDS)
        raise KefuError(
            f"a worker process was killed (exit code {process.exitcode}), most often for lack of memory; {mend}"
        ) from error


def _levels() -> dict[str, int]:
    """Return the levels of all loggers that have one of their own; that of the root under the name ''."""
    loggers = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    return {"": logging.root.level} | {logger.name: logger.level for logger in loggers if logger.level}


class _Wire:
    """What a worker writes to; a queue, as far as a log handler can tell."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lock = Lock()

    def put_nowait(self, record: logging.LogRecord) -> None:
        """Send a log record."""
        self.send(pickle.dumps(record))

    def send(self, message: bytes) -> None:
        """Send something pickled, whatever other threads have to say."""
        with self.lock:
            self.connection.send_bytes(message)


def _work(connection: Connection, threads: int, levels: Mapping[str, int]) -> None:
    """Do tasks in a worker process until there are no more."""
    limit_worker(threads)
    Thread(target=_end_with_parent, daemon=True).start()
    wire = _Wire(connection)
    with suppress(EOFError, ConnectionError):
        while True:
            wire.send(_do(connection.recv_bytes(), wire, levels))


def _do(call: bytes, wire: _Wire, levels: Mapping[str, int]) -> bytes:
    try:
        function, task = pickle.loads(call)
        _log_to(wire, levels)  # after the imports that the task needs, some of which set up logging
        return pickle.dumps(_Success(function(task)))
    except BaseException as error:
        return _pickle_error(error)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _log_to(wire: _Wire, levels: Mapping[str, int]) -> None:
    loggers = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    for logger in (logging.root, *loggers):
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.root.addHandler(QueueHandler(cast(Any, wire)))


def _pickle_error(error: BaseException) -> bytes:
    """Pickle an error, with its traceback as a note where it is a defect; as a RuntimeError if it cannot travel."""
    note = f"in a worker process:\n{traceback.format_exc()}"
    if not isinstance(error, KefuError):
        error.add_note(note)
    try:
        pickled = pickle.dumps(_Failure(error))
        pickle.loads(pickled)
    except Exception:
        substitute = RuntimeError(f"{type(error).__name__}: {error}")
        substitute.add_note(note)
        return pickle.dumps(_Failure(substitute))
    return pickled
