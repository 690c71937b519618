"""Measure time and memory of cleaning and feature extraction as the table grows.

    python benchmarks/clean_features.py                        # 1,000, 10,000 and 50,000 demo tickets
    python benchmarks/clean_features.py --sizes 500,2000 --workdir scratch

Every size is a ``kedro run`` of its own: the registered pipelines ``clean`` and ``features`` as far as the features of
the original tickets (features of augmented copies would need ``augment``), in a project of its own with the shipped
configuration. The tickets are made once, before anything is measured; a smaller table is the head of the largest.

Memory is the sum of the proportional set sizes (PSS: private pages, and each shared page divided by those who share
it) of the run and all its worker processes, sampled while it runs. Time runs from the first node to the end of the
last; what Kedro needs until then is given apart.
"""

import argparse
import csv
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
FEATURES = ("text.features", "image.features", "audio.features")
MAX_MEMORY_RATIO = 1.2
MAX_TIME_CHANGE = 0.15
FIXED_TICKETS = 100
"""Size of the table whose time counts as the fixed cost: starting worker processes, importing, first files."""
SHORT_TICKETS = 1_000
SHORT_REPEATS = 3
"""Runs of up to ``SHORT_TICKETS`` take seconds: of so many, the one with the median time counts."""
_MB = 1e6
_MAKE_TICKETS = """
import sys
from kefu.datasets.tickets import TicketTableDataset
from kefu.demo import DemoParameters
from kefu.pipelines.demo_data.nodes import make_demo_tickets
from kefu.training.hardware import HardwareParameters

dataset = TicketTableDataset(sys.argv[1])
for shard in make_demo_tickets(DemoParameters(num_tickets=int(sys.argv[2])), HardwareParameters()):
    dataset.save(shard)
"""
_NODE = re.compile(r"^(?P<at>[\d.]+) \[ *\d+/\d+\] (?P<name>\S+)$")
_END = re.compile(r"^(?P<at>[\d.]+) \d+ nodes? in ")


@dataclass
class MemorySampler:
    """Sample the memory of a process and its descendants from a thread.

    Attributes:
        peak_mb: Highest sum of PSS, or of RSS where the system does not tell PSS.
        peak_process_mb: Highest resident set of any one process, in its whole life (``VmHWM``) where known.
        samples: (time, sum in MB) of every sample.
    """

    process: psutil.Process
    interval_seconds: float = 0.1
    samples: list[tuple[float, float]] = field(default_factory=list)
    peak_process_mb: float = 0.0
    measure: str = "PSS"

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        return max((megabytes for _, megabytes in self.samples), default=0.0)

    def _sample(self) -> None:
        while not self._stop.wait(self.interval_seconds):
            try:
                family = [self.process, *self.process.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            total = 0.0
            for process in family:
                try:
                    total += self._size_mb(process)
                    self.peak_process_mb = max(self.peak_process_mb, _life_peak_mb(process))
                except (psutil.Error, OSError):
                    continue  # it ended meanwhile
            self.samples.append((time.time(), total))

    def _size_mb(self, process: psutil.Process) -> float:
        memory = process.memory_full_info()
        if hasattr(memory, "pss"):
            return memory.pss / _MB
        self.measure = "RSS"
        return memory.rss / _MB


def _life_peak_mb(process: psutil.Process) -> float:
    """Return the highest resident set the process ever had, its present one where the system does not keep it."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return process.memory_info().rss / _MB
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(found[1]) * 1024 / _MB if found else 0.0


def make_tickets(folder: Path, num_tickets: int) -> Path:
    """Make demo tickets, or take those there are; return the table."""
    table = folder / f"tickets-{num_tickets}.csv"
    if not table.is_file():
        # in a process of its own, which leaves nothing behind that could disturb what is measured
        subprocess.run([sys.executable, "-c", _MAKE_TICKETS, str(table), str(num_tickets)], check=True)
    return table


def cut_table(table: Path, num_tickets: int) -> Path:
    """Write the first tickets of a table beside it, so that the paths of the media hold."""
    head = table.with_name(f"tickets-{num_tickets}.csv")
    if head != table:
        with table.open(encoding="utf-8", newline="") as source, head.open("w", encoding="utf-8", newline="") as sink:
            writer = csv.writer(sink)
            for number, record in enumerate(csv.reader(source)):
                if number > num_tickets:
                    break
                writer.writerow(record)
    return head


def make_project(folder: Path, table: Path) -> Path:
    """Lay out a Kedro project that reads ``table`` with the shipped code and configuration."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "conf" / "local").mkdir(parents=True)
    shutil.copytree(ROOT / "conf" / "base", folder / "conf" / "base")
    shutil.copytree(ROOT / "src" / "kefu", folder / "src" / "kefu", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    # JSON is YAML
    (folder / "conf" / "local" / "globals.yml").write_text(
        json.dumps({"dataset": "benchmark", "tickets_path": str(table.resolve())})
    )
    (folder / "conf" / "logging.yml").write_text(
        json.dumps(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"timed": {"format": "%(created).3f %(message)s"}},
                "handlers": {"file": {"class": "logging.FileHandler", "filename": "run.log", "formatter": "timed"}},
                "loggers": {"kefu": {"level": "INFO"}, "kedro": {"level": "WARNING"}},
                "root": {"level": "WARNING", "handlers": ["file"]},
            }
        )
    )
    return folder


