"""The recogniser of Chinese as the assistant uses it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kefu.bundle import Bundle
from kefu.speech.contract import SAMPLE_RATE_HZ, Samples, Transcript
from kefu.speech.ctc.model import SpeechModel
from kefu.speech.ctc.spoken import to_written

_CHINESE = "zh"


@dataclass(frozen=True)
class CtcRecogniser:
    """Writes down Chinese by a :class:`kefu.speech.ctc.model.SpeechModel`; one at a time or several threads at once."""

    model: SpeechModel
    name: str = "ctc (synthetic voices)"
    languages: frozenset[str] = frozenset({_CHINESE})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a bundle that ``kedro run --pipelines train_speech`` has made.

        Raises:
            BundleError: the folder is missing, incomplete, damaged, or of another kind.
        """
        return cls(SpeechModel.from_bundle(Bundle.load(Path(folder))))

    def recognise(self, samples: Samples, language: str = _CHINESE) -> Transcript:
        """Write down what is said; order numbers, dates and amounts in digits.

        Args:
            samples: (T,) at 16 kHz; T may be 0. What comes after a minute is not heard.
            language: ``zh``.

        Raises:
            ValueError: the language is another one.
        """
        if language not in self.languages:
            raise ValueError(f"{self.name} hears {', '.join(sorted(self.languages))}, not {language!r}")
        spoken, confidence = self.model.hear(samples) if len(samples) else ("", 0.0)
        return Transcript(
            text=to_written(spoken),
            language=_CHINESE,
            confidence=confidence,
            seconds=len(samples) / SAMPLE_RATE_HZ,
            recogniser=self.name,
        )
