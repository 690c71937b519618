import torch

from kefu.modalities.audio.encoders.padding import behind, mean_and_deviation, trim


def test_trim_cuts_to_the_longest_clip():
    array = torch.arange(24, dtype=torch.float64).view(2, 2, 6)
    trimmed, num_frames = trim({"x": array, "num_frames": torch.tensor([2, 4], dtype=torch.int32)}, "x")
    assert trimmed.dtype == torch.float32
    assert torch.equal(trimmed, array[:, :, :4].float())
    assert num_frames.tolist() == [2, 4]


def test_behind():
    assert behind(torch.tensor([0, 2, 3]), 3).tolist() == [[True] * 3, [False, False, True], [False] * 3]


def test_mean_and_deviation():
    array = torch.tensor([[[1.0, 3.0, 50.0]], [[2.0, 8.0, 5.0]]])
    pooled = mean_and_deviation(array, torch.tensor([2, 3]))
    torch.testing.assert_close(pooled, torch.tensor([[2.0, 1.0], [5.0, 6**0.5]]), atol=1e-4, rtol=0)
