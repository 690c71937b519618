"""Keep the service as busy as it gets for ten minutes, and see whether it errs or grows.

    python benchmarks/full_load.py                                # the demo's newest model, tickets and shop
    python benchmarks/full_load.py --seconds 60 --model models/tickets --tickets shop/tickets.csv

The service is `kefu serve` in a process of its own, as it is by default; this one is its machines and customers, over
the loopback:

- ``texts``: 32 connections that each ask for the label of the next text as soon as the last is answered;
- ``chat``: 8 customers who talk with the assistant, each with cookies of their own, in a new conversation after every
  sixth message; every fifth message is a picture of 2 megapixels with words in it. They think for 5 s in the mean
  (exponential), so that together they stay within what one address may send.

The memory of the service and its children is looked at each second: their proportional set size (Linux), in which
pages that processes share count once; elsewhere their resident size. Growth is the median of the last tenth of the time
over that of the second: of ten minutes, the last minute over the second one.

Targets: no status of 500 or more, nothing refused, no connection or answer that breaks off, growth of at most 5%.
"""

import argparse
import asyncio
import json
import os
import platform
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from conversation_load import draw_photographs
from service_load import _SERVE, Load, _read_metrics, read_texts, send_load, serving

from kefu.assistant.shop import Shop

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "full_load.json"
SHOP = ROOT / "conf/assistant/demo"
CONNECTIONS = 32
CUSTOMERS = 8
THINKS_SECONDS = 5.0
MAX_GROWTH = 1.05
_MESSAGES_OF_A_CONVERSATION = 6
_PICTURE_EVERY = 5
_SAMPLE_SECONDS = 1.0
_MB = 1e6


@dataclass
class Chat:
    """What customers found."""

    seconds: list[float] = field(default_factory=list)
    """From a message to the end of its answer, of those that were answered."""
    statuses: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    """Answers without an end, and connections that failed."""

    def summary(self) -> dict[str, Any]:
        """Return how many messages were answered and in how many milliseconds."""
        ms = 1000 * np.array(self.seconds or [np.nan])
        return {
            "answers": len(self.seconds),
            **{f"p{rank}_ms": round(float(np.percentile(ms, rank)), 1) for rank in (50, 95)},
            "statuses": dict(sorted(self.statuses.items())),
            "broken": self.broken,
        }


class Customer:
    """Somebody who talks with the assistant, and does not stop at an error.

    Args:
        client: with cookies of its own.
        chat: where it is written down what happened.
    """

    def __init__(self, client: httpx.AsyncClient, chat: Chat) -> None:
        self._client, self._chat = client, chat
        self._conversation: str | None = None
        self._left = 0

    async def say(self, **message: Any) -> None:
        """Send a message and listen to the end of its answer."""
        try:
            if not self._left or self._conversation is None:
                self._conversation = await self._begin()
            if self._conversation is not None:
                await self._send(self._conversation, message)
                self._left -= 1
        except httpx.TransportError:
            self._chat.broken += 1

    async def _begin(self) -> str | None:
        answer = await self._client.post("/v1/conversations", json={})
        self._chat.statuses[str(answer.status_code)] += 1
        self._left = _MESSAGES_OF_A_CONVERSATION
        return answer.json()["conversation_id"] if answer.is_success else None

    async def _send(self, conversation: str, message: dict[str, Any]) -> None:
        files = {name: message.pop(name) for name in ("image",) if name in message}
        started = time.perf_counter()
        path, last = f"/v1/conversations/{conversation}/messages", ""
        async with self._client.stream("POST", path, data=message, files=files or None) as answer:
            self._chat.statuses[str(answer.status_code)] += 1
            async for line in answer.aiter_lines():
                last = line.removeprefix("event: ") if line.startswith("event: ") else last
        if answer.is_success:
            if last == "done":
                self._chat.seconds.append(time.perf_counter() - started)
            else:
                self._chat.broken += 1


async def chat_for(
    port: int, texts: Sequence[str], pictures: Sequence[bytes], seconds: float, thinks_seconds: float, seed: int
) -> Chat:
    """Let customers talk with the assistant for some seconds, and return what they found."""
    chat, until = Chat(), time.perf_counter() + seconds

    async def converse(number: int) -> None:
        rng = np.random.default_rng([seed, number])
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            customer, turn = Customer(client, chat), number
            while True:
                await asyncio.sleep(min(rng.exponential(thinks_seconds), max(0.0, until - time.perf_counter())))
                if time.perf_counter() >= until:
                    return
                turn += 1
                if turn % _PICTURE_EVERY:
                    await customer.say(text=texts[rng.integers(len(texts))])
                else:
                    picture = pictures[rng.integers(len(pictures))]
                    await customer.say(image=("photo.jpg", picture, "image/jpeg"))

    await asyncio.gather(*(converse(number) for number in range(CUSTOMERS)))
    return chat


