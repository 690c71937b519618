import pytest
import torch
from torch import nn

from kefu.training.averaging import AverageWeights


@pytest.fixture
def network():
    network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    network.register_buffer("position_ids", torch.arange(512))
    return network


@pytest.fixture
def start():
    """Begin to average a network."""

    def begin(network, decay, **state):
        average = AverageWeights(network, decay)
        if state:
            average.load_state_dict(state)
        average.on_train_start(None, None)
        return average

    return begin


def step(average):
    average.on_train_batch_end(None, None, None, None, 0)


@pytest.mark.parametrize("decay", [0.99, 0.15])
def test_the_decay_warms_up(network, start, decay):
    network[0].weight.data.fill_(5.0)
    average, expected = start(network, decay), 5.0
    for t, value in enumerate([1.0, 2.0, 4.0, 8.0]):
        network[0].weight.data.fill_(value)
        network[1].running_var.fill_(value)
        step(average)
        share = min(decay, [1 / 10, 2 / 11, 3 / 12, 4 / 13][t])
        expected = share * expected + (1 - share) * value
    assert average.average["0.weight"].item() == pytest.approx(expected)
    assert 1 < average.average["1.running_var"].item() < 8


def test_whole_numbers_are_copied(network, start):
    average = start(network, 0.999)
    for _ in range(50):
        network[1].num_batches_tracked += 1
        step(average)
    assert torch.equal(average.average["position_ids"], torch.arange(512))
    assert average.average["1.num_batches_tracked"] == 50


def test_validation_sees_the_average_and_training_its_own_weights(network, start):
    average = start(network, 0.5)
    before = network[0].weight.item()
    network[0].weight.data += 1
    step(average)
    average.on_validation_start(None, None)
    assert network[0].weight.item() == pytest.approx(before + 0.9)
    average.on_validation_end(None, None)
    assert network[0].weight.item() == before + 1
    assert average.average["0.weight"].item() == pytest.approx(before + 0.9)


def test_an_interrupted_average_is_taken_up(network, start):
    whole = start(network, 0.99)
    for _ in range(3):
        network[0].weight.data += 1
        step(whole)
    again = start(network, 0.99, **whole.state_dict())
    for average in (whole, again):
        step(average)
    assert all(torch.equal(value, again.average[name]) for name, value in whole.average.items())
