"""Measure what one changed ticket costs, as a share of cleaning and extracting all of them.

    python benchmarks/one_changed_ticket.py                                # 10,000 demo tickets
    python benchmarks/one_changed_ticket.py --tickets 1000 --workdir scratch --keep

Two ways through the pipelines are measured: ``clean`` and ``features`` as far as the features of the original tickets,
and ``clean``, ``augment`` and ``features`` whole, with all copies. Each begins in an empty project. Then nothing is
changed, a picture, a recording, a text, and at last a ticket is taken away, each time before a fresh ``kedro run``
whose time is divided by that of the first. Time runs from the first node to the end of the last; that of the whole
process, which begins with imports, is given apart.
"""

import argparse
import csv
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from clean_features import FEATURES, cut_table, make_project, make_tickets, measure_run

MAX_SHARE = 0.05
WAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "originals": ("clean,features", FEATURES),
    "with copies": ("clean,augment,features", ()),
}


class Shop:
    """A table of tickets that can be changed; :meth:`restore` undoes what was done to its files."""

    def __init__(self, table: Path) -> None:
        self.table = table.with_name("one-changed.csv")
        shutil.copy(table, self.table)
        with self.table.open(encoding="utf-8", newline="") as file:
            self._rows = list(csv.DictReader(file))
        self._files: dict[Path, bytes] = {}
        middle = len(self._rows) // 2
        paths = [row["image"] for row in self._rows] + [row["audio"] for row in self._rows]
        self._chosen = next(
            row
            for row in self._rows[middle:]
            if row["text"].strip()
            and all(row[name] and paths.count(row[name]) == 1 for name in ("image", "audio"))
            and self._is_sound(row)
        )

    def change_nothing(self) -> None:
        pass

    def change_picture(self) -> None:
        path = self._file("image")
        _, data = cv2.imencode(path.suffix, cv2.flip(cv2.imread(str(path)), 1))
        path.write_bytes(data.tobytes())

    def change_recording(self) -> None:
        path = self._file("audio")
        samples, rate_hz = soundfile.read(path)
        soundfile.write(path, samples[: -len(samples) // 10], rate_hz)

    def change_text(self) -> None:
        self._chosen["text"] += " The blue lamp in it is broken, too."
        self._write()

    def remove_ticket(self) -> None:
        self._rows.remove(self._chosen)
        self._write()

    def restore(self) -> None:
        for path, content in self._files.items():
            path.write_bytes(content)
        self.table.unlink()

    def _is_sound(self, row: dict[str, str]) -> bool:
        try:
            soundfile.info(self.table.parent / row["audio"])
        except (OSError, soundfile.LibsndfileError):
            return False
        return cv2.imdecode(np.fromfile(self.table.parent / row["image"], np.uint8), cv2.IMREAD_COLOR) is not None

    def _file(self, modality: str) -> Path:
        path = self.table.parent / self._chosen[modality]
        self._files.setdefault(path, path.read_bytes())
        return path

    def _write(self) -> None:
        with self.table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(self._rows[0]))
            writer.writeheader()
            writer.writerows(self._rows)


def changes_of(shop: Shop) -> dict[str, Callable[[], None]]:
    """Return what is done to the shop, in order, by its name in the results."""
    return {
        "everything": shop.change_nothing,
        "nothing": shop.change_nothing,
        "a picture": shop.change_picture,
        "a recording": shop.change_recording,
        "a text": shop.change_text,
        "a ticket less": shop.remove_ticket,
    }


def judge(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Divide every run by the first of its way, and compare with what is promised."""
    whole = {run["way"]: run for run in runs if run["changed"] == "everything"}
    shares: dict[str, dict[str, float]] = {way: {} for way in whole}
    for run in runs:
        first = whole[run["way"]]
        run["share"] = round(run["seconds"] / first["seconds"], 4)
        run["share_of_process"] = round(run["process_seconds"] / first["process_seconds"], 4)
        if run is not first:
            shares[run["way"]][run["changed"]] = run["share"]
    return {"shares": shares, "holds": {way: max(found.values()) <= MAX_SHARE for way, found in shares.items()}}


def main() -> None:
    from kefu.training.hardware import available_cores

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tickets", type=int, default=10_000, help="size of the table")
    parser.add_argument("--ways", default=",".join(WAYS), help="some of: originals, with copies")
    parser.add_argument("--workdir", type=Path, help="where tickets and results lie meanwhile; a temporary folder")
    parser.add_argument("--keep", action="store_true", help="keep the tickets; they are used again")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "one_changed_ticket.json")
    args = parser.parse_args()
    workdir = (args.workdir or Path(tempfile.mkdtemp(prefix="kefu-benchmark-"))).resolve()
    started = time.perf_counter()
    table = cut_table(make_tickets(workdir / "tickets", args.tickets), args.tickets)
    print(f"{args.tickets} tickets in {workdir} after {time.perf_counter() - started:.0f} s", flush=True)
    runs = []
    for way in args.ways.split(","):
        shop = Shop(table)
        project = make_project(workdir / "project", shop.table)
        try:
            for changed, change in changes_of(shop).items():
                change()
                run = measure_run(project, args.tickets, *WAYS[way])
                runs.append({"way": way, "changed": changed, **run})
                print(way, changed, run["seconds"], flush=True)
        finally:
            shop.restore()
            shutil.rmtree(project)
    verdict = judge(runs)
    result = {
        "what": "kedro run after one ticket has changed, as a share of the first run; 'nothing': what looking costs",
        "machine": {"processor": platform.machine(), "cores": available_cores()},
        "python": platform.python_version(),
        "runs": runs,
        "verdict": verdict,
    }
    print(json.dumps(verdict, indent=2), f"{time.perf_counter() - started:.0f} s in all")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if not args.keep:
        shutil.rmtree(workdir / "tickets")
        if args.workdir is None:
            shutil.rmtree(workdir)


if __name__ == "__main__":
    main()
