"""Recordings without a voice: every unit is a tone of its own, so that a tiny network learns them in seconds."""

import numpy as np
import pytest

from kefu.speech.ctc.lexicon import Lexicon
from kefu.speech.ctc.training import Recordings

LEXICON = Lexicon({"我": [("wo",)], "要": [("yao",)], "退": [("tui",)], "款": [("kuan",)], "货": [("huo",)]})
N_MELS = 12


def tones(units: list[int], rng: np.random.Generator, n_mels: int = N_MELS) -> np.ndarray:
    """Return log-mel bands (T, n_mels) in which unit number i is loud in bands 2i - 2 and 2i - 1."""
    rows = []
    for unit in units:
        loud = np.zeros((16, n_mels))
        loud[:, 2 * unit - 2 : 2 * unit] = 2.0
        rows += [loud, np.zeros((int(rng.integers(4, 9)), n_mels))]
    return (np.concatenate(rows) + 0.2 * rng.standard_normal((sum(map(len, rows)), n_mels))).astype(np.float16)


def make_recordings(count: int, seed: int) -> Recordings:
    rng = np.random.default_rng(seed)
    units = [rng.integers(1, 1 + len(LEXICON.units), size=int(rng.integers(1, 6))) for _ in range(count)]
    return Recordings([tones(told.tolist(), rng) for told in units], [told.astype(np.int64) for told in units])


@pytest.fixture
def training() -> Recordings:
    return make_recordings(96, 0)


@pytest.fixture
def validation() -> Recordings:
    return make_recordings(16, 1)
