import io
import wave

import numpy as np
import pytest

from kefu.demo import DemoParameters
from kefu.demo.intents import CONFUSIONS, VAGUE, Intent
from kefu.demo.speech import Voice, choose_words, draw_voice, record_call
from kefu.speech.espeak import SPEAKERS

PARAMS = DemoParameters(min_snr_db=20, max_snr_db=20)
ENGLISH = Voice("gmw/en-US+Denis", 170, 50, 1.0)
MANDARIN = Voice("sit/cmn+shelby", 170, 50, 1.0)


def samples_of(data: bytes) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768, file.getframerate()


@pytest.mark.parametrize(("words", "voice"), [("where is my refund", ENGLISH), ("退款还没有到账", MANDARIN)])
def test_recordings_are_audible_and_repeat(words: str, voice: Voice) -> None:
    first, again = (record_call(words, voice, PARAMS, np.random.default_rng(5)) for _ in range(2))
    assert first == again
    samples, rate_hz = samples_of(first)
    assert rate_hz == 16_000
    assert 1 < len(samples) / rate_hz < 4
    assert 0.2 < np.abs(samples).max() < 1
    assert np.sqrt(np.mean(samples**2)) > 0.01


@pytest.mark.parametrize("language", ["en", "zh"])
def test_calls_state_the_matter_in_a_few_words_of_several_phrasings(language: str) -> None:
    kinds = [frozenset({intent}) for intent in Intent] + [*CONFUSIONS["audio"], VAGUE]
    seconds = []
    for number, evidence in enumerate(kinds):
        rng = np.random.default_rng(number)
        assert len({choose_words(evidence, language, rng) for _ in range(40)}) > 6
        voice = draw_voice(language, rng)
        samples, rate_hz = samples_of(record_call(choose_words(evidence, language, rng), voice, PARAMS, rng))
        seconds.append(len(samples) / rate_hz)
    assert 0.6 < min(seconds) < max(seconds) < 3.5
    assert 1 < np.median(seconds) < 2.2


def test_noise_is_as_loud_as_asked_for() -> None:
    def share_in_pauses(snr_db: float, seed: int) -> float:
        params = DemoParameters(min_snr_db=snr_db, max_snr_db=snr_db)
        samples, _ = samples_of(record_call("I need an invoice", ENGLISH, params, np.random.default_rng(seed)))
        return float(np.sqrt(np.mean(samples[:700] ** 2) / np.mean(samples**2)))

    for seed in range(6):
        assert share_in_pauses(0, seed) > 2 * share_in_pauses(20, seed)


def test_customers_have_different_voices_of_their_language() -> None:
    voices = [draw_voice("zh", np.random.default_rng(seed)) for seed in range(30)]
    assert all(voice.name.startswith("sit/cmn+") for voice in voices)
    assert len({voice.name for voice in voices}) == len(SPEAKERS)
