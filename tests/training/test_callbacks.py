import torch

from kefu.training.callbacks import ClipGradients


def test_gradients_are_scaled_down_to_a_norm_together():
    task = torch.nn.Linear(2, 1, bias=True)
    task.weight.grad, task.bias.grad = torch.tensor([[0.0, 3.0]]), torch.tensor([4.0])
    ClipGradients(10.0).on_before_optimizer_step(None, task, None)
    assert (task.weight.grad.tolist(), task.bias.grad.tolist()) == ([[0.0, 3.0]], [4.0])
    ClipGradients(1.0).on_before_optimizer_step(None, task, None)
    torch.testing.assert_close(task.weight.grad, torch.tensor([[0.0, 0.6]]))
    torch.testing.assert_close(task.bias.grad, torch.tensor([0.8]))
