"""Kill the service again and again under load, and look for messages that were lost or answered twice.

    python benchmarks/crashes.py                        # 50 times, the demo's newest model, the demo shop
    python benchmarks/crashes.py --kills 5 --model models/tickets

The service is `kefu serve` in a process of its own with a new SQLite database; it gets SIGKILL at a random moment and
is started again, with the same database and on the same port. Meanwhile customers write. A message counts as accepted
once the customer has read the event `accepted`. Every second customer sends a message again under the same key when the
connection breaks, as the page does; the others walk away. At the end the database must hold each accepted message once,
each with one reply, unless a person has taken over.
"""

import argparse
import asyncio
import json
import os
import platform
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from service_load import _SERVE

from kefu.assistant.shop import Shop

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "crashes.json"
SHOP = ROOT / "conf/assistant/demo"
MAX_READY_SECONDS = 15.0
_SETTLES_WITHIN_SECONDS = 60.0
_MESSAGES_OF_A_CONVERSATION = 6


@dataclass
class Kept:
    """What customers know: keys of the messages that they sent, and ids of those that were accepted."""

    accepted: dict[str, str] = field(default_factory=dict)
    """Message ids by client key."""
    changed_ids: int = 0
    """Times that a key got another id than before."""
    sent: int = 0
    broken: int = 0


class Service:
    """A service that can be killed and started again."""

    def __init__(self, model: Path, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.database = folder / "kefu.sqlite"
        self._command = [sys.executable, "-c", _SERVE, "serve", "--model", str(model), "--port", str(self.port)]
        self._log = folder / "log"
        self._environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "KEFU_SHOP": str(SHOP),
            "KEFU_STORAGE": f"sqlite:///{self.database}",
            "KEFU_MEDIA": str(folder / "media"),
            "KEFU_VECTORS": str(folder / "vectors.safetensors"),
            "KEFU_RATES__ENABLED": "false",
            "KEFU_LOG_LEVEL": "warning",
        }
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> float:
        """Start it and return the seconds until it is ready."""
        started = time.perf_counter()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            while True:
                assert self._process.poll() is None, self._log.read_text()[-2000:]
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return time.perf_counter() - started
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)


async def converse(
    service: Service, texts: list[str], kept: Kept, over: asyncio.Event, insists: bool, seed: int
) -> None:
    """Be a customer: send one message after another, in a new conversation every few."""
    rng = np.random.default_rng(seed)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=30) as client:
        while not over.is_set():
            try:
                begun = await client.post("/v1/conversations", json={})
                path = f"/v1/conversations/{begun.json()['conversation_id']}/messages"
            except (httpx.TransportError, ValueError):
                await asyncio.sleep(0.1)
                continue
            for _ in range(_MESSAGES_OF_A_CONVERSATION):
                key = secrets.token_urlsafe(12)
                text = texts[int(rng.integers(len(texts)))]
                kept.sent += 1
                while not await _send(client, path, text, key, kept):
                    kept.broken += 1
                    await asyncio.sleep(0.1)
                    if not insists or over.is_set():
                        break
                if over.is_set():
                    return


async def _send(client: httpx.AsyncClient, path: str, text: str, key: str, kept: Kept) -> bool:
    """Send a message; return whether the answer came to its end."""
    try:
        async with client.stream("POST", path, data={"text": text, "client_key": key}) as answer:
            name = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and name == "accepted":
                    message_id = json.loads(line.removeprefix("data: "))["message_id"]
                    kept.changed_ids += kept.accepted.get(key, message_id) != message_id
                    kept.accepted[key] = message_id
            return name == "done"
    except httpx.TransportError:
        return False


def count_faults(database: Path, kept: Kept) -> dict[str, int]:
    """Compare the database with what customers know."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT m.id, m.client_key, COUNT(r.id), c.handed_over_at IS NOT NULL FROM message m "
            "JOIN conversation c ON c.id = m.conversation_id LEFT JOIN message r ON r.answers = m.id "
            "WHERE m.sender = 'CUSTOMER' GROUP BY m.id"
        ).fetchall()
    ids = {message_id for message_id, *_ in rows}
    keys = [key for _, key, *_ in rows]
    return {
        "accepted": len(kept.accepted),
        "lost": len(set(kept.accepted.values()) - ids),
        "kept_twice": len(keys) - len(set(keys)) + kept.changed_ids,
        "answered_twice": sum(replies > 1 for *_, replies, _ in rows),
        "unanswered": sum(replies == 0 and not with_a_person for *_, replies, with_a_person in rows),
    }


async def measure(service: Service, texts: list[str], kills: int, customers: int, seed: int) -> dict[str, object]:
    """Kill the service so many times under load, and return what was found."""
    rng = np.random.default_rng(seed)
    kept, over = Kept(), asyncio.Event()
    ready = [await service.start()]
    talks = [
        asyncio.create_task(converse(service, texts, kept, over, insists=number % 2 == 0, seed=seed + number))
        for number in range(customers)
    ]
    for number in range(1, kills + 1):
        await asyncio.sleep(float(rng.uniform(0.05, 1.5)))
        service.kill()
        ready.append(await service.start())
        print(f"kill {number} of {kills}: ready after {ready[-1]:.1f} s, {len(kept.accepted)} accepted", flush=True)
    await asyncio.sleep(1.0)
    over.set()
    await asyncio.gather(*talks)
    until = time.perf_counter() + _SETTLES_WITHIN_SECONDS
    while (faults := count_faults(service.database, kept))["unanswered"] and time.perf_counter() < until:
        await asyncio.sleep(0.5)
    service.stop()
    return {
        "kills": kills,
        "sent": kept.sent,
        "broken_off": kept.broken,
        **faults,
        "ready_seconds": {
            "first": round(ready[0], 2),
            "p50": round(float(np.median(ready[1:])), 2),
            "max": round(max(ready), 2),
        },
    }


def judge(found: dict[str, object]) -> dict[str, bool]:
    """Hold what was found against what is promised."""
    ready = found["ready_seconds"]
    assert isinstance(ready, dict)
    return {
        "nothing lost": found["lost"] == 0,
        "nothing twice": found["kept_twice"] == 0 and found["answered_twice"] == 0,
        "everything answered": found["unanswered"] == 0,
        f"ready within {MAX_READY_SECONDS:.0f} s": ready["max"] <= MAX_READY_SECONDS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "data/06_models/demo")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--customers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    shop = Shop.load(SHOP)
    texts = [*shop.examples("en"), *shop.examples("zh")]
    with tempfile.TemporaryDirectory() as folder:
        service = Service(given.model.resolve(), Path(folder))
        found = asyncio.run(measure(service, texts, given.kills, given.customers, given.seed))
    verdict = judge(found)
    print(json.dumps({**found, "verdict": verdict}, indent=2))
    machine = {"processor": platform.machine(), "cores": os.cpu_count()}
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps({"machine": machine, **found, "verdict": verdict}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
