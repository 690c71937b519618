"""The learning curve, made by a pipeline of its own and shown by the report once it was made."""

from collections.abc import Callable
from typing import Any


def test_the_report_does_without_it_and_shows_it_once_made(demo: Any, copy_of: Callable[[Any], Any]) -> None:
    project = copy_of(demo)
    assert "kedro run --pipelines learning_curve,report --env" not in project.load("report"), "the demo has no --env"
    assert "kedro run --pipelines learning_curve,report" in project.load("report")
    project.run("learning_curve", data_size={"shares": [0.5, 1.0], "seeds": 1})
    found = project.load("data_size_analysis")
    sizes = found.metrics["sizes"]
    assert sizes[0] == round(sizes[1] / 2)
    assert set(found.tables["scores"]["speaker"]) >= {"late", "text"}
    project.run("report")
    report = project.load("report")
    assert "kedro run --pipelines learning_curve,report" not in report
    assert "figure-data_size-curve" in report
