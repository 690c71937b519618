"""Ears of the assistant."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from kefu.assistant import ears
from kefu.assistant.ears import ShopEars, find_speech_model, open_recognisers
from kefu.assistant.shop import Shop
from kefu.speech import SAMPLE_RATE_HZ, Samples, SpeechUnavailableError, Transcript
from kefu.speech.decoding import Decoding, RecordingDecoder
from kefu.tickets.errors import KefuError


class FakeRecogniser:
    """Hears the same in everything, and keeps how long it was."""

    name = "fake"

    def __init__(self, text: str, confidence: float, language: str) -> None:
        self.languages = frozenset({language})
        self._heard = Transcript(text=text, language=language, confidence=confidence, seconds=0.0, recogniser=self.name)
        self.lengths: list[int] = []

    def recognise(self, samples: Samples, language: str) -> Transcript:
        assert language in self.languages
        self.lengths.append(len(samples))
        return self._heard


def recording(seconds: float, rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).normal(0, 0.1, (int(seconds * rate_hz), channels))
    soundfile.write(buffer, noise, rate_hz, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def ears_of(*recognisers: FakeRecogniser, max_seconds: float = 10.0) -> ShopEars:
    decoders = [RecordingDecoder(Decoding(max_seconds=max_seconds)) for _ in range(2)]
    return ShopEars(decoders, {language: one for one in recognisers for language in one.languages})


def test_recordings_are_decoded_to_one_form() -> None:
    wav = ears_of().decode(recording(0.5, rate_hz=44_100, channels=2))
    info = soundfile.info(io.BytesIO(wav))
    assert (info.samplerate, info.channels, info.subtype) == (SAMPLE_RATE_HZ, 1, "PCM_16")
    assert info.duration == pytest.approx(0.5, abs=0.01)


def test_what_cannot_be_decoded_is_told() -> None:
    with pytest.raises(KefuError, match="the recording cannot be used: not a recording"):
        ears_of().decode(b"<html>")
    with pytest.raises(KefuError, match="record at most 1 s"):
        ears_of(max_seconds=1.0).decode(recording(1.5))


def test_a_language_that_is_told_is_heard_alone() -> None:
    pytest.importorskip("pocketsphinx")
    english, chinese = FakeRecogniser("yes", 0.9, "en"), FakeRecogniser("是", 0.2, "zh")
    heard = ears_of(english, chinese).hear(recording(0.5), "zh")
    assert (heard.text, heard.language, heard.confidence) == ("是", "zh", 0.2)
    assert not english.lengths


@pytest.mark.parametrize(
    ("english", "chinese", "expected"),
    [(("yes", 0.9), ("是", 0.2), "yes"), (("yes", 0.1), ("是", 0.2), "是"), (("", 0.9), ("是", 0.2), "是")],
)
def test_without_a_language_the_surest_words_count(
    english: tuple[str, float], chinese: tuple[str, float], expected: str
) -> None:
    pytest.importorskip("pocketsphinx")
    both = ears_of(FakeRecogniser(*english, "en"), FakeRecogniser(*chinese, "zh"))
    assert both.languages == {"en", "zh"}
    assert both.hear(recording(0.5), None).text == expected


def test_silence_around_the_words_is_not_heard_but_counted() -> None:
    pytest.importorskip("pocketsphinx")
    english = FakeRecogniser("", 0.0, "en")
    silence = io.BytesIO()
    soundfile.write(silence, np.zeros(SAMPLE_RATE_HZ), SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    assert ears_of(english).hear(silence.getvalue(), "en").seconds == 1.0
    assert english.lengths == [0]


def test_a_language_without_its_recogniser_is_not_heard(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        @staticmethod
        def from_phrases(*_: object) -> Any:
            raise SpeechUnavailableError("hearing English needs pocketsphinx")

    monkeypatch.setattr(ears, "SphinxRecogniser", Missing)
    by_language, not_heard = open_recognisers(shop, [], tmp_path / "speech")
    assert by_language == {}
    assert not_heard["en"] == "hearing English needs pocketsphinx"
    assert str(tmp_path / "speech") in not_heard["zh"]


def test_the_newest_model_of_speech_is_found(tmp_path: Path) -> None:
    assert find_speech_model(tmp_path) is None
    for name in ("versions/ctc/2026-01-01/ctc", "versions/ctc/2026-02-01/ctc"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text("{}", encoding="utf-8")
    newest = tmp_path / "versions/ctc/2026-02-01/ctc"
    assert find_speech_model(tmp_path) == find_speech_model(newest) == newest
