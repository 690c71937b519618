"""A model that looks at one thing in each modality, so that what must be found is known."""

import numpy as np
import pytest
import torch
from torch import nn

from kefu import modalities
from kefu.fusion.strategies import FusionParameters, build_fusion
from kefu.model import FusedModel, heads_of
from kefu.training.classifier import Classifier
from kefu.training.modality_model import ModalityModel

LABELS = ("other", "refund")
RATE = 8_000
TEXTS = ("please refund my order", "the refund is late", "where is it", "我要退款", "退款还没到", "订单在哪里")


class Word(nn.Module):
    """Sees one word and nothing else."""

    embedding_dim = 1

    def __init__(self, token_ids):
        super().__init__()
        self.token_ids = list(token_ids)

    def forward(self, features):
        there = [(features["token_ids"] == token).any(dim=1) for token in self.token_ids]
        return torch.stack(there, dim=1).all(dim=1, keepdim=True).float()


class Corner(nn.Module):
    """Sees how bright the upper right quarter of a picture is."""

    embedding_dim = 1

    def forward(self, features):
        pixels = features["pixels"].float() / 255
        half = pixels.shape[2] // 2
        return pixels[:, :, :half, half:].mean(dim=(1, 2, 3))[:, None]


class Moment(nn.Module):
    """Sees how loud the third quarter of a second is, in bels above silence."""

    embedding_dim = 1

    def forward(self, features):
        frames = features["log_mel"].shape[2]
        return features["log_mel"][:, :, frames // 2 : 3 * frames // 4].mean(dim=(1, 2))[:, None] / 10 + 8


def make_parts(word: str) -> dict[str, ModalityModel]:
    cleaning = {"text": {}, "image": {}, "audio": {"sample_rate_hz": RATE}}
    features = {
        "text": {"vocab_size": 128},
        "image": {"height_px": 32, "width_px": 32},
        "audio": {"sample_rate_hz": RATE, "max_seconds": 1.0, "n_fft": 256, "hop_length": 80, "n_mels": 24},
    }
    samples = {
        "text": TEXTS,
        "image": [np.full((32, 32, 3), 40, np.uint8)],
        "audio": [np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)],
    }
    parts = {}
    for name in modalities.MODALITIES:
        module = modalities.get(name)
        preprocessor = module.fit(list(samples[name]), module.Features.model_validate(features[name]))
        if name == "text":
            encoder = Word(preprocessor.tokenizer.encode(word).ids)
        else:
            encoder = Corner() if name == "image" else Moment()
        classifier = Classifier(encoder, len(LABELS))
        with torch.no_grad():
            classifier.head.weight.copy_(torch.tensor([[0.0], [2.0]]))
            classifier.head.bias.zero_()
        parts[name] = ModalityModel(
            name, LABELS, module.Cleaning.model_validate(cleaning[name]), module.EncoderParameters(), preprocessor,
            (classifier.eval(),),
        )  # fmt: skip
    return parts


@pytest.fixture
def watchful():
    """Return the model that looks out for a word, the upper right quarter, and the third quarter of a second."""

    def build(word: str = "refund") -> FusedModel:
        parts = make_parts(word)
        parameters = FusionParameters()
        fusion = build_fusion("late", heads_of(parts, 0), torch.tensor([0.5, 0.5]), parameters).eval()
        return FusedModel(parts, (fusion,), "late", parameters, LABELS)

    return build
