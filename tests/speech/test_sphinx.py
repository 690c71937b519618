"""English by pocketsphinx, on synthetic voices."""

import numpy as np
import pytest
import soxr

from kefu.speech import SAMPLE_RATE_HZ, Samples
from kefu.speech.sphinx import SphinxRecogniser
from kefu.speech.synthesis import EspeakSynthesiser

PHRASES = ("where is my parcel", "I want my money back", "my card was declined", "I forgot my password")


@pytest.fixture(scope="module")
def recogniser() -> SphinxRecogniser:
    return SphinxRecogniser.from_phrases(PHRASES, ["Your parcel is on its way."])


def say(words: str) -> Samples:
    samples, rate_hz = EspeakSynthesiser().speak(words, "en")
    return np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), dtype=np.float32)


@pytest.mark.parametrize("phrase", PHRASES)
def test_sentences_that_are_expected_are_heard(recogniser: SphinxRecogniser, phrase: str) -> None:
    heard = recogniser.recognise(say(phrase), "en")
    assert heard.text == phrase
    assert heard.confidence > 0.5
    assert (heard.language, heard.recogniser) == ("en", "pocketsphinx")
    assert heard == recogniser.recognise(say(phrase), "en")


def test_other_words_are_heard_with_less_confidence(recogniser: SphinxRecogniser) -> None:
    heard = recogniser.recognise(say("the weather in Scotland stays cold and wet until Thursday"), "en")
    assert heard.confidence < recogniser.recognise(say(PHRASES[0]), "en").confidence - 0.2


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_silence_is_no_word(recogniser: SphinxRecogniser, seconds: float) -> None:
    heard = recogniser.recognise(np.zeros(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32), "en")
    assert (heard.text, heard.seconds) == ("", seconds)


def test_phrases_that_cannot_be_heard_are_refused() -> None:
    with pytest.raises(ValueError, match="no phrase that can be heard"):
        SphinxRecogniser.from_phrases(["我要退款", ""])
