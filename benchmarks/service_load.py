"""Measure how many texts a second the service labels, and how long a request takes.

    python benchmarks/service_load.py                                   # the demo's newest model and tickets
    python benchmarks/service_load.py --model models/tickets --tickets shop/tickets.csv --seconds 20

The service is `kefu serve` in a process of its own; this one sends requests over 32 connections of the loopback that
are kept alive, each the next as soon as the last is answered. To see what of the time is whose:

- ``echo``: the same server and framework, whose route reads the text and sends it back;
- ``model``: the same texts given to the model in a loop, in a third process without any server: one by one, and in
  batches of the mean size that the service formed.

Targets: at least 300 texts a second, 95% of them within 50 ms, and at least 0.6 of what the model does in the loop, as
requests come: one by one.
"""

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "service_load.json"
MIN_PER_SECOND = 300
MAX_P95_MS = 50
MIN_SHARE_OF_MODEL = 0.6
_WARM_UP_SECONDS = 2.0
_STARTS_WITHIN_SECONDS = 120
_SERVE = "from kefu.cli import main; main()"
_ECHO = """
import uvicorn
from fastapi import FastAPI
from kefu.cli.serve import _bind
from kefu.service.schemas import TextBody

app = FastAPI(docs_url=None, redoc_url=None)

@app.post("/v1/predict/text")
async def echo(body: TextBody) -> TextBody:
    return body

listener = _bind("127.0.0.1", 0)
listener.listen(2048)
print("echo listens at http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listener])
"""
_MODEL = """
import json, sys, time
import torch
from pathlib import Path
from kefu.predictor import Predictor, RawTicket
from kefu.service.models.folders import find_version

torch.set_num_threads(1)
folder, seconds, sizes = Path(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3])
tickets = [RawTicket(text) for text in json.load(sys.stdin)]
predictor = Predictor.load(find_version(folder).folder)
for size in sizes:
    batches = [tickets[start : start + size] for start in range(0, len(tickets) - size + 1, size)]
    for batch in batches[:10]:
        predictor.predict_raw(batch)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        predictor.predict_raw(batches[done // size % len(batches)])
        done += size
    print(json.dumps([size, done / (time.perf_counter() - started)]), flush=True)
"""


@dataclass
class Load:
    """What a load found: the seconds that each request took, and how long all of it took."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    """Connections that ended before they were told to."""
    lasted: float = 0.0
    server_cpu_seconds: float = 0.0

    def summary(self) -> dict[str, float]:
        """Return requests a second, percentiles in milliseconds, and the server's processor time of one request."""
        ms = 1000 * np.array(self.seconds)
        return {
            "requests": len(ms),
            "refused": self.refused,
            "per_second": round(len(ms) / self.lasted, 1),
            **{f"p{rank}_ms": round(float(np.percentile(ms, rank)), 2) for rank in (50, 95, 99)},
            "max_ms": round(float(ms.max()), 2),
            "server_cpu_ms": round(1000 * self.server_cpu_seconds / len(ms), 3),
        }


def make_requests(texts: Sequence[str], host: str) -> list[bytes]:
    """Return a whole request of HTTP for each text."""
    bodies = [json.dumps({"text": text}, ensure_ascii=False).encode() for text in texts]
    head = f"POST /v1/predict/text HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last is answered, until told to stop."""

    def __init__(self, requests: Iterator[bytes], load: Load) -> None:
        self._requests, self._load = requests, load
        self._answer = b""
        self._sent_at = 0.0
        self._stopping = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < content_length(head):
            return
        self._load.statuses[head[9:12].decode()] += 1
        if head.startswith(b"HTTP/1.1 200"):
            self._load.seconds.append(time.perf_counter() - self._sent_at)
        else:
            self._load.refused += 1
        self._answer = b""
        if self._stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._load.broken += not self._stopping
        if not self.ended.done():
            self.ended.set_result(None)

    def stop(self) -> None:
        self._stopping = True

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def content_length(head: bytes) -> int:
    """Return the length of the body that the head of an answer announces."""
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return int(found[1]) if found else 0


