import builtins
import io
import wave
from collections.abc import Iterator

import numpy as np
import pytest

from kefu.demo import DemoParameters, SpeechUnavailableError, espeak
from kefu.demo.espeak import ACCENTS, SPEAKERS, synthesise
from kefu.demo.intents import CONFUSIONS, VAGUE, Intent
from kefu.demo.speech import Voice, choose_words, draw_voice, record_call

PARAMS = DemoParameters(min_snr_db=20, max_snr_db=20)
ENGLISH = Voice("gmw/en-US+Denis", 170, 50, 1.0)
MANDARIN = Voice("sit/cmn+shelby", 170, 50, 1.0)


def samples_of(data: bytes) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768, file.getframerate()


def test_every_voice_speaks_and_repeats_itself_whatever_was_said_before() -> None:
    sentences = {"en": "my parcel is late", "zh": "快递怎么还没到"}
    calls = [
        (sentences[language], f"{accent}+{speaker}", 170, pitch)
        for language, accents in ACCENTS.items()
        for accent in accents
        for speaker in SPEAKERS
        for pitch in (35, 75)
    ]
    first = {call: synthesise(*call)[0] for call in calls}
    assert all(np.abs(samples).max() > 0.05 for samples in first.values())
    assert all(np.abs(samples).max() < 1 for samples in first.values())
    order = np.random.default_rng(3).permutation(len(calls))
    assert all(np.array_equal(synthesise(*calls[i])[0], first[calls[i]]) for i in order)


def test_mandarin_takes_time_for_every_character() -> None:
    # an unknown script is skipped or spelt out: a syllable takes about a fifth of a second
    for words in ("我要退款", "快递怎么还没到呢"):
        spoken, rate_hz = synthesise(words, MANDARIN.name, 170, 50)
        assert 0.12 < len(spoken) / rate_hz / len(words) < 0.45


def test_sentences_and_voices_sound_different() -> None:
    def spectrum(words: str, voice: str) -> np.ndarray:
        power = np.abs(np.fft.rfft(synthesise(words, voice, 170, 50)[0], 22050))
        return power / power.sum()

    refund, invoice = (spectrum(words, MANDARIN.name) for words in ("我要退款", "我要开发票"))
    assert np.abs(refund - invoice).sum() > 0.3
    low, high = (spectrum("我要退款", f"sit/cmn+{speaker}") for speaker in ("Hugo", "shelby"))
    assert np.abs(low - high).sum() > 0.3


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


@pytest.fixture
def _without_synthesiser(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    true_import = builtins.__import__

    def refuse(name: str, *args: object) -> object:
        if name == "espeakng_loader":
            raise ImportError("No module named 'espeakng_loader'")
        return true_import(name, *args)

    espeak._open.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refuse)
    yield
    espeak._open.cache_clear()


@pytest.mark.usefixtures("_without_synthesiser")
def test_without_synthesiser_the_error_says_what_to_install() -> None:
    with pytest.raises(SpeechUnavailableError, match=r"pip install 'kefu\[voice\]'"):
        synthesise("hello", ENGLISH.name, 170, 50)


def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(SpeechUnavailableError, match="no voice 'gmw/xx'"):
        synthesise("hello", "gmw/xx", 170, 50)
