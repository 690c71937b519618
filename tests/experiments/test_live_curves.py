"""Curves grow while a stage of DVC trains, and only then."""

import logging
import pickle
import sys
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.pipeline import Node

from kefu.experiments.live_curves import LiveCurves, LiveCurvesHooks
from kefu.training.callbacks import History

NODE = Node(len, inputs="tickets", outputs="text.history", name="train")
STAGE = {"runtime_params": {"parameters_file": "params.yaml"}}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO, "kefu")


@pytest.fixture
def catalog() -> dict[str, Any]:
    return {"text.history": SimpleNamespace(metadata={"dvc": {"live": "text_live"}})}


def tell_epochs(name: str, *losses: float, resumed: int = 0) -> None:
    """Tell what a training tells in its epochs."""
    history = History(name, max_epochs=9)
    for number in range(resumed):
        history.rows.append({"epoch": number + 1, "train_loss": 9.0 - number, "validation_loss": float("nan")})
    if resumed:
        history.load_state_dict({"rows": history.rows})
    for number, loss in enumerate(losses, start=resumed):
        trainer = SimpleNamespace(callback_metrics={"train_loss": loss, "validation_loss": 1.0}, current_epoch=number)
        history.on_train_epoch_end(trainer, None)  # type: ignore[arg-type]


def curve(path: str) -> list[list[str]]:
    return [line.split("\t") for line in Path(path).read_text("utf-8").splitlines()]


def test_a_curve_grows_with_each_epoch(catalog: dict[str, Any]) -> None:
    pytest.importorskip("dvclive")
    hooks = LiveCurvesHooks()
    hooks.before_pipeline_run(STAGE)
    hooks.before_node_run(NODE, catalog)
    tell_epochs("text", 2.5)
    path = "text_live/plots/metrics/text/train_loss.tsv"
    assert curve(path) == [["step", "train_loss"], ["1", "2.5"]]
    tell_epochs("text 2/3", 1.5)
    hooks.after_node_run()
    tell_epochs("text", 0.5)
    assert curve(path) == [["step", "train_loss"], ["1", "2.5"]]
    assert curve("text_live/plots/metrics/text/2/train_loss.tsv") == [["step", "train_loss"], ["1", "1.5"]]
    # a score that is not a number is none, and DVC would take a summary for a curve
    names = {file.name for file in Path("text_live").rglob("*") if file.is_file()}
    assert names == {"train_loss.tsv", "validation_loss.tsv"}


def test_a_resumed_training_is_drawn_from_its_beginning(catalog: dict[str, Any]) -> None:
    pytest.importorskip("dvclive")
    hooks = LiveCurvesHooks()
    hooks.before_pipeline_run(STAGE)
    hooks.before_node_run(NODE, catalog)
    tell_epochs("text", 7.0, resumed=2)
    hooks.on_node_error()
    path = "text_live/plots/metrics/text/train_loss.tsv"
    assert curve(path) == [["step", "train_loss"], ["1", "9.0"], ["2", "8.0"], ["3", "7.0"]]


def test_what_a_worker_process_tells_is_drawn() -> None:
    pytest.importorskip("dvclive")
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    sender, trainings = QueueHandler(queue), logging.getLogger("kefu.training.callbacks")
    trainings.addHandler(sender)
    tell_epochs("text 1/2", 2.5)
    trainings.removeHandler(sender)
    LiveCurves("live").handle(pickle.loads(pickle.dumps(queue.get())))
    assert curve("live/plots/metrics/text/1/train_loss.tsv")[1:] == [["1", "2.5"]]


def test_a_plain_run_leaves_nothing(catalog: dict[str, Any]) -> None:
    hooks = LiveCurvesHooks()
    hooks.before_pipeline_run({"runtime_params": {"versioned": False}})
    hooks.before_node_run(NODE, catalog)
    tell_epochs("text", 2.5)
    hooks.after_node_run()
    assert not Path("text_live").exists()


def test_without_dvclive_the_folder_that_dvc_expects_is_there(
    catalog: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dvclive", None)
    monkeypatch.delitem(sys.modules, "dvclive.live", raising=False)
    hooks = LiveCurvesHooks()
    hooks.before_pipeline_run(STAGE)
    hooks.before_node_run(NODE, catalog)
    tell_epochs("text", 2.5)
    hooks.after_node_run()
    assert list(Path("text_live").iterdir()) == []


def test_dvclive_that_does_not_start_stops_no_training(
    catalog: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("dvclive")
    monkeypatch.setattr("dvclive.live.Live.__init__", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(logging.getLogger("kefu"), "propagate", True)
    hooks = LiveCurvesHooks()
    hooks.before_pipeline_run(STAGE)
    hooks.before_node_run(NODE, catalog)
    hooks.after_node_run()
    assert "no live curves: division by zero" in caplog.messages


def test_a_curve_that_cannot_be_drawn_stops_no_training(
    catalog: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("dvclive")
    curves = LiveCurves("live")
    monkeypatch.setattr(curves.live, "log_metric", lambda *_: 1 / 0)
    logging.getLogger("kefu.training").addHandler(curves)
    tell_epochs("text", 2.5)
    logging.getLogger("kefu.training").removeHandler(curves)
    assert "ZeroDivisionError" in capsys.readouterr().err
