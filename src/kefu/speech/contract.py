"""What a recogniser and a synthesiser of speech are, whoever made them."""

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Samples = NDArray[np.float32]
"""(T,) from -1 to 1, one channel."""

SAMPLE_RATE_HZ = 16_000
"""Of all samples that are recognised."""


class SpeechUnavailableError(RuntimeError):
    """A library, voice or model that speech needs is not installed; the message says how to mend it."""


class Transcript(BaseModel):
    """What was heard in a recording."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(description="Empty where no speech was recognised.")
    language: Literal["en", "zh"]
    confidence: float = Field(ge=0, le=1)
    seconds: float = Field(ge=0, description="Length of the recording.")
    recogniser: str = Field(description="Which one heard it, such as `pocketsphinx`.")


class Recogniser(Protocol):
    """Hears one language or several."""

    @property
    def name(self) -> str:
        """Who it is."""

    @property
    def languages(self) -> frozenset[str]:
        """What it hears."""

    def recognise(self, samples: Samples, language: str) -> Transcript:
        """Write down what is said.

        Args:
            samples: (T,) at :data:`SAMPLE_RATE_HZ`; T may be 0.
            language: one of ``languages``.
        """


class Synthesiser(Protocol):
    """Speaks the languages of the assistant."""

    def speak(self, sentence: str, language: str) -> tuple[Samples, int]:
        """Return samples (T,) of a sentence, and their rate in Hz."""
