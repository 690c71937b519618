import logging
from types import SimpleNamespace

import torch

from kefu.training import callbacks
from kefu.training.callbacks import ClipGradients, History


def test_gradients_are_scaled_down_to_a_norm_together():
    task = torch.nn.Linear(2, 1, bias=True)
    task.weight.grad, task.bias.grad = torch.tensor([[0.0, 3.0]]), torch.tensor([4.0])
    ClipGradients(10.0).on_before_optimizer_step(None, task, None)
    assert (task.weight.grad.tolist(), task.bias.grad.tolist()) == ([[0.0, 3.0]], [4.0])
    ClipGradients(1.0).on_before_optimizer_step(None, task, None)
    torch.testing.assert_close(task.weight.grad, torch.tensor([[0.0, 0.6]]))
    torch.testing.assert_close(task.bias.grad, torch.tensor([0.8]))


def test_a_long_epoch_tells_how_far_it_is(monkeypatch, caplog):
    clock = [100.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: clock[0])
    history = History("text", max_epochs=3)
    trainer = SimpleNamespace(current_epoch=1, num_training_batches=4)
    history.on_train_epoch_start(trainer, None)
    with caplog.at_level(logging.INFO):
        for batch, seconds in enumerate((9.0, 3.0, 9.0, 30.0)):
            clock[0] += seconds
            history.on_train_batch_end(trainer, None, None, None, batch)
    assert caplog.messages == ["text: epoch 2/3, batch 2 of 4, about 12 s until its end"]


def test_a_short_epoch_says_nothing_before_it_ends(caplog):
    history = History("text", max_epochs=3)
    trainer = SimpleNamespace(current_epoch=0, num_training_batches=100)
    history.on_train_epoch_start(trainer, None)
    with caplog.at_level(logging.INFO):
        for batch in range(100):
            history.on_train_batch_end(trainer, None, None, None, batch)
    assert not caplog.messages
