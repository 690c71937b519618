import numpy as np

from kefu.speech.ctc.features import MAX_SECONDS, log_mel

RNG = np.random.default_rng(0)
VOICE = (0.1 * RNG.standard_normal(16_000) * np.sin(np.arange(16_000) / 900)).astype(np.float32)


def test_a_frame_every_ten_milliseconds() -> None:
    assert log_mel(VOICE, 40).shape == (101, 40)
    assert log_mel(VOICE, 24).shape == (101, 24)
    assert log_mel(VOICE[:1], 40).shape == (1, 40)


def test_loudness_and_colour_make_no_difference() -> None:
    assert np.abs(log_mel(VOICE, 40) - log_mel(0.05 * VOICE, 40)).max() < 1e-3
    assert np.abs(log_mel(VOICE, 40).mean(axis=0)).max() < 1e-4


def test_values_are_of_a_size_for_a_network() -> None:
    assert 0.1 < log_mel(VOICE, 40).std() < 2


def test_digital_silence_is_no_abyss() -> None:
    gap = np.concatenate([VOICE, np.zeros(16_000, np.float32)])
    assert np.ptp(log_mel(gap, 40), axis=0).max() <= 70 / 15 + 1e-4
    assert np.array_equal(log_mel(np.zeros(800, np.float32), 40), np.zeros((6, 40), np.float32))


def test_what_comes_after_a_minute_is_not_heard() -> None:
    assert len(log_mel(np.zeros(round((MAX_SECONDS + 5) * 16_000), np.float32), 40)) == 100 * MAX_SECONDS + 1
