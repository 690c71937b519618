"""What is too old is deleted while the service runs."""

import threading

import pytest

from kefu.service.storage import Sweeper, Swept


class Erasure:
    """Falls over at its first sweep, and tells of its third."""

    def __init__(self) -> None:
        self.swept: list[tuple[int | None, int | None]] = []
        self.third = threading.Event()

    def sweep(self, retention_days: int | None, media_retention_days: int | None) -> Swept:
        self.swept.append((retention_days, media_retention_days))
        if len(self.swept) == 1:
            raise OSError("the database is away")
        if len(self.swept) == 3:
            self.third.set()
        return Swept(1, 0, 0)


@pytest.fixture
def erasure() -> Erasure:
    return Erasure()


def test_it_goes_on_until_it_is_closed(erasure: Erasure) -> None:
    before = threading.active_count()
    sweeper = Sweeper(erasure, 365, None, seconds_between=0.01)
    sweeper.start()
    assert erasure.third.wait(10)
    sweeper.close()
    assert set(erasure.swept) == {(365, None)}
    assert threading.active_count() == before


def test_it_waits_between_sweeps_and_ends_at_once(erasure: Erasure) -> None:
    sweeper = Sweeper(erasure, None, 90, seconds_between=3600)
    sweeper.start()
    assert not erasure.third.wait(0.05)
    sweeper.close()
    assert erasure.swept == [(None, 90)]
