import asyncio
import time

import pytest

from kefu.service.security.admission import Admission
from kefu.service.settings import AdmissionSettings


class House:
    """An app behind an admission, whose requests last until they are told to end."""

    def __init__(self, *, messages_at_work=0, **settings):
        self.entered, self.may_end = 0, asyncio.Event()
        self.admission = Admission(self.work, AdmissionSettings(**settings), lambda: messages_at_work)

    async def work(self, scope, receive, send):
        self.entered += 1
        await self.may_end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(self, path="/v1/predict", method="POST", address="192.0.2.1"):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            raise AssertionError("the body was read")

        scope = {"type": "http", "method": method, "path": path, "client": (address, 1), "headers": []}
        await self.admission(scope, receive, send)
        return sent[0]["status"]


async def begin(*requests):
    tasks = [asyncio.create_task(request) for request in requests]
    await asyncio.sleep(0.01)
    return tasks


def statuses(tasks):
    return [task.result() if task.done() else None for task in tasks]


def test_what_is_too_much_is_refused_at_once():
    async def play():
        house = House(max_requests=2, max_waiting=1, wait_seconds=60)
        started = time.monotonic()
        tasks = await begin(*(house.ask() for _ in range(5)))
        assert time.monotonic() - started < 0.5
        assert statuses(tasks) == [None, None, None, 503, 503]
        assert house.entered == 2
        house.may_end.set()
        assert await asyncio.gather(*tasks[:3]) == [200, 200, 200]
        assert await house.ask() == 200

    asyncio.run(play())


def test_who_waits_too_long_is_refused_and_leaves_his_place():
    async def play():
        house = House(max_requests=1, max_waiting=1, wait_seconds=0.05)
        tasks = await begin(house.ask(), house.ask())
        await asyncio.sleep(0.1)
        assert statuses(tasks) == [None, 503]
        tasks += await begin(house.ask())
        house.may_end.set()
        assert await tasks[0] == await tasks[2] == 200
        assert await house.ask() == 200

    asyncio.run(play())


def test_who_goes_away_while_waiting_leaves_his_place():
    async def play():
        house = House(max_requests=1, max_waiting=1, wait_seconds=60)
        tasks = await begin(house.ask(), house.ask())
        tasks[1].cancel()
        tasks += await begin(house.ask())
        house.may_end.set()
        assert await tasks[0] == await tasks[2] == 200

    asyncio.run(play())


def test_who_goes_away_in_the_moment_of_entering_gives_the_place_on():
    async def play():
        house = House(max_requests=1, max_waiting=1, wait_seconds=0.05)
        tasks = await begin(house.ask(), house.ask())
        house.may_end.set()
        await asyncio.sleep(0)  # the first has ended, the second has its place and does not know yet
        assert house.entered == 1
        tasks[1].cancel()
        assert await tasks[0] == 200
        assert await house.ask() == 200

    asyncio.run(play())


def test_who_goes_away_in_the_moment_of_somebodys_leaving_is_passed_over():
    async def play():
        house = House(max_requests=1, max_waiting=2, wait_seconds=60)
        tasks = await begin(house.ask(), house.ask(), house.ask())
        house.may_end.set()
        tasks[1].cancel()  # and before it knows, the first leaves
        first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
        assert (first, third) == (200, 200)
        assert isinstance(second, asyncio.CancelledError), second

    asyncio.run(play())


def test_one_address_does_not_take_all():
    async def play():
        house = House(max_requests=4, max_per_address=2)
        tasks = await begin(*(house.ask() for _ in range(3)), house.ask(address="192.0.2.2"))
        assert statuses(tasks) == [None, None, 503, None]
        house.may_end.set()
        await asyncio.gather(*tasks)
        assert await house.ask() == 200

    asyncio.run(play())


def test_those_who_listen_are_counted_apart():
    async def play():
        house = House(max_requests=1, max_waiting=0, max_streams=3, max_streams_per_address=2)
        listen = {"path": "/v1/conversations/a/events", "method": "GET"}
        tasks = await begin(
            *(house.ask(**listen) for _ in range(3)), *(house.ask(**listen, address=f"192.0.2.{n}") for n in (2, 3))
        )
        assert statuses(tasks) == [None, None, 503, None, 503]
        tasks += await begin(house.ask(), house.ask())
        assert statuses(tasks[5:]) == [None, 503]
        house.may_end.set()
        await asyncio.gather(*tasks)
        assert await house.ask(**listen) == 200

    asyncio.run(play())


@pytest.mark.parametrize(("at_work", "status"), [(1, 200), (2, 503), (3, 503)])
def test_a_backlog_of_messages_refuses_messages_alone(at_work, status):
    async def play():
        house = House(messages_at_work=at_work, max_messages=2)
        house.may_end.set()
        assert await house.ask("/v1/conversations/a/messages") == status
        assert await house.ask("/v1/conversations") == 200

    asyncio.run(play())


def test_messages_count_before_they_are_kept():
    async def play():
        house = House(max_messages=2)
        tasks = await begin(*(house.ask(f"/v1/conversations/{name}/messages") for name in "abc"), house.ask())
        assert statuses(tasks) == [None, None, 503, None]
        house.may_end.set()
        await asyncio.gather(*tasks)
        assert await house.ask("/v1/conversations/c/messages") == 200

    asyncio.run(play())


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_whether_it_is_alive_is_always_answered(path):
    async def play():
        house = House(max_requests=1, max_waiting=0)
        tasks = await begin(house.ask(), house.ask(), house.ask(path, "GET"))
        assert statuses(tasks) == [None, 503, None]
        assert house.entered == 2
        house.may_end.set()
        assert await tasks[2] == 200

    asyncio.run(play())


def test_a_defect_gives_the_place_back():
    async def fail(scope, receive, send):
        raise ValueError("a defect")

    async def play():
        admission = Admission(fail, AdmissionSettings(max_requests=1, max_waiting=0), lambda: 0)
        scope = {"type": "http", "method": "GET", "path": "/", "client": None, "headers": []}
        for _ in range(3):
            with pytest.raises(ValueError, match="a defect"):
                await admission(scope, None, None)

    asyncio.run(play())
