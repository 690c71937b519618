import asyncio
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import psutil
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FOUND = {
    "texts": {"requests": 9, "statuses": {"200": 9}, "broken": 0},
    "chat": {"answers": 3, "statuses": {"200": 3, "201": 1}, "broken": 0},
    "statuses_by_its_own_count": {"200": 12, "201": 1},
    "memory": {"growth": 1.05},
}


@pytest.fixture(scope="module")
def benchmark():
    sys.path.insert(0, str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("benchmark_full_load", BENCHMARKS / "full_load.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    sys.path.remove(str(BENCHMARKS))
    yield module
    for name in (spec.name, "conversation_load", "service_load"):
        del sys.modules[name]


class Assistant:
    """Begins conversations for a cookie, and answers a message as it is told to."""

    def __init__(self) -> None:
        self.begun, self.heard = 0, []
        self.status, self.stream, self.is_gone = 200, "event: accepted\ndata: {}\n\nevent: done\ndata: {}\n\n", False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.is_gone:
            raise httpx.ReadError("gone", request=request)
        if request.url.path == "/v1/conversations":
            self.begun += 1
            cookie = {"Set-Cookie": f"kefu_customer=c{self.begun}; Path=/; HttpOnly"}
            return httpx.Response(201, headers=cookie, json={"conversation_id": f"id{self.begun}"})
        self.heard.append((request.url.path, request.headers.get("cookie"), request.read()))
        return httpx.Response(self.status, text=self.stream)


def talk(benchmark, assistant: Assistant, *messages):
    async def say_all():
        chat = benchmark.Chat()
        async with httpx.AsyncClient(transport=httpx.MockTransport(assistant), base_url="http://shop") as client:
            customer = benchmark.Customer(client, chat)
            for message in messages:
                await customer.say(**message)
        return chat

    return asyncio.run(say_all())


def test_a_customer_keeps_cookies_and_begins_anew_after_six_messages(benchmark):
    assistant = Assistant()
    chat = talk(benchmark, assistant, *({"text": f"m{number}"} for number in range(7)))
    assert len(chat.seconds) == 7
    assert chat.statuses == {"201": 2, "200": 7}
    paths, cookies, bodies = zip(*assistant.heard, strict=True)
    assert paths == ("/v1/conversations/id1/messages",) * 6 + ("/v1/conversations/id2/messages",)
    assert cookies == ("kefu_customer=c1",) * 6 + ("kefu_customer=c2",)
    assert bodies[0] == b"text=m0"
    assert chat.broken == 0


def test_a_picture_is_sent_as_a_file(benchmark):
    assistant = Assistant()
    talk(benchmark, assistant, {"image": ("photo.jpg", b"pixels", "image/jpeg")})
    assert b'name="image"; filename="photo.jpg"' in assistant.heard[0][2]


@pytest.mark.parametrize(
    ("change", "statuses", "broken"),
    [
        ({"stream": "event: accepted\ndata: {}\n\n"}, {"201": 1, "200": 1}, 1),
        ({"stream": "event: accepted\ndata: {}\n\nevent: error\ndata: {}\n\n"}, {"201": 1, "200": 1}, 1),
        ({"status": 503}, {"201": 1, "503": 1}, 0),
        ({"is_gone": True}, {}, 1),
    ],
)
def test_what_goes_wrong_is_counted(benchmark, change, statuses, broken):
    assistant = Assistant()
    vars(assistant).update(change)
    chat = talk(benchmark, assistant, {"text": "hello"})
    assert (chat.seconds, chat.statuses, chat.broken) == ([], statuses, broken)


def test_customers_write_and_show_pictures_until_the_time_is_over(benchmark, monkeypatch):
    assistant = Assistant()
    client = httpx.AsyncClient
    monkeypatch.setattr(
        benchmark.httpx, "AsyncClient", lambda **options: client(transport=httpx.MockTransport(assistant), **options)
    )
    monkeypatch.setattr(benchmark, "time", SimpleNamespace(perf_counter=lambda: len(assistant.heard) / 100))
    chat = asyncio.run(benchmark.chat_for(1, ["where is it"], [b"pixels"], 1.0, thinks_seconds=0.001, seed=1))
    bodies = [body for _, _, body in assistant.heard]
    pictures = sum(b"pixels" in body for body in bodies)
    assert 100 <= len(chat.seconds) == len(bodies) < 120
    assert pictures / len(bodies) == pytest.approx(1 / benchmark._PICTURE_EVERY, abs=0.1)


def test_memory_is_that_of_the_children_too(benchmark):
    code = "import sys; held = bytearray(64 * 2**20); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        alone = benchmark.memory_of(psutil.Process(child.pid))
        together = benchmark.memory_of(psutil.Process())
        child.communicate()
    assert alone > 64 * 2**20
    assert together - benchmark.memory_of(psutil.Process()) > 60 * 2**20


def test_growth_is_the_last_minute_over_the_second(benchmark):
    times = np.arange(600.0)
    held = np.where(times < 60, 9e8, np.where(times < 120, 1e8, np.where(times < 540, 3e8, 1.1e8)))
    held[[70, 560]] = 2e9  # a moment is no growth
    found = benchmark.summarise_memory(list(zip(times, held, strict=True)), 600.0)
    assert (found["second_tenth_mb"], found["last_tenth_mb"]) == (100.0, 110.0)
    assert found["growth"] == pytest.approx(1.1)
    assert found["max_mb"] == 2000.0
    assert len(found["curve_mb"]) == 60
    assert found["curve_mb"][0] == 900


def test_samples_are_taken_each_second(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "_SAMPLE_SECONDS", 0.05)
    monkeypatch.setattr(benchmark, "memory_of", lambda process: 7.0)
    samples = asyncio.run(benchmark.sample_memory(None, 0.3))
    assert 2 <= len(samples) <= 6
    assert [held for _, held in samples] == [7.0] * len(samples)


def test_the_services_own_count_is_read(benchmark):
    metrics = """# TYPE kefu_requests_total counter
kefu_requests_total{method="POST",route="/v1/predict/text",status="200"} 12.0
kefu_requests_total{method="GET",route="/readyz",status="200"} 3.0
kefu_requests_total{method="POST",route="/v1/conversations/{conversation_id}/messages",status="503"} 1.0
kefu_requests_created{method="GET",route="/readyz",status="500"} 1.7e9
"""
    assert benchmark.statuses_of(metrics) == {"200": 15, "503": 1}


@pytest.mark.parametrize(
    ("place", "name", "value", "missed"),
    [
        ("memory", "growth", 1.05, set()),
        ("memory", "growth", 1.051, {"memory_is_flat"}),
        ("memory", "growth", float("nan"), {"memory_is_flat"}),
        ("texts", "statuses", {"200": 9, "503": 1}, {"no_5xx", "nothing_refused"}),
        ("texts", "statuses", {"200": 9, "429": 1}, {"nothing_refused"}),
        ("chat", "statuses", {"500": 1}, {"no_5xx", "nothing_refused"}),
        ("texts", "broken", 1, {"nothing_broken"}),
        ("chat", "broken", 1, {"nothing_broken"}),
        ("texts", "requests", 0, {"both_were_answered"}),
        ("chat", "answers", 0, {"both_were_answered"}),
    ],
)
def test_the_verdict(benchmark, place, name, value, missed):
    found = json.loads(json.dumps(FOUND))
    found[place][name] = value
    assert {target for target, held in benchmark.judge(found).items() if not held} == missed


def test_the_verdict_hears_the_service_itself(benchmark):
    verdict = benchmark.judge({**FOUND, "statuses_by_its_own_count": {"500": 1}})
    assert not verdict["no_5xx"]
