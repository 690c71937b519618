import pytest
import torch

from kefu.speech.ctc.network import CtcNetwork, NetworkParameters

SMALL = NetworkParameters(channels=8, hidden_dim=6, num_layers=2)


@pytest.fixture
def network() -> CtcNetwork:
    torch.manual_seed(0)
    return CtcNetwork(12, 5, SMALL).eval()


def test_four_frames_are_a_step(network: CtcNetwork) -> None:
    logits, steps = network(torch.randn(3, 12, 41), torch.tensor([41, 40, 1]))
    assert logits.shape == (3, 11, 6)
    assert steps.tolist() == [11, 10, 1]


def test_padding_makes_no_difference(network: CtcNetwork) -> None:
    recordings = [torch.randn(12, length) for length in (37, 22)]
    padded = torch.zeros(2, 12, 60)
    for row, recording in enumerate(recordings):
        padded[row, :, : recording.shape[1]] = recording
    together, steps = network(padded, torch.tensor([37, 22]))
    for row, recording in enumerate(recordings):
        alone, _ = network(recording[None], torch.tensor([recording.shape[1]]))
        assert torch.allclose(together[row, : steps[row]], alone[0], atol=1e-5)


def test_it_reads_to_the_end_before_it_speaks(network: CtcNetwork) -> None:
    log_mel = torch.randn(1, 12, 60)
    changed = log_mel.clone()
    changed[:, :, -4:] += 3
    before, after = (network(given, torch.tensor([60]))[0][0, 0] for given in (log_mel, changed))
    assert not torch.allclose(before, after)


def test_training_hides_parts(network: CtcNetwork) -> None:
    network.train()
    network.dropout.p = 0.0
    log_mel, length = torch.randn(1, 12, 60), torch.tensor([60])
    assert not torch.allclose(network(log_mel, length)[0], network(log_mel, length)[0])


def test_the_default_is_small() -> None:
    assert sum(p.numel() for p in CtcNetwork(40, 400, NetworkParameters()).parameters()) < 2_000_000