def measure_run(
    project: Path, num_tickets: int, pipelines: str = "clean,features", outputs: tuple[str, ...] = FEATURES
) -> dict[str, Any]:
    """Run the pipelines, as far as some outputs if any are named, in a fresh process and return what it took.

    Raises:
        RuntimeError: The run failed; the message is the end of its log.
    """
    log = project / "run.log"
    command = [sys.executable, "-m", "kedro", "run", "--pipelines", pipelines]
    command += ["--to-outputs", ",".join(outputs)] if outputs else []
    environment = {**os.environ, "DO_NOT_TRACK": "1", "KEDRO_LOGGING_CONFIG": str(project / "conf" / "logging.yml")}
    log.unlink(missing_ok=True)
    started = time.time()
    with (project / "run.out").open("w") as output:
        run = subprocess.Popen(command, cwd=project, env=environment, stdout=output, stderr=subprocess.STDOUT)
        sampler = MemorySampler(psutil.Process(run.pid))
        run.wait()
        ended = time.time()
        sampler.stop()
    lines = log.read_text("utf-8").splitlines() if log.is_file() else []
    if run.returncode:
        said = "\n".join([*lines[-20:], (project / "run.out").read_text()[-4000:]])
        raise RuntimeError(f"kedro run of {num_tickets} tickets failed:\n{said}")
    nodes = node_times(lines)
    seconds = nodes[-1][2] - nodes[0][1]
    return {
        "num_tickets": num_tickets,
        "seconds": round(seconds, 2),
        "ms_per_ticket": round(1000 * seconds / num_tickets, 3),
        "start_up_seconds": round(nodes[0][1] - started, 2),
        "process_seconds": round(ended - started, 2),
        "peak_memory_mb": round(sampler.peak_mb, 1),
        "memory_is": sampler.measure,
        "peak_rss_of_one_process_mb": round(sampler.peak_process_mb, 1),
        "disk_mb": round(sum(path.stat().st_size for path in project.rglob("*") if path.is_file()) / _MB, 1),
        "nodes": [asdict(node) for node in per_node(nodes, sampler.samples)],
    }


@dataclass(frozen=True)
class NodeUse:
    """What one node took."""

    name: str
    seconds: float
    peak_memory_mb: float


def node_times(lines: list[str]) -> list[tuple[str, float, float]]:
    """Return (name, start, end) of each node, from the lines that kefu's hook logs."""
    starts = [(found["name"], float(found["at"])) for line in lines if (found := _NODE.match(line))]
    ends = [float(found["at"]) for line in lines if (found := _END.match(line))]
    stops = [*(at for _, at in starts[1:]), ends[-1]]
    return [(name, start, stop) for (name, start), stop in zip(starts, stops, strict=True)]


def per_node(nodes: list[tuple[str, float, float]], samples: list[tuple[float, float]]) -> list[NodeUse]:
    """Bring together times of nodes and memory sampled."""
    return [
        NodeUse(
            name, round(end - start, 3), round(max((mb for at, mb in samples if start <= at <= end), default=0.0), 1)
        )
        for name, start, end in nodes
    ]


