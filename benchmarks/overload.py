"""Send the assistant ten times what it can answer, and see what becomes of it.

    python benchmarks/overload.py                        # the demo's newest model, the demo shop
    python benchmarks/overload.py --times 20 --seconds 60

The service is `kefu serve` in a process of its own, this one is its customers, over the loopback. First 32 customers
send one message after another: what is answered in a second is the capacity. Then messages are sent at ten times that
rate, whether or not those before are answered, each over a connection of its own that is kept alive afterwards. Those
that the service will not take must be refused within 50 ms with 429 or 503, those that it has taken must be answered to
the end. Limits of one customer are lifted meanwhile, since all come from one address.
"""

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from service_load import _SERVE, content_length, serving

from kefu.assistant.shop import Shop

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "overload.json"
SHOP = ROOT / "conf/assistant/demo"
CUSTOMERS = 32
MAX_REFUSAL_P95_MS = 50.0
MOST_CONNECTIONS = 900
UNLIMITED = {
    "KEFU_RATES__ENABLED": "false",
    "KEFU_ADMISSION__MAX_PER_ADDRESS": "1000",
    "KEFU_CONNECTIONS__MAX_PER_ADDRESS": "1000",
}
"""Lifts the limits of one customer; those of all together stay."""
_CALMS_DOWN_WITHIN_SECONDS = 120


@dataclass
class Answer:
    """What came back for a request."""

    status: int
    seconds: float
    is_whole: bool
    """Whether a stream of events came to its ``done``."""


@dataclass
class Seen:
    """What became of all requests."""

    answers: list[Answer] = field(default_factory=list)
    broken: int = 0
    not_sent: int = 0


