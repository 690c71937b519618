"""Send hostile pictures, recordings and requests to the service, again and again, and watch its answers and its memory.

    python benchmarks/hostile_uploads.py                       # the demo's newest model, the demo shop, ten rounds
    python benchmarks/hostile_uploads.py --rounds 1 --model models/tickets

The service is `kefu serve` in a process of its own, with its processes that decode; what is sent is that of
tests/service/hostile: bombs, files of two kinds, lies of headers, broken forms, requests without end. Memory is what
all its processes hold (resident), from after some ordinary messages until the end; the peak is looked for twenty times
a second.

Targets: no status of 500 and above, no answer other than the one expected, the same process from start to end, and at
most 200 MB more at the end than after the ordinary messages.
"""

import argparse
import collections
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from service_load import _SERVE, serving

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "hostile_uploads.json"
SHOP = ROOT / "conf/assistant/demo"
MAX_GROWTH_MB = 200
_WATCH_SECONDS = 0.05
_HASTE = {"KEFU_CONNECTIONS__HEADER_SECONDS": "2", "KEFU_CONNECTIONS__BODY_SECONDS": "2"}
"""So that what trickles does not take all the time of the benchmark."""

sys.path.insert(0, str(ROOT / "tests/service/hostile"))
from hostile_pictures import small  # noqa: E402 - lies among the tests
from hostile_recordings import wav  # noqa: E402
from hostile_sending import Sender, check_all  # noqa: E402


def resident_mb(pid: int) -> float:
    """Return what a process and its children hold in memory."""
    process = psutil.Process(pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:  # it has ended in the meantime
            continue
    return total / 1e6


@contextmanager
def watching(pid: int) -> Iterator[list[float]]:
    """Yield a list whose one number is the peak of the memory so far."""
    peak = [resident_mb(pid)]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_WATCH_SECONDS):
            peak[0] = max(peak[0], resident_mb(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def talk(sender: Sender) -> None:
    """Send what customers send, so that all is loaded."""
    for _ in range(5):
        path = sender.begin()
        for part, content in (("image", small("JPEG")), ("audio", wav())):
            assert sender.upload(f"{path}/messages", part, content).status == 200
            assert sender.upload("/v1/predict", part, content).status == 200


def judge(
    statuses: dict[str, int], wrong: dict[str, str], growth_mb: float, *, is_same_process: bool
) -> dict[str, bool]:
    """Hold what was found against the targets."""
    return {
        "no_status_of_500": not any(status >= "500" for status in statuses),
        "nothing_unexpected": not wrong,
        "no_crash": is_same_process,
        "memory_holds": growth_mb <= MAX_GROWTH_MB,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "data/06_models/demo")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    statuses: collections.Counter[str] = collections.Counter()
    wrong: dict[str, str] = {}
    sent: set[str] = set()
    memory_mb = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "KEFU_LOG_LEVEL": "error",
            "KEFU_SHOP": str(SHOP),
            "KEFU_STORAGE": f"sqlite:///{folder}/kefu.sqlite",
            "KEFU_VECTORS": f"{folder}/vectors.safetensors",
            "KEFU_MEDIA": f"{folder}/media",
            "KEFU_RATES__ENABLED": "false",
            **_HASTE,
        }
        with serving([_SERVE, "serve", "--model", str(given.model), "--port", "0"], environment) as (port, process):
            sender = Sender(("127.0.0.1", port))
            talk(sender)
            before = resident_mb(process.pid)
            started = time.perf_counter()
            with watching(process.pid) as peak:
                for _ in range(given.rounds):
                    for name, found, why in check_all(sender):
                        sent.add(name)
                        statuses.update(map(str, found))
                        if why:
                            wrong[name] = why
                            print(f"{name}: {found} {why}", flush=True)
                    memory_mb.append(round(resident_mb(process.pid), 1))
                    print(f"{memory_mb[-1]} MB, {before:.1f} before", flush=True)
            lasted = time.perf_counter() - started
            is_same_process = process.is_running() and sender.fetch("/readyz").status == 200
    result = {
        "machine": {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "hostile": len(sent),
        "rounds": given.rounds,
        "seconds": round(lasted, 1),
        "statuses": dict(sorted(statuses.items())),
        "unexpected": wrong,
        "memory_mb": {"before": round(before, 1), "after_each_round": memory_mb, "peak": round(peak[0], 1)},
        "growth_mb": round(memory_mb[-1] - before, 1),
        "verdict": judge(statuses, wrong, memory_mb[-1] - before, is_same_process=is_same_process),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result["verdict"], indent=2))


if __name__ == "__main__":
    main()
