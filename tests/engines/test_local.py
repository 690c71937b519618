import math
import multiprocessing
import os
import pickle

import pytest

from kefu.engines.local import Carried, map_in_order
from kefu.tickets.errors import KefuError

# workers cannot import this file, so tasks are expressions, and what maps them is ``eval``
PROCESS_ID = "__import__('os').getpid()"


def slowly(number):
    return f"__import__('time').sleep({0.01 * (number % 3)}) or {number}"


class Counted:
    """Counts how many of its items were taken."""

    def __init__(self, size):
        self.items = iter(range(size))
        self.taken = 0

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self.items)
        self.taken += 1
        return item


def alive():
    return [child for child in multiprocessing.active_children() if child.is_alive()]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    assert list(map_in_order(eval, map(slowly, range(10)), workers=workers)) == list(range(10))
    assert list(map_in_order(eval, [], workers=workers)) == []
    assert alive() == []


def test_one_worker_is_this_process():
    assert set(map_in_order(eval, [PROCESS_ID] * 3, workers=1)) == {os.getpid()}


def test_several_workers_are_other_processes():
    assert os.getpid() not in set(map_in_order(eval, [PROCESS_ID] * 4, workers=2))


@pytest.mark.parametrize(("workers", "bound"), [(1, 0), (2, 2)])
def test_tasks_are_read_as_results_are_taken(workers, bound):
    tasks = Counted(50)
    for done, _ in enumerate(map_in_order(abs, tasks, workers=workers), start=1):
        assert tasks.taken <= done + bound
    assert done == 50


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_comes_through_and_the_pool_ends(workers):
    results = map_in_order(math.sqrt, [0, 1, 4, -1, *range(100)], workers=workers)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"domain|nonnegative"):
        next(results)
    assert alive() == []


def test_a_generator_closed_early_leaves_no_process():
    tasks = Counted(1000)
    results = map_in_order(abs, tasks, workers=2)
    assert next(results) == 0
    assert len(alive()) > 0
    results.close()
    assert alive() == []
    assert tasks.taken < 10


def test_a_killed_worker_is_told_in_one_line():
    with pytest.raises(KefuError, match=r"a worker process was killed.*lower hardware\.workers"):
        list(map_in_order(os._exit, [1, 1, 1], workers=2))
    assert alive() == []


class Heavy:
    """Counts how often it is pickled and unpickled."""

    pickled = unpickled = 0

    def __getstate__(self):
        Heavy.pickled += 1
        return {"is_whole": True}

    def __setstate__(self, state):
        Heavy.unpickled += 1
        self.is_whole = state["is_whole"]


def test_what_many_tasks_carry_is_packed_and_unpacked_once():
    carried = Carried(Heavy())
    sent = [pickle.dumps((number, carried)) for number in range(3)]
    received = [pickle.loads(task) for task in sent]
    assert (Heavy.pickled, Heavy.unpickled) == (1, 1)
    assert [number for number, _ in received] == [0, 1, 2]
    assert all(value.value.is_whole for _, value in received)


def test_what_tasks_of_another_kind_carry_is_theirs():
    first, second = (pickle.loads(pickle.dumps(Carried([number]))) for number in range(2))
    assert (first.value, second.value) == ([0], [1])
