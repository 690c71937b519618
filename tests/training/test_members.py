"""Members that are trained side by side are those that are trained one after the other."""

import logging
import multiprocessing
import pickle
import re
import signal
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from kefu import modalities
from kefu.engines.shards import FeatureShard
from kefu.tickets.errors import KefuError
from kefu.training.folds import Fold
from kefu.training.hardware import Hardware
from kefu.training.members import MemberTask, slim, train_member, train_members
from kefu.training.modality_model import build_encoder
from kefu.training.trainer import TrainingParameters

ONE, TWO = (Hardware("cpu", "32-true", threads) for threads in (1, 2))
TEXTS = ("where is my refund", "我要退款", "cannot log in", "登录不了")
LABELS = ("login", "refund")


@pytest.fixture(autouse=True)
def _kefu_is_heard(monkeypatch):
    """Kedro's logging, if a test before has set it up, keeps what kefu says from caplog."""
    monkeypatch.setattr(logging.getLogger("kefu"), "propagate", True)


@pytest.fixture
def make_tasks(tmp_path):
    """Return the tasks of three members; keywords change the training."""
    text = modalities.get("text")
    encoder = text.EncoderParameters(architecture="rnn", rnn={"token_dim": 8, "hidden_dim": 8})
    preprocessor = text.fit(TEXTS, text.Features(vocab_size=64))
    tickets = pd.DataFrame({"ticket_id": [f"t{i}" for i in range(24)], "text": [TEXTS[i % 4] for i in range(24)]})
    tickets["label"] = np.where(np.arange(24) % 4 < 2, "refund", "login")
    halves = {
        name: FeatureShard(list(part["ticket_id"]), preprocessor.extract(list(part["text"])))
        for name, part in (("00000-of-00002", tickets[:12]), ("00001-of-00002", tickets[12:]))
    }

    def make(**changes):
        params = TrainingParameters(max_epochs=2, batch_size=8).model_copy(update=changes)
        return [
            MemberTask(
                name=f"text {number + 1}/3",
                modality="text",
                number=number,
                fold=Fold(tickets[tickets.index % 3 != number], tickets[tickets.index % 3 == number]),
                features=halves,
                augmented_features={"00000-of-00001": halves["00000-of-00002"]},
                preprocessor=preprocessor,
                pretrained_encoder={},
                encoder=encoder,
                labels=LABELS,
                training=params,
                seed=7,
                checkpoints=tmp_path / "checkpoints",
            )
            for number in range(3)
        ]

    return make


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        weights = other.trained.classifier.state_dict()
        for name, value in one.trained.classifier.state_dict().items():
            assert torch.equal(value, weights[name]), name
        for name in ("logits", "targets"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        curves = [member.trained.history.drop(columns="seconds") for member in (one, other)]
        pd.testing.assert_frame_equal(*curves)
        assert one.trained.best_epoch == other.trained.best_epoch


def epochs_of(caplog):
    """Return the numbers of members and epochs that were told, in order."""
    told = [re.match(r"text (\d)/3: epoch (\d+)/", line) for line in caplog.messages]
    return sorted((int(match[1]), int(match[2])) for match in told if match)


@pytest.mark.slow
def test_same_results_and_checkpoints_and_the_log_is_heard(make_tasks, caplog, tmp_path):
    caplog.set_level("INFO")
    apart = train_members([replace(task, checkpoints=tmp_path / "others") for task in make_tasks()], ONE)
    train_member(make_tasks()[0], ONE)
    caplog.clear()

    together = train_members(make_tasks(), TWO)
    assert_same(together, apart)
    assert epochs_of(caplog) == [(2, 1), (2, 2), (3, 1), (3, 2)]
    assert "text 1/3: resuming after epoch 2" in caplog.messages
    assert not any(member.trained.classifier.training for member in together)

    caplog.clear()
    first, *others = make_tasks()
    assert_same([*train_members([first], TWO), *train_members(others, ONE)], apart)  # with two threads, and with one
    assert caplog.messages == [f"text {number}/3: resuming after epoch 2" for number in (1, 2, 3)]


def test_starting_from_pretrained_weights(make_tasks):
    tasks = [replace(task, checkpoints=None) for task in make_tasks(learning_rate=1e-12, weight_decay=0.0)][:2]
    encoders = [build_encoder("text", task.encoder, task.preprocessor, seed=99 + task.number) for task in tasks]
    weights = {f"{n}.{name}": v for n, encoder in enumerate(encoders) for name, v in encoder.state_dict().items()}
    members = train_members([replace(task, pretrained_encoder=weights) for task in tasks], ONE)
    for member, encoder in zip(members, encoders, strict=True):
        for name, value in encoder.named_parameters():
            assert torch.allclose(member.trained.classifier.encoder.get_parameter(name), value, atol=1e-6), name
    of_one = {name: value for name, value in weights.items() if name.startswith("0.")}
    with pytest.raises(KefuError, match="run the pipeline pretrain again"):
        train_members([replace(task, pretrained_encoder=of_one) for task in tasks], ONE)


def test_a_task_is_small_on_its_way(make_tasks):
    storage = torch.zeros(100_000)
    weights = {f"{number}.weight": storage[number : number + 1] for number in range(3)}
    task = replace(make_tasks()[1], features={}, augmented_features={}, pretrained_encoder=weights)
    assert len(pickle.dumps(slim(task))) < 40_000
    assert list(slim(task).fold.training.columns) == ["ticket_id", "label"]
    assert list(slim(task).pretrained_encoder) == ["1.weight"]


@pytest.mark.slow
def test_ctrl_c_ends_all_at_once_and_what_was_done_is_kept(make_tasks, caplog, monkeypatch):
    caplog.set_level("INFO")
    short, *long = make_tasks(max_epochs=100_000, patience=100_000)
    tasks = [replace(short, training=short.training.model_copy(update={"max_epochs": 2})), *long]

    class Interrupt(logging.Handler):
        awaited: set[str]

        def emit(self, record):
            self.last = record.getMessage()
            self.awaited.discard(self.last.partition("/10")[0])
            if not self.awaited:
                self.at = time.monotonic()
                signal.raise_signal(signal.SIGINT)

    interrupt = Interrupt()
    monkeypatch.setattr(logging.getLogger("kefu"), "handlers", [interrupt])
    interrupt.awaited = {"text 2/3: epoch 2", "text 3/3: epoch 2"}  # the latter is trained when the first is done
    with pytest.raises(KeyboardInterrupt):
        train_members(tasks, TWO)
    assert time.monotonic() - interrupt.at < 5
    assert multiprocessing.active_children() == []
    written = {path: path.read_bytes() for path in short.checkpoints.rglob("last.ckpt")}
    assert len(written) == 3
    interrupt.awaited = {"nothing"}
    assert {(1, 2), (2, 1), (3, 1)} <= set(epochs_of(caplog))
    time.sleep(0.5)
    assert {path: path.read_bytes() for path in written} == written

    caplog.clear()
    assert len(train_members(tasks[:1], ONE)) == 1
    assert caplog.messages == ["text 1/3: resuming after epoch 2"]
    interrupt.awaited.clear()
    for task in long:
        with pytest.raises(KeyboardInterrupt):  # at the first line, as nothing more is awaited
            train_members([task], ONE)
        assert re.match(rf"{task.name}: resuming after epoch [1-9]", interrupt.last)
