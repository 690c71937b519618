import builtins
from collections.abc import Iterator

import numpy as np
import pytest

from kefu.speech import SpeechUnavailableError, espeak
from kefu.speech.espeak import ACCENTS, SPEAKERS, phonemes, spell_phonemes, synthesise


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
        spoken, rate_hz = synthesise(words, "sit/cmn+shelby", 170, 50)
        assert 0.12 < len(spoken) / rate_hz / len(words) < 0.45


def test_sentences_and_voices_sound_different() -> None:
    def spectrum(words: str, voice: str) -> np.ndarray:
        power = np.abs(np.fft.rfft(synthesise(words, voice, 170, 50)[0], 22050))
        return power / power.sum()

    refund, invoice = (spectrum(words, "sit/cmn+shelby") for words in ("我要退款", "我要开发票"))
    assert np.abs(refund - invoice).sum() > 0.3
    low, high = (spectrum("我要退款", f"sit/cmn+{speaker}") for speaker in ("Hugo", "shelby"))
    assert np.abs(low - high).sum() > 0.3


@pytest.mark.parametrize(("text", "words"), [("退，款", 2), ("退，款，好", 3), ("退，", 1), ("，", 0), ("", 0)])
def test_every_clause_is_pronounced_and_nothing_is_left_for_the_next_text(text: str, words: int) -> None:
    after = spell_phonemes("我要", "sit/cmn")
    said = spell_phonemes(text, "sit/cmn")
    assert len(said) == words
    assert spell_phonemes("我要", "sit/cmn") == after


def test_sounds_come_one_by_one_in_every_clause() -> None:
    assert phonemes("yes, I", "gmw/en-US") == ["j", "ˈɛ", "s", "ˈaɪ"]
    assert phonemes("", "gmw/en-US") == []


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
        synthesise("hello", "gmw/en-US+Denis", 170, 50)


def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(SpeechUnavailableError, match="no voice 'gmw/xx'"):
        synthesise("hello", "gmw/xx", 170, 50)
