import threading
import time
from concurrent.futures import wait

import pytest

from kefu.service.models.batcher import BatcherClosedError, MicroBatcher, QueueFullError


def make(work, **changes):
    return MicroBatcher(work, **{"max_items": 4, "max_wait_seconds": 0.0, "max_queued": 100, **changes})


@pytest.fixture
def gate():
    """Work that waits for a sign, and notes its batches."""

    class Gate:
        def __init__(self):
            self.open, self.entered, self.batches = threading.Event(), threading.Event(), []

        def __call__(self, items):
            self.batches.append(list(items))
            self.entered.set()
            assert self.open.wait(10)
            return [item * 2 for item in items]

    return Gate()


def test_each_gets_its_own_result_in_batches_of_the_size_asked(gate):
    batcher = make(gate)
    futures = [batcher.submit(0)]
    assert gate.entered.wait(10)
    futures += [batcher.submit(number) for number in range(1, 10)]
    assert batcher.queued == 9
    gate.open.set()
    assert [future.result(10) for future in futures] == [number * 2 for number in range(10)]
    assert gate.batches == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9]]
    assert batcher.close(10)


def test_a_full_batch_goes_at_once_and_another_when_its_time_has_come():
    told = []
    batcher = make(lambda items: items, max_wait_seconds=2.0, on_batch=lambda size, seconds: told.append(size))
    started = time.monotonic()
    futures = [batcher.submit(0)]
    time.sleep(0.2)  # the thread waits for more by now
    wait([*futures, *(batcher.submit(number) for number in range(3))], 10)
    assert time.monotonic() - started < 1.5
    started = time.monotonic()
    wait([batcher.submit(number) for number in range(2)], 10)
    assert 2.0 <= time.monotonic() - started < 10
    batcher.close(10)
    assert told == [4, 2]


def test_one_that_fails_does_not_spoil_the_others():
    def work(items):
        if "bad" in items:
            raise ValueError("bad")
        return [item.upper() for item in items]

    batcher = make(work, max_wait_seconds=0.1)
    good, bad, better = (batcher.submit(item) for item in ("good", "bad", "better"))
    assert (good.result(10), better.result(10)) == ("GOOD", "BETTER")
    with pytest.raises(ValueError, match="bad"):
        bad.result(10)
    assert batcher.submit("after").result(10) == "AFTER"
    batcher.close(10)


def test_too_many_are_refused(gate):
    batcher = make(gate, max_queued=2)
    first = batcher.submit(0)
    assert gate.entered.wait(10)
    others = [batcher.submit(1), batcher.submit(2)]
    with pytest.raises(QueueFullError):
        batcher.submit(3)
    gate.open.set()
    wait([first, *others], 10)
    assert batcher.submit(4).result(10) == 8
    batcher.close(10)


def test_closing_ends_what_was_accepted_and_refuses_the_rest(gate):
    batcher = make(gate, max_items=1, max_wait_seconds=5.0)
    futures = [batcher.submit(number) for number in range(3)]
    assert not batcher.close(0.01)
    with pytest.raises(BatcherClosedError):
        batcher.submit(9)
    gate.open.set()
    assert batcher.close(10)
    assert [future.result(0) for future in futures] == [0, 2, 4]


def test_what_was_cancelled_is_left_out(gate):
    batcher = make(gate)
    first = batcher.submit(0)
    assert gate.entered.wait(10)
    cancelled, kept = batcher.submit(1), batcher.submit(2)
    assert cancelled.cancel()
    gate.open.set()
    assert (first.result(10), kept.result(10)) == (0, 4)
    assert gate.batches == [[0], [2]]
    batcher.close(10)
