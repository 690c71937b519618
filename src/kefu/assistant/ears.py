"""Ears of the assistant: who hears which language, and how a recording becomes words."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile

from kefu.assistant.grounding import split_sentences
from kefu.assistant.shop import Shop
from kefu.knowledge import Article
from kefu.speech import SAMPLE_RATE_HZ, Recogniser, SpeechUnavailableError, Transcript
from kefu.speech.ctc import CtcRecogniser
from kefu.speech.decoding import RecordingDecoder
from kefu.speech.sphinx import SphinxRecogniser
from kefu.speech.voice_activity import trim_to_speech
from kefu.speech.wav import encode_wav
from kefu.tickets.errors import KefuError
from kefu.tickets.faults import Fault


class ShopEars:
    """Hears each language with a recogniser of its own.

    Args:
        decoders: of recordings; each does one at a time.
        recognisers: by language, the one that is tried first at the front.
    """

    def __init__(self, decoders: Sequence[RecordingDecoder], recognisers: Mapping[str, Recogniser]) -> None:
        self._decoders = decoders
        self._recognisers = recognisers
        self._turn = 0

    @property
    def languages(self) -> frozenset[str]:
        """What they hear."""
        return frozenset(self._recognisers)

    def decode(self, recording: bytes) -> bytes:
        """Return a recording of a browser as a WAV file: mono, 16 bit, 16 kHz.

        Raises:
            KefuError: it is none, or too long.
        """
        self._turn = (self._turn + 1) % len(self._decoders)
        samples = self._decoders[self._turn].decode(recording)
        if isinstance(samples, Fault):
            raise KefuError(f"the recording cannot be used: {samples.detail}")
        return encode_wav(samples, SAMPLE_RATE_HZ)

    def hear(self, wav: bytes, language: str | None) -> Transcript:
        """Write down what is said in a WAV file of :meth:`decode`.

        Where the language is not known, it is the one whose recogniser is surest.
        """
        samples, _ = soundfile.read(io.BytesIO(wav), dtype="float32")
        speech = trim_to_speech(samples)
        tried = [name for name in self._recognisers if name == language] or list(self._recognisers)
        heard = [self._recognisers[name].recognise(speech, name) for name in tried]
        surest = max(heard, key=lambda transcript: (bool(transcript.text), transcript.confidence))
        return surest.model_copy(update={"seconds": len(samples) / SAMPLE_RATE_HZ})

    def close(self) -> None:
        """End the processes that decode."""
        for decoder in self._decoders:
            decoder.close()


class Recognisers(NamedTuple):
    """Who hears which language, and why a language is not heard."""

    by_language: dict[str, Recogniser]
    not_heard: dict[str, str]


def open_recognisers(shop: Shop, articles: Sequence[Article], chinese_speech: Path) -> Recognisers:
    """Load the recognisers of a shop: pocketsphinx for English, a CTC model for Chinese.

    Args:
        shop: whose customers' sentences are expected.
        articles: whose words customers use.
        chinese_speech: what ``kedro run --pipelines train_speech`` has made, or one bundle of it.

    Raises:
        KefuError: a recogniser that there is cannot be loaded.
    """
    by_language: dict[str, Recogniser] = {}
    not_heard = {}
    own = [sentence for one in articles if one.language == "en" for sentence in split_sentences(one.text)]
    try:
        by_language["en"] = SphinxRecogniser.from_phrases(shop.spoken("en"), own)
    except SpeechUnavailableError as error:
        not_heard["en"] = str(error)
    chinese = find_speech_model(chinese_speech)
    if chinese is None:
        not_heard["zh"] = f"there is no model in {chinese_speech}: kedro run --pipelines train_speech"
    else:
        by_language["zh"] = CtcRecogniser.load(chinese)
    return Recognisers(by_language, not_heard)


def find_speech_model(folder: Path) -> Path | None:
    """Return the newest bundle of ``data/06_models/speech``, the folder itself if it is one, None if there is none."""
    found = [folder, *folder.glob("current/ctc"), *sorted(folder.glob("versions/ctc/*/ctc"))]
    return next((path for path in reversed(found) if (path / "config.json").is_file()), None)
