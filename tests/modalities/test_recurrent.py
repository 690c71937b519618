import pytest
import torch
from torch import nn

from kefu.modalities.recurrent import BidirectionalRecurrent

LENGTHS = torch.tensor([5, 1, 3])


def packed(network: BidirectionalRecurrent, steps: torch.Tensor) -> torch.Tensor:
    """What torch's own network of two directions makes of packed rows, with the same weights."""
    kind = type(network.forwards)
    both = kind(network.forwards.input_size, network.forwards.hidden_size, batch_first=True, bidirectional=True)
    weights = network.forwards.state_dict() | {
        f"{name}_reverse": value for name, value in network.backwards.state_dict().items()
    }
    both.load_state_dict(weights)
    rows = nn.utils.rnn.pack_padded_sequence(steps, LENGTHS, batch_first=True, enforce_sorted=False)
    return nn.utils.rnn.pad_packed_sequence(both(rows)[0], batch_first=True)[0]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_states_are_those_of_packed_rows(cell):
    network, steps = BidirectionalRecurrent(cell, 4, 3), torch.randn(3, 5, 4)
    torch.testing.assert_close(network(steps, LENGTHS), packed(network, steps))


@torch.inference_mode()
def test_what_lies_behind_the_end_of_a_row_is_not_read():
    network, steps = BidirectionalRecurrent("gru", 4, 3), torch.randn(3, 5, 4)
    changed = steps.clone()
    changed[1, 1:], changed[2, 3:] = torch.inf, torch.nan
    assert torch.equal(network(changed, LENGTHS), network(steps, LENGTHS))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_it_is_computed_in_full_precision_on_a_processor(cell):
    network, steps = BidirectionalRecurrent(cell, 4, 3), torch.randn(3, 5, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = network(steps, LENGTHS)
    assert states.dtype == torch.float32
    assert torch.equal(states, network(steps, LENGTHS))
