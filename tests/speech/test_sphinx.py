"""English by pocketsphinx, on synthetic voices."""

from pathlib import Path

import numpy as np
import pytest
import soxr

from kefu.assistant.shop import Shop
from kefu.speech import SAMPLE_RATE_HZ, Samples
from kefu.speech.sphinx import SphinxRecogniser
from kefu.speech.synthesis import EspeakSynthesiser

SHOP = Path(__file__).parents[2] / "conf/assistant/demo"
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
    again = recogniser.recognise(say(phrase), "en")
    assert again.text == heard.text
    assert again.confidence == pytest.approx(heard.confidence, abs=0.05)


def test_other_words_are_heard_with_less_confidence() -> None:
    shop = SphinxRecogniser.from_phrases(Shop.load(SHOP).spoken("en"))
    assert shop.recognise(say("I forgot my password"), "en").confidence > 0.8
    heard = shop.recognise(say("how do I plant tomatoes on a balcony"), "en")
    assert heard.confidence < 0.5


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_silence_is_no_word(recogniser: SphinxRecogniser, seconds: float) -> None:
    heard = recogniser.recognise(np.zeros(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32), "en")
    assert (heard.text, heard.seconds) == ("", seconds)


def test_phrases_that_cannot_be_heard_are_refused() -> None:
    with pytest.raises(ValueError, match="no phrase that can be heard"):
        SphinxRecogniser.from_phrases(["我要退款", ""])
