"""Interrupted and resumed equals uninterrupted, bit for bit."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from kefu.training.checkpoints import clear_checkpoints, find_checkpoint
from kefu.training.trainer import train_classifier


@pytest.fixture
def train(cpu, params, make_classifier, make_rows, tmp_path):
    """Train the toy, stopping it at a forward pass if told so (5 batches and 1 of validation make an epoch)."""

    def run(
        *,
        stop_at=None,
        error=KeyboardInterrupt,
        checkpoints=tmp_path / "checkpoints",
        rows_seed=0,
        validation_rows=20,
        **changes,
    ):
        classifier = make_classifier()
        calls = 0

        def interrupt(*_):
            nonlocal calls
            calls += 1
            if calls == stop_at:
                raise error

        classifier.register_forward_pre_hook(interrupt)
        return train_classifier(
            "toy",
            classifier,
            make_rows(40, seed=rows_seed, copies=2),
            make_rows(validation_rows, seed=1),
            params.model_copy(update=changes),
            num_classes=2,
            hardware=cpu,
            seed=0,
            checkpoints=checkpoints,
        )

    return run


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


def assert_same(first, second):
    for name, value in first.classifier.state_dict().items():
        assert torch.equal(value, second.classifier.state_dict()[name]), name
    pd.testing.assert_frame_equal(first.history.drop(columns="seconds"), second.history.drop(columns="seconds"))
    assert first.best_epoch == second.best_epoch


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("stop_at", [3, 6, 7, 16, 36])
def test_resumed_equals_uninterrupted(train, folder, caplog, stop_at, error):
    whole = train(checkpoints=None)
    with pytest.raises(error):
        train(stop_at=stop_at, error=error)
    assert len(list(folder.glob("*/last.ckpt"))) == (stop_at > 6)
    with caplog.at_level("INFO"):
        assert_same(whole, train())
    assert (f"resuming after epoch {(stop_at - 1) // 6}" in caplog.text) == (stop_at > 6)


REGULARISED = {"ema_decay": 0.9, "mixup_alpha": 0.4}


@pytest.mark.parametrize("stop_at", [3, 7, 18, 36])
def test_averaged_weights_and_mixtures_are_resumed(train, stop_at):
    whole = train(checkpoints=None, **REGULARISED)
    with pytest.raises(KeyboardInterrupt):
        train(stop_at=stop_at, **REGULARISED)
    assert_same(whole, train(**REGULARISED))


def test_interrupted_twice(train):
    whole = train(checkpoints=None)
    for stop_at in (9, 15):
        with pytest.raises(KeyboardInterrupt):
            train(stop_at=stop_at)
    assert_same(whole, train())


@pytest.mark.parametrize(
    "changes",
    [{}, {"max_epochs": 40, "patience": 2, "learning_rate": 0.3}, REGULARISED, REGULARISED | {"validation_rows": 0}],
)
def test_a_training_that_ended_is_not_done_again(train, changes, caplog):
    whole = train(**changes)
    caplog.clear()
    with caplog.at_level("INFO"):
        assert_same(whole, train(**changes))
    assert "resuming after epoch" in caplog.text
    assert "loss" not in caplog.text


@pytest.mark.parametrize("changes", [{"rows_seed": 5}, {"learning_rate": 0.01}, {"batch_size": 10}])
def test_a_checkpoint_of_another_training_is_not_used(train, folder, changes):
    with pytest.raises(KeyboardInterrupt):
        train(stop_at=20)
    assert_same(train(checkpoints=None, **changes), train(**changes))


def _half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    "damage",
    [_half, lambda path: path.write_bytes(b""), lambda path: path.write_text("破"), lambda path: torch.save({}, path),
     lambda path: torch.save([1], path)],
    ids=["half", "empty", "text", "no parts", "list"],
)  # fmt: skip
def test_a_damaged_checkpoint_does_not_stop_training(train, folder, caplog, damage):
    with pytest.raises(KeyboardInterrupt):
        train(stop_at=20)
    damage(next(folder.glob("*/last.ckpt")))
    assert_same(train(checkpoints=None), train())
    assert "last.ckpt: the checkpoint is damaged" in caplog.text
    assert "training starts over" in caplog.text


def test_a_checkpoint_half_written_by_a_kill_is_no_matter(train, folder):
    with pytest.raises(KeyboardInterrupt):
        train(stop_at=20)
    (next(folder.glob("*")) / "last.partial").write_bytes(b"half")
    assert_same(train(checkpoints=None), train())


def test_other_files_are_left_alone(tmp_path):
    kept = [tmp_path / "notes.txt", tmp_path / "abc" / "last.ckpt", tmp_path / ("f" * 24 + ".txt")]
    for path in [*kept, tmp_path / "0123456789abcdef01234567" / "last.ckpt"]:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    clear_checkpoints(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def test_no_checkpoint_is_found_where_none_is(tmp_path):
    assert find_checkpoint(tmp_path / "absent") is None
    clear_checkpoints(tmp_path / "absent")


SCRIPT = """
import importlib.util, sys, time
from pathlib import Path
import torch
from kefu.training import callbacks
from kefu.training.trainer import TrainingParameters, train_classifier
spec = importlib.util.spec_from_file_location("toy", sys.argv[1])
toy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toy)
start = callbacks.History.on_train_epoch_start
def slow(self, *args):
    time.sleep(float(sys.argv[3]))
    start(self, *args)
callbacks.History.on_train_epoch_start = slow
trained = train_classifier(
    "toy", toy._classifier(), toy._rows(40, copies=2), toy._rows(20, seed=1),
    TrainingParameters(max_epochs=30, patience=30, batch_size=8, learning_rate=0.02),
    num_classes=2, hardware=toy.Hardware("cpu", "32-true", 1), seed=0, checkpoints=Path(sys.argv[2]),
)
torch.save([trained.classifier.state_dict(), trained.history.drop(columns="seconds").to_dict("list")], sys.argv[4])
"""


def test_a_process_that_is_told_to_end_does_not_end_as_if_it_were_done(folder, tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).with_name("conftest.py")), str(folder), "0.05"]
    told = subprocess.Popen([*command, str(tmp_path / "result.pt")])
    while not list(folder.glob("*/last.ckpt")) and told.poll() is None:
        time.sleep(0.01)
    told.terminate()
    assert told.wait() == 128 + signal.SIGTERM
    assert not (tmp_path / "result.pt").exists()


def test_a_killed_process_is_taken_up_and_nothing_but_kefu_is_heard(train, folder, tmp_path):
    def command(seconds):
        return [sys.executable, "-c", SCRIPT, str(Path(__file__).with_name("conftest.py")), str(folder), str(seconds),
                str(tmp_path / "result.pt")]  # fmt: skip

    victim = subprocess.Popen(command(0.05))
    while not list(folder.glob("*/last.ckpt")) and victim.poll() is None:
        time.sleep(0.01)
    time.sleep(random.random() * 0.5)
    victim.kill()
    assert victim.wait() == -signal.SIGKILL
    assert list(folder.glob("*/last.ckpt"))
    resumed = subprocess.run(command(0), capture_output=True, text=True, check=True)
    assert resumed.stdout + resumed.stderr == ""
    weights, history = torch.load(tmp_path / "result.pt", weights_only=True)
    whole = train(checkpoints=None, max_epochs=30, patience=30)
    for name, value in whole.classifier.state_dict().items():
        assert torch.equal(value, weights[name]), name
    assert whole.history.drop(columns="seconds").to_dict("list") == history
