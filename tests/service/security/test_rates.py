import pytest

from kefu.service.security.rates import TokenBuckets


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_is_let_through_and_then_a_steady_rate():
    clock = Clock()
    buckets = TokenBuckets(60, 3, 10, clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    clock.now += 0.25
    assert buckets.take("a") == pytest.approx(0.75)
    clock.now += 0.75
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0


def test_a_bucket_holds_no_more_than_a_burst():
    clock = Clock()
    buckets = TokenBuckets(60, 2, 10, clock)
    buckets.take("a")
    clock.now += 3600
    assert [bool(buckets.take("a")) for _ in range(3)] == [False, False, True]


def test_one_asker_does_not_cost_another():
    buckets = TokenBuckets(60, 1, 10, Clock())
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0


def test_the_bucket_that_was_not_used_for_longest_is_forgotten():
    buckets = TokenBuckets(60, 1, 2, Clock())
    for key in ("a", "b", "a", "c"):
        buckets.take(key)
    assert len(buckets) == 2
    assert buckets.take("a") > 0  # used after b
    assert buckets.take("b") == 0


def test_without_a_rate_all_is_let_through_and_nothing_remembered():
    buckets = TokenBuckets(0, 1, 2, Clock())
    assert not any(buckets.take("a") for _ in range(100))
    assert len(buckets) == 0
