"""A fused model with random weights, small enough to be built in every test run."""

import os
import signal
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import torch

LABELS = ("invoice", "login", "refund")
TEXTS = ("where is my refund", "cannot log in", "my invoice is wrong", "我要退款", "登录不了", "发票错了")


def make_png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> None:
    """What a shell starts in the background ignores Ctrl-C, and tests of it would wait for ever."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _environment_is_left_as_it_was() -> Iterator[None]:
    """Commands tell Kedro where its logging configuration lies; the next test has another project."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def tiny_model():
    """Text and image with random weights; audio was not trained."""
    from kefu import modalities
    from kefu.fusion.strategies import FusionParameters, build_fusion
    from kefu.model import FusedModel, heads_of
    from kefu.training.modality_model import ModalityModel, build_classifier

    raw = {"text": TEXTS, "image": tuple(make_png(seed) for seed in range(4))}
    features = {"text": {"vocab_size": 64}, "image": {"height_px": 16, "width_px": 16}}
    encoders = {
        "text": {"architecture": "rnn", "rnn": {"token_dim": 8, "hidden_dim": 8}},
        "image": {"resnet": {"stem_dim": 4, "stage_dims": (4, 8), "stage_depths": (1, 1)}},
        "audio": {},
    }
    parts = {}
    for name in modalities.MODALITIES:
        module = modalities.get(name)
        cleaning, encoder = module.Cleaning(), module.EncoderParameters.model_validate(encoders[name])
        preprocessor, classifiers = None, ()
        if name in raw:
            payloads = [module.clean(value, cleaning).payload for value in raw[name]]
            preprocessor = module.fit(payloads, module.Features(**features[name]))
            classifiers = (build_classifier(name, encoder, preprocessor, len(LABELS), seed=1).eval(),)
        parts[name] = ModalityModel(name, LABELS, cleaning, encoder, preprocessor, classifiers)
    params = FusionParameters()
    fusion = build_fusion("late", heads_of(parts, 0), torch.tensor([1.0, 2.0, 5.0]), params).eval()
    return FusedModel(parts, (fusion,), "late", params, LABELS)