async def send_load(port: int, texts: Sequence[str], connections: int, seconds: float) -> Load:
    """Keep a server busy over some connections, and return how it did."""
    load = Load()
    requests = make_requests(texts, f"127.0.0.1:{port}")
    loop = asyncio.get_running_loop()
    opened = []
    for number in range(connections):
        mine = (requests[index % len(requests)] for index in _count_from(number * len(requests) // connections))
        opened.append((await loop.create_connection(lambda mine=mine: Connection(mine, load), "127.0.0.1", port))[1])
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    load.lasted = time.perf_counter() - started
    answered = len(load.seconds)
    for connection in opened:
        connection.stop()
    await asyncio.wait_for(asyncio.gather(*(connection.ended for connection in opened)), 60)
    del load.seconds[answered:]
    return load


def _count_from(start: int) -> Iterator[int]:
    while True:
        yield start
        start += 1


@contextmanager
def serving(arguments: Sequence[str], environment: dict[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    """Start a server that says where it listens; yield its port and process, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-c", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _port_of(process), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _port_of(process: subprocess.Popen) -> int:
    said = []
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.stdout is not None and (line := process.stdout.readline()):
        said.append(line)
        if found := re.search(r"listens at http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise RuntimeError(f"the server did not start:\n{''.join(said)}")


def measure_server(
    arguments: Sequence[str], environment: dict[str, str], texts: Sequence[str], connections: int, seconds: float
) -> tuple[Load, str]:
    """Warm a server up, load it, and return what was found and what it counted itself, if it does."""
    with serving(arguments, environment) as (port, process):
        asyncio.run(send_load(port, texts, connections, _WARM_UP_SECONDS))
        before = sum(process.cpu_times()[:2])
        load = asyncio.run(send_load(port, texts, connections, seconds))
        load.server_cpu_seconds = sum(process.cpu_times()[:2]) - before
        return load, asyncio.run(_read_metrics(port))


async def _read_metrics(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.decode("utf-8", errors="replace")


def mean_batch(metrics: str) -> float:
    """Return the mean number of tickets of a batch."""
    count, total = (
        float(re.findall(rf"^kefu_batch_tickets_{name}\{{[^}}]*\}} (\S+)", metrics, re.MULTILINE)[0])
        for name in ("count", "sum")
    )
    return total / count


def measure_model(model: Path, texts: Sequence[str], sizes: Sequence[int], seconds: float) -> dict[int, float]:
    """Return the texts a second that the model labels in batches of some sizes, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", _MODEL, str(model), str(seconds), json.dumps(list(sizes))],
        input=json.dumps(list(texts)),
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(map(json.loads, done.stdout.splitlines()))


def judge(service: dict[str, float], one_by_one: float) -> dict[str, bool]:
    """Hold what was found against the targets."""
    return {
        "fast_enough": service["per_second"] >= MIN_PER_SECOND,
        "p95_is_short": service["p95_ms"] <= MAX_P95_MS,
        "close_to_the_model": service["per_second"] >= MIN_SHARE_OF_MODEL * one_by_one,
        "nothing_refused": service["refused"] == 0,
    }


def read_texts(path: Path) -> list[str]:
    """Return the texts of a table of tickets."""
    texts = pd.read_csv(path, usecols=["text"], dtype=str)["text"].dropna()
    return texts[texts.str.strip() != ""].tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "data/06_models/demo")
    parser.add_argument("--tickets", type=Path, default=ROOT / "data/01_raw/demo/tickets.csv")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    texts = read_texts(given.tickets)
    serve = [_SERVE, "serve", "--model", str(given.model), "--port", "0"]
    quiet = {"KEFU_LOG_LEVEL": "warning"}  # nobody reads the pipe
    service, metrics = measure_server(serve, quiet, texts, given.connections, given.seconds)
    echo, _ = measure_server([_ECHO], {}, texts, given.connections, given.seconds)
    batch = mean_batch(metrics)
    alone = measure_model(given.model, texts, sorted({1, max(1, round(batch))}), given.seconds / 2)
    found, one_by_one, batched = service.summary(), alone[1], alone[max(1, round(batch))]
    result = {
        "machine": {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "connections": given.connections,
        "service": {**found, "mean_batch": round(batch, 2)},
        "echo": echo.summary(),
        "model": {
            "one_by_one_per_second": round(one_by_one, 1),
            "batch": max(1, round(batch)),
            "in_batches_per_second": round(batched, 1),
        },
        "share_of_model_one_by_one": round(found["per_second"] / one_by_one, 3),
        "share_of_model_in_batches": round(found["per_second"] / batched, 3),
        "verdict": judge(found, one_by_one),
    }
    print(json.dumps(result, indent=2))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
