"""Mouth of the assistant, as the desk needs it."""

from kefu.speech import Synthesiser
from kefu.speech.wav import encode_wav


class ShopMouth:
    """Speaks sentences as WAV files."""

    def __init__(self, synthesiser: Synthesiser) -> None:
        self._synthesiser = synthesiser

    def speak(self, sentence: str, language: str) -> bytes:
        """Return a sentence as a WAV file."""
        return encode_wav(*self._synthesiser.speak(sentence, language))
