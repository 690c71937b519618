import importlib.util
import os
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark():
    paths = sys.path[:]
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location("benchmark_hostile_uploads", FOLDER / "hostile_uploads.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path[:] = paths


def test_memory_is_watched_while_it_grows(benchmark):
    with benchmark.watching(os.getpid()) as peak:
        before = peak[0]
        grown = bytearray(os.urandom(50_000_000))
        while peak[0] == before:
            pass
    assert peak[0] > before + 0.5 * len(grown) / 1e6


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, None),
        ({"statuses": {"200": 1, "503": 1}}, "no_status_of_500"),
        ({"wrong": {"a": "b"}}, "nothing_unexpected"),
        ({"growth_mb": 200.1}, "memory_holds"),
        ({"is_same_process": False}, "no_crash"),
    ],
)
def test_each_target_can_be_missed(benchmark, changes, missed):
    good = {"statuses": {"200": 9, "422": 1}, "wrong": {}, "growth_mb": 200.0, "is_same_process": True}
    verdict = benchmark.judge(**{**good, **changes})
    assert [name for name, is_met in verdict.items() if not is_met] == ([missed] if missed else [])