class Connection:
    """A connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, body: bytes, cookie: str = "") -> tuple[Answer, bytes]:
        """Post a form, and return what came back."""
        if self._pair is None:
            self._pair = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._pair
        started = time.perf_counter()
        kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nCookie: {cookie}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        try:
            answer_head = await reader.readuntil(b"\r\n\r\n")
            first = time.perf_counter() - started
            if b"chunked" in answer_head.lower():
                content = await reader.readuntil(b"\r\n0\r\n\r\n")
            else:
                content = await reader.readexactly(content_length(answer_head))
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            raise
        status = int(answer_head[9:12])
        if b"connection: close" in answer_head.lower():
            self.close()
        is_whole = b"event: done" in content
        return Answer(status, time.perf_counter() - started if status < 400 else first, is_whole), answer_head + content

    def close(self) -> None:
        """Let go."""
        if self._pair is not None:
            self._pair[1].close()
            self._pair = None


async def begin(port: int, count: int) -> list[tuple[str, str]]:
    """Begin conversations; return the path of their messages and the cookie of their owner."""
    connection = Connection(port)
    found = []
    for _ in range(count):
        answer, raw = await connection.ask("/v1/conversations", b"{}")
        assert answer.status == 201, raw
        head, _, body = raw.partition(b"\r\n\r\n")
        conversation = json.loads(body)["conversation_id"]
        cookies = [line.split(b":", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"set-cookie:")]
        cookie = "; ".join(cookie.split(b";")[0].strip().decode() for cookie in cookies)
        found.append((f"/v1/conversations/{conversation}/messages", cookie))
    connection.close()
    return found


async def measure_capacity(port: int, texts: Sequence[bytes], seconds: float) -> float:
    """Return how many messages are answered in a second when each customer waits for the answer."""
    places = await begin(port, CUSTOMERS)
    until = time.perf_counter() + seconds
    done = 0

    async def converse(number: int) -> None:
        nonlocal done
        connection = Connection(port)
        path, cookie = places[number]
        turn = number
        while time.perf_counter() < until:
            answer, _ = await connection.ask(path, texts[turn % len(texts)], cookie)
            assert answer.is_whole, answer
            done += 1
            turn += CUSTOMERS
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(converse(number) for number in range(CUSTOMERS)))
    return done / (time.perf_counter() - started)


async def overload(port: int, texts: Sequence[bytes], per_second: float, seconds: float) -> Seen:
    """Send messages at a rate, whatever comes back."""
    places = await begin(port, 8 * CUSTOMERS)
    idle: list[Connection] = [Connection(port) for _ in range(MOST_CONNECTIONS)]
    seen = Seen()

    async def send(number: int) -> None:
        if not idle:
            seen.not_sent += 1
            return
        connection = idle.pop()
        path, cookie = places[number % len(places)]
        try:
            seen.answers.append((await connection.ask(path, texts[number % len(texts)], cookie))[0])
        except (OSError, asyncio.IncompleteReadError):
            seen.broken += 1
        idle.append(connection)

    started = time.perf_counter()
    sent, tasks = 0, []
    while (passed := time.perf_counter() - started) < seconds:
        while sent < passed * per_second:
            tasks.append(asyncio.create_task(send(sent)))
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.wait_for(asyncio.gather(*tasks), _CALMS_DOWN_WITHIN_SECONDS)
    for connection in idle:
        connection.close()
    return seen


def summarise(seen: Seen) -> dict[str, object]:
    """Return how many were refused, how fast, and whether the others were answered."""
    refused = [1000 * answer.seconds for answer in seen.answers if answer.status in (429, 503)]
    taken = [answer for answer in seen.answers if answer.status == 200]
    return {
        "sent": len(seen.answers) + seen.broken,
        "not_sent": seen.not_sent,
        "statuses": dict(sorted(Counter(str(answer.status) for answer in seen.answers).items())),
        "connections_broken": seen.broken,
        "refused_p50_ms": round(float(np.percentile(refused, 50)), 1) if refused else None,
        "refused_p95_ms": round(float(np.percentile(refused, 95)), 1) if refused else None,
        "accepted": len(taken),
        "accepted_not_answered": sum(not answer.is_whole for answer in taken),
        "accepted_p95_ms": round(float(np.percentile([1000 * a.seconds for a in taken], 95)), 1) if taken else None,
    }


def judge(found: dict[str, object]) -> dict[str, bool]:
    """Hold what was found against what is promised."""
    statuses = found["statuses"]
    assert isinstance(statuses, dict)
    p95 = found["refused_p95_ms"]
    return {
        "refused by 429 or 503 alone": set(statuses) <= {"200", "429", "503"} and not found["connections_broken"],
        f"refused within {MAX_REFUSAL_P95_MS:.0f} ms": isinstance(p95, float) and p95 <= MAX_REFUSAL_P95_MS,
        "everything accepted was answered": found["accepted_not_answered"] == 0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "data/06_models/demo")
    parser.add_argument("--times", type=float, default=10.0, help="the capacity")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    shop = Shop.load(SHOP)
    texts = [urlencode({"text": text}).encode() for text in (*shop.examples("en"), *shop.examples("zh"))]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "KEFU_SHOP": str(SHOP),
            "KEFU_STORAGE": f"sqlite:///{folder}/kefu.sqlite",
            "KEFU_MEDIA": f"{folder}/media",
            "KEFU_VECTORS": f"{folder}/vectors.safetensors",
            "KEFU_LOG_LEVEL": "warning",
            **UNLIMITED,
        }
        arguments = [_SERVE, "serve", "--model", str(given.model.resolve()), "--port", "0"]
        with serving(arguments, environment) as (port, _):
            asyncio.run(measure_capacity(port, texts, 3.0))
            capacity = asyncio.run(measure_capacity(port, texts, 10.0))
            print(f"capacity: {capacity:.0f} messages a second", flush=True)
            seen = asyncio.run(overload(port, texts, given.times * capacity, given.seconds))
    found = {"capacity_per_second": round(capacity, 1), "times": given.times, **summarise(seen)}
    verdict = judge(found)
    print(json.dumps({**found, "verdict": verdict}, indent=2))
    machine = {"processor": platform.machine(), "cores": os.cpu_count()}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps({"machine": machine, **found, "verdict": verdict}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
