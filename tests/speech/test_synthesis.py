from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kefu.speech.synthesis import EspeakSynthesiser, Voices, sentences, spell_codes


@pytest.mark.parametrize(
    ("sentence", "language"), [("Your parcel arrives on Monday.", "en"), ("您的包裹星期一到。", "zh")]
)
def test_sentences_are_spoken_at_a_normal_loudness_and_repeat(sentence: str, language: str) -> None:
    synthesiser = EspeakSynthesiser()
    samples, rate_hz = synthesiser.speak(sentence, language)
    assert samples.dtype == np.float32
    assert 1 < len(samples) / rate_hz < 5
    loud = samples[np.abs(samples) > 0.05 * np.abs(samples).max()]
    level_dbfs = 20 * np.log10(np.sqrt(np.mean(loud**2)))
    assert -26 < level_dbfs < -19.9
    assert np.abs(samples).max() <= 10 ** (-1 / 20) + 1e-6
    synthesiser.speak("something else", "en")
    np.testing.assert_array_equal(synthesiser.speak(sentence, language)[0], samples)


def test_loudness_is_the_one_that_is_asked_for() -> None:
    quiet, _ = EspeakSynthesiser(Voices(loudness_dbfs=-40)).speak("hello", "en")
    usual, _ = EspeakSynthesiser(Voices(loudness_dbfs=-34)).speak("hello", "en")
    np.testing.assert_allclose(usual, quiet * 10 ** (6 / 20), rtol=1e-4)
    peak = float(np.abs(EspeakSynthesiser(Voices(loudness_dbfs=-1)).speak("hello", "en")[0]).max())
    assert peak == pytest.approx(10 ** (-1 / 20))


@pytest.mark.parametrize("nothing", ["", " ", "…", "\0"])
def test_nothing_to_say_is_a_moment_of_silence(nothing: str) -> None:
    samples, rate_hz = EspeakSynthesiser().speak(nothing, "zh")
    assert len(samples) < 0.5 * rate_hz
    assert not samples.any()


def test_a_language_without_a_voice_is_an_error() -> None:
    with pytest.raises(ValueError, match="no voice speaks 'fr'"):
        EspeakSynthesiser().speak("bonjour", "fr")


def test_order_numbers_are_spelled_out() -> None:
    assert spell_codes("Order KF-20391 of 2026") == "Order K F 2 0 3 9 1 of 2026"
    assert spell_codes("订单A12345的金额是129.90元") == "订单A 1 2 3 4 5的金额是129.90元"
    assert spell_codes("parcel 6901234567892, 14 March") == "parcel 6 9 0 1 2 3 4 5 6 7 8 9 2, 14 March"
    assert spell_codes("COVID-19 and A4") == "COVID-19 and A4"
    for language in ("en", "zh"):
        synthesiser = EspeakSynthesiser()
        np.testing.assert_array_equal(
            synthesiser.speak("KF-20391", language)[0], synthesiser.speak("K F 2 0 3 9 1", language)[0]
        )


def test_texts_are_split_into_sentences() -> None:
    assert sentences("Mr. Smith paid £129.90. It left at 3 p.m. and is late! Is that OK?", "en") == [
        "Mr. Smith paid £129.90.",
        "It left at 3 p.m. and is late!",
        "Is that OK?",
    ]
    assert sentences("您好！金额是129.90元。可以吗？", "zh") == ["您好！", "金额是129.90元。", "可以吗？"]
    assert sentences("  ", "en") == []


def test_several_threads_speak_in_turn() -> None:
    synthesiser = EspeakSynthesiser()
    texts = [("my parcel is late", "en"), ("快递怎么还没到", "zh"), ("I want my money back", "en")] * 4
    alone = [synthesiser.speak(*text)[0] for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: synthesiser.speak(*text)[0], texts))
    assert all(np.array_equal(first, second) for first, second in zip(alone, together, strict=True))
