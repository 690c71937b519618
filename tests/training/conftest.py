import numpy as np
import pytest
import torch
from torch import nn

from kefu.training.classifier import Classifier
from kefu.training.data import FeatureRows
from kefu.training.hardware import Hardware
from kefu.training.trainer import TrainingParameters


class Toy(nn.Module):
    """Dropout and batch normalisation: all that makes resuming hard. Of pictures it sees the mean colour."""

    embedding_dim = 4

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.dropout = nn.Dropout(0.3)

    def forward(self, features):
        values = features["x"].float()
        values = values.mean(dim=(2, 3)) if values.ndim == 4 else values
        return self.dropout(self.norm(self.layer(values)).relu())


def _classifier(num_classes=2, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Classifier(Toy(), num_classes)


def _rows(size, *, seed=0, num_classes=2, copies=0):
    rng = np.random.default_rng(seed)
    targets = np.arange(size) % num_classes
    x = rng.normal(size=(size, 3)).astype(np.float32) + targets[:, None]
    ids = [f"t{i}" for i in range(size)]
    every = 1 + copies
    return FeatureRows(ids * every, {"x": np.tile(x, (every, 1))}, np.tile(targets, every).astype(np.int64))


def _pictures(size, *, seed=0):
    """Return rows of 4 x 4 pictures in float, those of the second class brighter."""
    rng = np.random.default_rng(seed)
    targets = np.arange(size) % 2
    pixels = rng.normal(size=(size, 3, 4, 4)).astype(np.float32) + targets[:, None, None, None]
    return FeatureRows([f"t{i}" for i in range(size)], {"x": pixels}, targets.astype(np.int64))


@pytest.fixture
def params():
    return TrainingParameters(max_epochs=6, patience=6, batch_size=8, learning_rate=0.02)


@pytest.fixture
def cpu():
    return Hardware("cpu", "32-true", 1)


@pytest.fixture
def make_classifier():
    return _classifier


@pytest.fixture
def make_rows():
    return _rows


@pytest.fixture
def make_pictures():
    return _pictures
