import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "service_load.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_service_load", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_answer_is_timed_and_refusals_are_told_apart(benchmark):
    """The server answers in two pieces, and refuses every third request."""
    heard = []

    async def serve(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            heard.append(await reader.readexactly(benchmark.content_length(head)))
            status = b"503 Busy" if len(heard) % 3 == 0 else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 4\r\n\r\nab")
            await writer.drain()
            await asyncio.sleep(0.002)
            writer.write(b"cd")

    async def measure():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await benchmark.send_load(port, ["hello", "你好"], connections=3, seconds=0.3)

    load = asyncio.run(measure())
    assert set(heard) == {b'{"text": "hello"}', '{"text": "你好"}'.encode()}
    assert load.refused == pytest.approx(len(heard) / 3, abs=4)
    assert load.statuses["503"] == load.refused
    assert load.statuses.total() == len(heard)
    assert load.broken == 0
    assert len(load.seconds) == pytest.approx(len(heard) * 2 / 3, abs=4)
    assert all(seconds >= 0.002 for seconds in load.seconds)
    found = load.summary()
    assert found["p50_ms"] >= 2
    assert found["per_second"] == pytest.approx(len(load.seconds) / 0.3, rel=0.2)


def test_a_connection_that_the_server_ends_is_broken(benchmark):
    async def hang_up(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def measure():
        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            return await benchmark.send_load(server.sockets[0].getsockname()[1], ["hello"], connections=3, seconds=0.5)

    load = asyncio.run(measure())
    assert (load.broken, load.statuses, load.seconds) == (3, {}, [])


def test_the_mean_batch_is_read_from_the_metrics(benchmark):
    metrics = 'kefu_batch_tickets_count{model="demo"} 4.0\nkefu_batch_tickets_sum{model="demo"} 10.0\n'
    assert benchmark.mean_batch(metrics) == 2.5


@pytest.mark.parametrize(
    ("service", "one_by_one", "missed"),
    [
        ({"per_second": 300, "p95_ms": 50, "refused": 0}, 500, set()),
        ({"per_second": 299, "p95_ms": 50, "refused": 0}, 400, {"fast_enough"}),
        ({"per_second": 900, "p95_ms": 51, "refused": 0}, 500, {"p95_is_short"}),
        ({"per_second": 300, "p95_ms": 50, "refused": 1}, 501, {"close_to_the_model", "nothing_refused"}),
    ],
)
def test_the_verdict(benchmark, service, one_by_one, missed):
    assert {name for name, held in benchmark.judge(service, one_by_one).items() if not held} == missed
