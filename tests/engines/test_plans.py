import os

import pytest

from kefu.engines.plans import ShardPlan, recipe


def test_a_recipe_tells_all_that_differs_and_nothing_else():
    assert recipe(a=1, b=[2, None]) == recipe(b=[2, None], a=1)
    others = {recipe(a=1, b=[2]), recipe(a=1), recipe(a="1", b=[2, None]), recipe(a=1, b=["2", None]), recipe(c=1)}
    assert len(others) == 5
    assert recipe(a=1, b=[2, None]) not in others


@pytest.mark.parametrize("workers", [1, 2])
def test_only_what_is_asked_for_is_made_in_its_order(workers):
    asked = []

    def task(number):
        asked.append(number)
        return -number

    plan = ShardPlan("numbers", [recipe(n=n) for n in range(10)], task, abs, workers)
    assert list(plan.make([7, 2, 5, 9])) == [(7, 7), (2, 2), (5, 5), (9, 9)]
    assert asked == [7, 2, 5, 9]


def test_tasks_are_made_when_their_turn_comes():
    asked = []
    plan = ShardPlan("numbers", ["a"] * 9, lambda number: asked.append(number) or number, abs)
    made = plan.make(range(9))
    next(made)
    next(made)
    assert asked == [0, 1]


@pytest.mark.parametrize(("function", "size"), [("__import__('os').getpid()", 50), ("0", 1)])
def test_little_work_is_done_in_this_process(function, size):
    plan = ShardPlan("little", ["a"] * size, lambda _: function, eval, workers=2)
    assert {process for _, process in plan.make(range(size))} <= {os.getpid(), 0}


def test_much_work_is_begun_here_and_left_to_workers():
    slow = "__import__('time').sleep(0.2) or __import__('os').getpid()"
    plan = ShardPlan("much", ["a"] * 20, lambda _: slow, eval, workers=2)
    processes = [process for _, process in plan.make(range(20))]
    assert processes[0] == os.getpid()
    assert os.getpid() not in processes[1:]
