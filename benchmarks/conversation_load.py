"""Measure how long customers wait for the assistant: written questions, pictures, and questions that are spoken.

    python benchmarks/conversation_load.py                       # the demo's newest model, the demo shop
    python benchmarks/conversation_load.py --seconds 60 --model models/tickets

The service is `kefu serve` in a process of its own, this one is its customers, over the loopback:

- ``text``: 50 conversations side by side; each customer reads and types for some seconds (exponential, 2 s in the
  mean) between an answer and the next question; from the request to the event ``done``. ``text without pauses``: the
  same with no time to think, so that the service is never idle; how many answers a second it gives.
- ``picture``: photographs of 2 megapixels with words in them, one after another, with text recognition and without.
- ``voice``: spoken questions of about 3 s as WebM/Opus, one after another; from the end of speech, when the recording
  is sent, to the last byte of the first sentence as sound.
- ``echo``: what the same server does where a route sends the text back at once.
"""

import argparse
import asyncio
import io
import json
import os
import platform
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
from service_load import _ECHO, _SERVE, measure_server, serving

from kefu.assistant.shop import Shop
from kefu.speech.synthesis import EspeakSynthesiser

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "conversation_load.json"
SHOP = ROOT / "conf/assistant/demo"
CONVERSATIONS = 50
THINKS_SECONDS = 2.0
TARGETS_P95_MS = {"text": 150, "picture": 1500, "picture without text recognition": 150, "voice": 1000}
_WIDTH_PX, _HEIGHT_PX = 1632, 1224
_QUESTION_SECONDS = 3.0


