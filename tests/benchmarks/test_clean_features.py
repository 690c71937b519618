import csv
import importlib.util
import json
import os
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "clean_features.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_clean_features", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIXED_SECONDS = 4.0


def run_of(num_tickets, ms_per_ticket, peak_memory_mb):
    nodes = [{"name": "text.clean", "seconds": num_tickets * ms_per_ticket / 1000, "peak_memory_mb": peak_memory_mb}]
    return {
        "num_tickets": num_tickets,
        "seconds": num_tickets * ms_per_ticket / 1000 + FIXED_SECONDS,
        "peak_memory_mb": peak_memory_mb,
        "nodes": nodes,
    }


def test_a_cut_table_is_the_head_of_the_large_one(benchmark, tmp_path):
    table = tmp_path / "tickets-3.csv"
    table.write_text('ticket_id,text\n1,"two\nlines, one record"\n2,b\n3,c\n', encoding="utf-8")
    head = benchmark.cut_table(table, 2)
    assert head == tmp_path / "tickets-2.csv"
    assert list(csv.reader(head.open(encoding="utf-8", newline=""))) == [
        ["ticket_id", "text"],
        ["1", "two\nlines, one record"],
        ["2", "b"],
    ]
    assert benchmark.cut_table(table, 3) == table


def test_the_project_reads_the_table_with_the_shipped_configuration(benchmark, tmp_path):
    project = benchmark.make_project(tmp_path / "project", tmp_path / "tickets.csv")
    overrides = json.loads((project / "conf" / "local" / "globals.yml").read_text("utf-8"))
    assert overrides["tickets_path"] == str(tmp_path / "tickets.csv")
    assert (project / "conf" / "base" / "parameters" / "project.yml").is_file()
    assert (project / "src" / "kefu" / "settings.py").is_file()


def test_nodes_are_timed_by_what_the_hook_logs(benchmark):
    lines = ["100.000 [ 1/2] check_tickets", "a warning", "100.500 [ 2/2] text.clean", "103.000 2 nodes in 3 s"]
    times = benchmark.node_times(lines)
    assert times == [("check_tickets", 100.0, 100.5), ("text.clean", 100.5, 103.0)]
    used = benchmark.per_node(times, [(99.0, 900.0), (100.2, 10.0), (101.0, 30.0), (102.0, 20.0)])
    assert [(node.name, node.seconds, node.peak_memory_mb) for node in used] == [
        ("check_tickets", 0.5, 10.0),
        ("text.clean", 2.5, 30.0),
    ]


def test_memory_of_a_process_is_sampled(benchmark):
    sampler = benchmark.MemorySampler(psutil.Process(os.getpid()), interval_seconds=0.01)
    while not sampler.samples:
        pass
    held = bytearray(64 << 20)
    held[::4096] = b"x" * len(held[::4096])
    count = len(sampler.samples)
    while len(sampler.samples) < count + 2:
        pass
    sampler.stop()
    assert sampler.samples[-1][1] - sampler.samples[0][1] > 50
    assert sampler.peak_mb >= sampler.samples[-1][1]
    assert sampler.peak_process_mb > 64


@pytest.mark.parametrize(
    ("large", "flat", "linear"),
    [
        (run_of(50_000, 10.5, 1_100), True, True),
        (run_of(50_000, 12.0, 1_100), True, False),
        (run_of(50_000, 8.0, 1_100), True, False),
        (run_of(50_000, 10.5, 1_300), False, True),
    ],
)
def test_the_verdict(benchmark, large, flat, linear):
    verdict = benchmark.judge([large, run_of(1_000, 10.0, 1_000)], run_of(100, 10.0, 900))
    assert (verdict["memory_is_flat"], verdict["time_is_linear"]) == (flat, linear)


def test_the_figure_needs_nothing_else(benchmark):
    runs = [run_of(1_000, 10, 900), run_of(50_000, 10, 950)]
    benchmark.judge(runs, run_of(100, 10.0, 900))
    figure = ElementTree.fromstring(benchmark.draw(runs))
    texts = [element.text for element in figure.iter() if element.text]
    assert {"1,000", "50,000", "900.0", "950.0", "10.0"} <= set(texts)
    assert not any("href" in name for element in figure.iter() for name in element.attrib)


@pytest.mark.slow
def test_the_whole_on_a_tiny_table(benchmark, tmp_path):
    pytest.importorskip("espeakng_loader")
    table = benchmark.make_tickets(tmp_path / "tickets", 60)
    run = benchmark.measure_run(benchmark.make_project(tmp_path / "project", table), 60)
    assert run["seconds"] > 0
    assert run["peak_memory_mb"] > 50
    assert {"check_tickets", "assemble_tickets", "text.extract", "image.extract", "audio.extract"} <= {
        node["name"] for node in run["nodes"]
    }
