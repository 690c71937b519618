"""What a person reads while a pipeline runs."""

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.pipeline import Node, Pipeline

from kefu.hooks import ProgressHooks, duration, location


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.21, "3.2 s"), (59.0, "59.0 s"), (245.4, "4 min 05 s"), (3725, "1 h 02 min")]
)
def test_duration_reads_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_location_is_relative_to_the_project(tmp_path: Path) -> None:
    assert location(SimpleNamespace(path=tmp_path / "data/report.html"), tmp_path) == "data/report.html"
    assert location(SimpleNamespace(path=Path("/elsewhere/report.html")), tmp_path) == "/elsewhere/report.html"


def test_lines_number_the_nodes_and_end_with_the_report(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "project").mkdir()
    node = Node(len, inputs="a", outputs="report", name="write_report")
    hooks, pipeline = ProgressHooks(), Pipeline([node])
    with caplog.at_level(logging.INFO, "kefu.hooks"):
        hooks.before_pipeline_run({"project_path": str(tmp_path / "project")}, pipeline)
        assert Path.cwd() == tmp_path / "project"
        hooks.before_node_run(node)
        hooks.after_pipeline_run(pipeline, {"report": SimpleNamespace(path=tmp_path / "project/report.html")})
    assert Path.cwd() == tmp_path
    assert caplog.messages == ["[1/1] write_report", "1 node in 0.0 s", "report        report.html"]


def test_the_time_of_a_node_holds_that_of_saving_what_it_made(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 4.5, 4.5, 5.0, 5.0])
    monkeypatch.setattr("kefu.hooks.time.monotonic", lambda: next(clock))
    nodes = [Node(len, inputs="a", outputs="b", name="first"), Node(len, inputs="b", outputs="c", name="second")]
    hooks, pipeline = ProgressHooks(), Pipeline(nodes)
    with caplog.at_level(logging.INFO, "kefu.hooks"):
        hooks.before_pipeline_run({}, pipeline)
        for node in nodes:
            hooks.before_node_run(node)
        hooks.after_pipeline_run(pipeline, {})
    assert caplog.messages == ["[1/2] first", "      3.5 s", "[2/2] second", "2 nodes in 5.0 s"]
