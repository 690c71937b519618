import numpy as np
import pytest

from kefu.modalities.audio.corruptions import CORRUPTIONS


@pytest.fixture
def voice():
    seconds = np.arange(8000) / 8000
    return (0.4 * np.sin(2 * np.pi * 220 * seconds)).astype(np.float32)


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name)
def test_less_signal_is_further_from_the_recording(voice, corruption):
    spoilt = [corruption.apply(voice, level, np.random.default_rng(2)) for level in corruption.levels]
    apart = [
        0.0,
        *(np.sqrt(np.mean((one / np.linalg.norm(one) - voice / np.linalg.norm(voice)) ** 2)) for one in spoilt),
    ]
    assert (np.diff(apart) > 0).all()
    assert all(one.dtype == np.float32 and one.shape == voice.shape and np.abs(one).max() <= 1 for one in spoilt)
    assert np.array_equal(spoilt[0], corruption.apply(voice, corruption.levels[0], np.random.default_rng(2)))


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name)
def test_the_noise_has_the_asked_power(voice, corruption):
    added = corruption.apply(voice, 20, np.random.default_rng(2)) - voice
    assert 10 * np.log10(np.mean(voice**2) / np.mean(added**2)) == pytest.approx(20, abs=0.1)


def test_white_noise_is_even_and_pink_noise_is_deep(voice):
    white, pink = (
        np.abs(np.fft.rfft(one.apply(voice, 20, np.random.default_rng(2)) - voice)) ** 2 for one in CORRUPTIONS
    )
    assert 0.7 < white[100:2000].mean() / white[2000:].mean() < 1.4
    assert pink[100:2000].mean() > 3 * pink[2000:].mean()


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name)
@pytest.mark.parametrize("length", [1, 500])
def test_silence_stays_silent(corruption, length):
    silence = np.zeros(length, np.float32)
    assert np.array_equal(corruption.apply(silence, -10, np.random.default_rng(0)), silence)
