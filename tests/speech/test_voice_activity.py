import numpy as np
import pytest
import soxr

from kefu.demo import DemoParameters
from kefu.demo.speech import Voice, record_call
from kefu.speech.contract import SAMPLE_RATE_HZ
from kefu.speech.espeak import synthesise
from kefu.speech.voice_activity import VoiceActivity, find_speech, has_speech, trim_to_speech

SECOND = SAMPLE_RATE_HZ


def say(words: str, voice: str) -> np.ndarray:
    spoken, rate_hz = synthesise(words, voice, 170, 50)
    return soxr.resample(spoken, rate_hz, SAMPLE_RATE_HZ).astype(np.float32)


def hiss(seconds: float, level: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, level, round(seconds * SECOND)).astype(np.float32)


@pytest.mark.parametrize("voice", ["gmw/en-US+Denis", "gmw/en-GB-x-rp+shelby", "sit/cmn+Denis", "sit/cmn+shelby"])
def test_pauses_before_and_after_are_cut_and_short_words_are_found(voice: str) -> None:
    for words in ("no", "two", "where is my parcel") if "gmw" in voice else ("不", "是", "我的快递在哪里"):
        speech = say(words, voice)
        loud = np.flatnonzero(np.abs(speech) > 0.02)
        whole = np.concatenate([np.zeros(2 * SECOND, np.float32), speech, np.zeros(2 * SECOND, np.float32)])
        trimmed = trim_to_speech(whole + hiss(len(whole) / SECOND, 0.001))
        spoken_seconds = (loud[-1] - loud[0]) / SECOND
        assert spoken_seconds - 0.1 < len(trimmed) / SECOND < spoken_seconds + 1.2, words
        assert np.abs(trimmed).max() > 0.8 * np.abs(speech).max(), words


def test_no_word_is_lost_in_noise() -> None:
    params = DemoParameters(min_snr_db=10, max_snr_db=10)
    for seed in range(6):
        voice = Voice("gmw/en-US+miguel", 170, 50, 1.0)
        raw = record_call("my card was declined", voice, params, np.random.default_rng(seed))
        samples = np.frombuffer(raw[44:], "<i2").astype(np.float32) / 32768
        assert len(trim_to_speech(samples)) > 0.8 * len(samples)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(100, np.float32),
        np.zeros(3 * SECOND, np.float32),
        hiss(3, 0.003),
        np.where(np.arange(3 * SECOND) % 8000 < 20, 0.8, 0).astype(np.float32),
    ],
    ids=["empty", "short", "silence", "hiss", "clicks"],
)
def test_nobody_speaks_in_silence_hiss_and_clicks(samples: np.ndarray) -> None:
    assert not has_speech(samples)
    assert trim_to_speech(samples).shape == (0,)


def test_limits_decide_what_counts() -> None:
    speech = say("no", "gmw/en-US+Denis")
    assert has_speech(speech)
    assert not has_speech(speech, VoiceActivity(min_speech_seconds=2))
    assert has_speech(speech * 0.1)
    assert not has_speech(speech * 0.1, VoiceActivity(min_level_dbfs=-20))
    wide = trim_to_speech(np.pad(speech, SECOND), VoiceActivity(margin_seconds=0.3))
    narrow = trim_to_speech(np.pad(speech, SECOND), VoiceActivity(margin_seconds=0))
    assert len(wide) - len(narrow) == 2 * round(0.3 * SECOND)


def test_long_pauses_part_stretches_and_short_ones_do_not() -> None:
    speech = say("where is my parcel", "gmw/en-US+Denis")

    def twice(pause_seconds: float) -> np.ndarray:
        return np.concatenate([speech, np.zeros(round(pause_seconds * SECOND), np.float32), speech])

    assert len(find_speech(twice(0.2))) == 1
    first, second = find_speech(twice(1.5))
    assert first.stop < second.start
    assert len(find_speech(twice(1.5), VoiceActivity(max_pause_seconds=3))) == 1
