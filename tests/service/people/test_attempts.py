"""How often somebody may try."""

from kefu.service.people.attempts import Attempts


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_after_so_many_one_waits_until_the_first_is_old() -> None:
    clock = Clock()
    attempts = Attempts(2, window_seconds=60, clock=clock)
    attempts.add("wang")
    clock.seconds = 10
    assert attempts.wait_seconds("wang") == 0
    attempts.add("wang")
    assert attempts.wait_seconds("wang") == 50
    assert attempts.wait_seconds("li") == 0
    clock.seconds = 59.9
    assert attempts.wait_seconds("wang") > 0
    clock.seconds = 60
    assert attempts.wait_seconds("wang") == 0
    attempts.add("wang")
    assert attempts.wait_seconds("wang") == 10


def test_attempts_are_taken_back() -> None:
    attempts = Attempts(1, window_seconds=60, clock=Clock())
    attempts.add("wang")
    attempts.forget("wang")
    assert attempts.wait_seconds("wang") == 0
    attempts.add("wang")
    attempts.forget_last("wang")
    attempts.forget_last("wang")
    assert attempts.wait_seconds("wang") == 0


def test_the_memory_is_bounded() -> None:
    attempts = Attempts(1, window_seconds=60, max_keys=2, clock=Clock())
    for key in ("a", "b", "a", "c"):
        attempts.add(key)
    assert [attempts.wait_seconds(key) > 0 for key in "abc"] == [True, False, True]