class Customer:
    """One conversation."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._id = ""
        self._headers: dict[str, str] = {}

    async def ask(self, **parts: Any) -> dict[str, float]:
        """Send a message and return the milliseconds until its first sentence and until its end."""
        if not self._id:
            self._client.cookies.clear()  # every conversation is another customer's
            begun = (await self._client.post("/v1/conversations", json={})).json()
            self._id = begun["conversation_id"]
            self._headers = {"Authorization": f"Bearer {begun['customer_token']}"}
        files = {name: parts.pop(name) for name in ("image", "audio") if name in parts}
        started = time.perf_counter()
        marks: dict[str, float] = {}
        async for event, data in self._events(parts, files):
            assert event != "error", data
            if event == "sentence" and "first" not in marks:
                marks["first"] = 1000 * (time.perf_counter() - started)
                marks["sound"] = 1000 * (await self._sound(data["speech_url"], started) if files.get("audio") else 0.0)
        marks["done"] = 1000 * (time.perf_counter() - started)
        return marks

    def begin_anew(self) -> None:
        """Go on in a new conversation."""
        self._id = ""

    async def _events(self, data: dict[str, Any], files: dict[str, Any]) -> AsyncIterator[tuple[str, Any]]:
        path = f"/v1/conversations/{self._id}/messages"
        async with self._client.stream("POST", path, data=data, files=files or None, headers=self._headers) as answer:
            answer.raise_for_status()
            name = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

    async def _sound(self, url: str, started: float) -> float:
        (await self._client.get(url, headers=self._headers)).raise_for_status()
        return time.perf_counter() - started


async def talk(port: int, texts: Sequence[str], seconds: float, thinks_seconds: float, seed: int) -> dict[str, float]:
    """Let 50 customers ask for some seconds, and return how long they waited."""
    rng = np.random.default_rng(seed)
    found: list[float] = []
    async with _client(port) as client:

        async def converse(order: Sequence[int], pauses: Sequence[float]) -> None:
            customer = Customer(client)
            await asyncio.sleep(float(pauses[-1]))
            for turn, (index, pause) in enumerate(zip(order, pauses, strict=True)):
                if time.perf_counter() > until:
                    return
                if turn % 6 == 0:
                    customer.begin_anew()
                found.append((await customer.ask(text=texts[index]))["done"])
                await asyncio.sleep(float(pause))

        many = 4000
        await asyncio.gather(*(Customer(client).ask(text=text) for text in texts[:8]))
        started = time.perf_counter()
        until = started + seconds
        await asyncio.gather(
            *(
                converse(rng.integers(len(texts), size=many), rng.exponential(thinks_seconds, size=many))
                for _ in range(CONVERSATIONS)
            )
        )
        lasted = time.perf_counter() - started
    return summarise(found, lasted)


async def ask_one_by_one(port: int, messages: Sequence[dict[str, Any]], mark: str) -> dict[str, float]:
    """Send messages one after another, each in a conversation of its own."""
    async with _client(port) as client:
        await Customer(client).ask(**dict(messages[0]))
        started = time.perf_counter()
        found = [(await Customer(client).ask(**dict(message)))[mark] for message in messages]
        return summarise(found, time.perf_counter() - started)


def summarise(ms: Sequence[float], lasted_seconds: float) -> dict[str, float]:
    """Return how many answers there were, and percentiles of their milliseconds."""
    return {
        "answers": len(ms),
        "per_second": round(len(ms) / lasted_seconds, 1),
        **{f"p{rank}_ms": round(float(np.percentile(ms, rank)), 1) for rank in (50, 95, 99)},
        "max_ms": round(max(ms), 1),
    }


def draw_photographs(count: int, seed: int) -> list[bytes]:
    """Return JPEG pictures of 2 megapixels: smooth colours, noise, and lines of words."""
    rng = np.random.default_rng(seed)
    pictures = []
    for number in range(count):
        small = rng.integers(90, 230, size=(6, 8, 3), dtype=np.uint8)
        pixels = cv2.resize(small, (_WIDTH_PX, _HEIGHT_PX), interpolation=cv2.INTER_CUBIC).astype(np.int16)
        pixels += rng.integers(-12, 12, size=pixels.shape, dtype=np.int16)
        picture = np.clip(pixels, 0, 255).astype(np.uint8)
        for line, words in enumerate(("KEFU STORE", f"Order A{10_000 + number}", "1 x mug, blue", "Total 129.90 EUR")):
            cv2.putText(picture, words, (180, 260 + 150 * line), cv2.FONT_HERSHEY_SIMPLEX, 2.4, (20, 20, 20), 5)
        pictures.append(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())
    return pictures


def speak_questions(phrases: Sequence[str], language: str, count: int) -> list[bytes]:
    """Return spoken phrases as a browser would record them, WebM/Opus, filled up with silence to about 3 s."""
    speaker = EspeakSynthesiser()
    return [_webm(*speaker.speak(phrases[number % len(phrases)], language)) for number in range(count)]


def _webm(samples: np.ndarray, rate_hz: int) -> bytes:
    silence = max(0, int(_QUESTION_SECONDS * rate_hz) - len(samples))
    pcm = np.round(np.pad(samples, (silence // 2, silence - silence // 2)) * 32767).astype("<i2")
    raw = io.BytesIO()
    with wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm.tobytes())
    raw.seek(0)
    packed = io.BytesIO()
    with av.open(raw) as source, av.open(packed, "w", format="webm") as target:
        stream = target.add_stream("libopus", rate=48_000)
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return packed.getvalue()


def _client(port: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=CONVERSATIONS, max_keepalive_connections=CONVERSATIONS)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "data/06_models/demo")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each load")
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--recordings", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    shop = Shop.load(SHOP)
    english, chinese = shop.examples("en"), shop.examples("zh")
    texts = [*english, *chinese]
    photographs = [
        {"image": ("photo.jpg", jpeg, "image/jpeg")} for jpeg in draw_photographs(given.pictures, given.seed)
    ]
    voices = {
        language: [
            {"audio": ("recording", webm, "audio/webm"), "language": language}
            for webm in speak_questions(phrases, language, given.recordings // 2)
        ]
        for language, phrases in (("en", english), ("zh", chinese))
    }
    serve = [_SERVE, "serve", "--model", str(given.model), "--port", "0"]
    found: dict[str, dict[str, float]] = {}

    def measure(measurements: dict[str, Callable[[int], Any]], **environment: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            quiet = {
                "KEFU_LOG_LEVEL": "warning",
                "KEFU_RATES__ENABLED": "false",  # all these customers have one address
                "KEFU_SHOP": str(SHOP),
                "KEFU_STORAGE": f"sqlite:///{folder}/kefu.sqlite",
                "KEFU_VECTORS": f"{folder}/vectors.safetensors",
                "KEFU_MEDIA": f"{folder}/media",
            }
            with serving(serve, {**quiet, **environment}) as (port, _):
                for name, measurement in measurements.items():
                    found[name] = asyncio.run(measurement(port))
                    print(name, json.dumps(found[name]), flush=True)

    measure(
        {
            "text": lambda port: talk(port, texts, given.seconds, THINKS_SECONDS, given.seed),
            "text without pauses": lambda port: talk(port, texts, given.seconds, 0.0, given.seed),
            "picture": lambda port: ask_one_by_one(port, photographs, "done"),
            **{
                f"voice, {language}": lambda port, spoken=spoken: ask_one_by_one(port, spoken, "sound")
                for language, spoken in voices.items()
            },
        }
    )
    measure(
        {"picture without text recognition": lambda port: ask_one_by_one(port, photographs, "done")},
        KEFU_READ_PICTURES="false",
    )
    echo, _ = measure_server([_ECHO], {}, texts, 32, given.seconds / 3)
    result = {
        "machine": {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "conversations": CONVERSATIONS,
        "thinks_seconds": THINKS_SECONDS,
        **found,
        "echo": echo.summary(),
        "verdict": judge(found),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result["verdict"], indent=2))


def judge(found: dict[str, dict[str, float]]) -> dict[str, bool]:
    """Hold what was found against the targets."""
    return {
        name: one["p95_ms"] <= target
        for name, one in found.items()
        for kind, target in TARGETS_P95_MS.items()
        if name == kind or name.startswith(f"{kind},")
    }


if __name__ == "__main__":
    main()
