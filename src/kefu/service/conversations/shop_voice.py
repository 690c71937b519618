"""Ears and mouth of the assistant, as the desk needs them."""

import io
from collections.abc import Mapping, Sequence

import soundfile

from kefu.speech import SAMPLE_RATE_HZ, Recogniser, Synthesiser, Transcript
from kefu.speech.decoding import RecordingDecoder
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


class ShopMouth:
    """Speaks sentences as WAV files."""

    def __init__(self, synthesiser: Synthesiser) -> None:
        self._synthesiser = synthesiser

    def speak(self, sentence: str, language: str) -> bytes:
        """Return a sentence as a WAV file."""
        return encode_wav(*self._synthesiser.speak(sentence, language))