def judge(runs: list[dict[str, Any]], fixed: dict[str, Any]) -> dict[str, Any]:
    """Compare the largest table with the smallest, and both with what is promised.

    The time per ticket is that of each further ticket: without what the small table ``fixed`` takes already.
    """
    for run in runs:
        further = run["num_tickets"] - fixed["num_tickets"]
        run["ms_per_further_ticket"] = round(1000 * (run["seconds"] - fixed["seconds"]) / further, 3)
    small, large = (
        min(runs, key=lambda run: run["num_tickets"]),
        max(runs, key=lambda run: run["num_tickets"]),
    )
    memory = large["peak_memory_mb"] / small["peak_memory_mb"]
    change = large["ms_per_further_ticket"] / small["ms_per_further_ticket"] - 1
    return {
        "memory_ratio": round(memory, 3),
        "memory_is_flat": memory <= MAX_MEMORY_RATIO,
        "fixed_seconds": fixed["seconds"],
        "time_per_ticket_change": round(change, 3),
        "time_is_linear": abs(change) <= MAX_TIME_CHANGE,
    }


def draw(runs: list[dict[str, Any]]) -> str:
    """Draw peak memory and time per further ticket against the number of tickets, as SVG."""
    panels = [
        ("Peak memory of the whole run (MB)", "peak_memory_mb"),
        ("Time per ticket (ms)", "ms_per_further_ticket"),
    ]
    parts = []
    for column, (title, name) in enumerate(panels):
        left, highest = 20 + 340 * column, max(run[name] for run in runs)
        parts.append(f'<text x="{left}" y="28" font-weight="bold">{title}</text>')
        for row, run in enumerate(runs):
            top, length = 48 + 40 * row, 180 * run[name] / highest
            parts.append(f'<text x="{left + 62}" y="{top + 18}" text-anchor="end">{run["num_tickets"]:,}</text>')
            parts.append(f'<rect x="{left + 70}" y="{top}" width="{length:.1f}" height="26" fill="#0072b2"/>')
            parts.append(f'<text x="{left + 76 + length:.1f}" y="{top + 18}">{run[name]:,.1f}</text>')
    height = 70 + 40 * len(runs)
    parts.append(f'<text x="20" y="{height - 8}" fill="#666">Rows: tickets. The time is without fixed costs.</text>')
    style = 'font-family="sans-serif" font-size="13" fill="#222"'
    background = f'<rect width="700" height="{height}" fill="#fff"/>'
    size = f'width="700" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{background}{"".join(parts)}</svg>'


def main() -> None:
    from kefu.training.hardware import available_cores

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,10000,50000", help="numbers of tickets, separated by commas")
    parser.add_argument("--workdir", type=Path, help="where tickets and results lie meanwhile; a temporary folder")
    parser.add_argument("--keep", action="store_true", help="keep tickets and results; made tickets are used again")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "clean_features.json")
    args = parser.parse_args()
    sizes = sorted({int(size) for size in args.sizes.split(",")})
    workdir = (args.workdir or Path(tempfile.mkdtemp(prefix="kefu-benchmark-"))).resolve()
    started = time.perf_counter()
    table = make_tickets(workdir / "tickets", sizes[-1])
    print(f"{sizes[-1]} tickets in {workdir} after {time.perf_counter() - started:.0f} s", flush=True)
    measured = {}
    for size in (FIXED_TICKETS, *sizes):
        folder, part = workdir / f"project-{size}", cut_table(table, size)
        repeats = SHORT_REPEATS if size <= SHORT_TICKETS else 1
        again = [measure_run(make_project(folder, part), size) for _ in range(repeats)]
        again.sort(key=lambda run: run["seconds"])
        measured[size] = again[repeats // 2]
        print({name: value for name, value in measured[size].items() if name != "nodes"}, flush=True)
        if not args.keep:
            shutil.rmtree(folder)
    runs = [measured[size] for size in sizes]
    verdict = judge(runs, measured[FIXED_TICKETS])
    result = {
        "what": "kedro run of clean and features on demo tickets; the features of augmented copies are left out",
        "machine": {"processor": platform.machine(), "cores": available_cores()},
        "python": platform.python_version(),
        "runs": runs,
        "verdict": verdict,
    }
    print(verdict, f"{time.perf_counter() - started:.0f} s in all")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    args.out.with_suffix(".svg").write_text(draw(runs), encoding="utf-8")
    if not args.keep:
        shutil.rmtree(workdir / "tickets")
        if args.workdir is None:
            shutil.rmtree(workdir)


if __name__ == "__main__":
    main()
