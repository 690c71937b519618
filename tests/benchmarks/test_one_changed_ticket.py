import csv
import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "one_changed_ticket.py"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    spec = importlib.util.spec_from_file_location("benchmark_one_changed_ticket", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(way, changed, seconds):
    return {"way": way, "changed": changed, "seconds": seconds, "process_seconds": seconds + 10}


def test_shares_are_of_the_first_run_of_their_way(benchmark):
    runs = [
        run("originals", "everything", 40), run("originals", "a text", 1), run("originals", "a picture", 2),
        run("with copies", "everything", 200), run("with copies", "a text", 12),
    ]  # fmt: skip
    verdict = benchmark.judge(runs)
    assert verdict["shares"] == {"originals": {"a text": 0.025, "a picture": 0.05}, "with copies": {"a text": 0.06}}
    assert verdict["holds"] == {"originals": True, "with copies": False}
    assert runs[2]["share_of_process"] == round(12 / 50, 4)


def test_one_ticket_is_changed_and_its_files_are_given_back(benchmark, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), rng.integers(0, 256, (8, 9, 3), dtype=np.uint8))
        soundfile.write(tmp_path / f"{number}.wav", rng.uniform(-0.5, 0.5, 100), 8000)
    (tmp_path / "2.wav").write_text("no recording")
    table = tmp_path / "tickets.csv"
    rows = [f"{number},text {number},{number}.png,{number}.wav" for number in range(4)]
    table.write_text("\n".join(["ticket_id,text,image,audio", *rows]) + "\n", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def changed(shop, change):
        known = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        change()
        return {path.name for path in tmp_path.iterdir() if path.read_bytes() != known[path.name]}

    shop = benchmark.Shop(table)
    found = {name: changed(shop, change) for name, change in benchmark.changes_of(shop).items()}
    assert found == {
        "everything": set(), "nothing": set(), "a picture": {"3.png"}, "a recording": {"3.wav"},
        "a text": {"one-changed.csv"}, "a ticket less": {"one-changed.csv"},
    }  # fmt: skip
    left = list(csv.DictReader(shop.table.open(encoding="utf-8", newline="")))
    assert [row["ticket_id"] for row in left] == ["0", "1", "2"]
    shop.restore()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