def memory_of(process: psutil.Process) -> float:
    """Return the bytes that a process and its children hold; one that has just ended holds none."""
    held = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            info = one.memory_full_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        held += getattr(info, "pss", info.rss)
    return held


async def sample_memory(process: psutil.Process, seconds: float) -> list[tuple[float, float]]:
    """Return (seconds since the start, bytes) of each sample."""
    samples, started = [], time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        samples.append((passed, await asyncio.to_thread(memory_of, process)))
        await asyncio.sleep(max(0.0, _SAMPLE_SECONDS - (time.perf_counter() - started - passed)))
    return samples


def summarise_memory(samples: Sequence[tuple[float, float]], seconds: float) -> dict[str, Any]:
    """Return the medians of the second and of the last tenth of the time in MB, growth, the most, and a curve."""
    times, held = np.array(samples).T
    tenth = seconds / 10
    second = float(np.median(held[(times >= tenth) & (times < 2 * tenth)]))
    last = float(np.median(held[times >= seconds - tenth]))
    return {
        "second_tenth_mb": round(second / _MB, 1),
        "last_tenth_mb": round(last / _MB, 1),
        "growth": round(last / second, 4),
        "max_mb": round(float(held.max()) / _MB, 1),
        "curve_mb": [round(float(part.mean()) / _MB) for part in np.array_split(held, min(60, len(held)))],
    }


def statuses_of(metrics: str) -> dict[str, int]:
    """Return how often the service has answered with each status, by its own count."""
    found: Counter[str] = Counter()
    for labels, count in re.findall(r"^kefu_requests_total\{(.*)\} (\S+)$", metrics, re.MULTILINE):
        status = re.search(r'status="(\d+)"', labels)
        if status is not None:
            found[status[1]] += int(float(count))
    return dict(sorted(found.items()))


async def load(
    port: int,
    process: psutil.Process,
    texts: Sequence[str],
    questions: Sequence[str],
    pictures: Sequence[bytes],
    seconds: float,
    seed: int,
) -> tuple[Load, Chat, list[tuple[float, float]], str]:
    """Load a service, and return what machines and customers found, its memory and its own metrics."""
    labels, chat, samples = await asyncio.gather(
        send_load(port, texts, CONNECTIONS, seconds),
        chat_for(port, questions, pictures, seconds, THINKS_SECONDS, seed),
        sample_memory(process, seconds),
    )
    return labels, chat, samples, await _read_metrics(port)


def judge(found: dict[str, Any]) -> dict[str, bool]:
    """Hold what was found against the targets."""
    counted = [found["texts"]["statuses"], found["chat"]["statuses"], found["statuses_by_its_own_count"]]
    return {
        "no_5xx": not any(status.startswith("5") for statuses in counted for status in statuses),
        "nothing_refused": all(status.startswith("2") for statuses in counted for status in statuses),
        "nothing_broken": found["texts"]["broken"] == found["chat"]["broken"] == 0,
        "both_were_answered": found["texts"]["requests"] > 0 and found["chat"]["answers"] > 0,
        "memory_is_flat": found["memory"]["growth"] <= MAX_GROWTH,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "data/06_models/demo")
    parser.add_argument("--tickets", type=Path, default=ROOT / "data/01_raw/demo/tickets.csv")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    shop = Shop.load(SHOP)
    texts, questions = read_texts(given.tickets), [*shop.examples("en"), *shop.examples("zh")]
    pictures = draw_photographs(8, given.seed)
    load_before = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "KEFU_LOG_LEVEL": "warning",  # nobody reads the pipe
            "KEFU_SHOP": str(SHOP),
            "KEFU_STORAGE": f"sqlite:///{folder}/kefu.sqlite",
            "KEFU_VECTORS": f"{folder}/vectors.safetensors",
            "KEFU_MEDIA": f"{folder}/media",
        }
        with serving([_SERVE, "serve", "--model", str(given.model), "--port", "0"], environment) as (port, process):
            labels, chat, samples, metrics = asyncio.run(
                load(port, process, texts, questions, pictures, given.seconds, given.seed)
            )
    found = {
        "machine": {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": load_before,
        },
        "seconds": given.seconds,
        "connections": CONNECTIONS,
        "customers": CUSTOMERS,
        "texts": {
            **{name: value for name, value in labels.summary().items() if name != "server_cpu_ms"},
            "statuses": dict(sorted(labels.statuses.items())),
            "broken": labels.broken,
        },
        "chat": chat.summary(),
        "statuses_by_its_own_count": statuses_of(metrics),
        "memory": summarise_memory(samples, given.seconds),
    }
    result = {**found, "verdict": judge(found)}
    print(json.dumps(result, indent=2))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
