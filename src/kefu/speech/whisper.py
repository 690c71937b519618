"""Whisper, where somebody has its weights: English, Chinese, any wording (Radford et al., ICML 2023)."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kefu.modalities.pretrained import PretrainedError, load_network, read_pretrained
from kefu.speech.contract import SAMPLE_RATE_HZ, Samples, Transcript
from kefu.speech.voice_activity import trim_to_speech

if TYPE_CHECKING:
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

_WINDOW_SECONDS = 30  # what the network hears at once
_MAX_NEW_TOKENS = 200


class WhisperRecogniser:
    """Hears with a Whisper of transformers, from a local folder; several threads wait for each other.

    Where nobody speaks, the network is not asked: it would make something up.
    """

    name = "whisper"
    languages = frozenset({"en", "zh"})

    def __init__(self, network: "WhisperForConditionalGeneration", processor: "WhisperProcessor") -> None:
        self._network = network.train(False)
        self._processor = processor
        self._lock = Lock()

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a folder as ``save_pretrained`` of the model and its processor write it; nothing is downloaded.

        Raises:
            PretrainedError: The folder is missing, incomplete, damaged, of another architecture, or holds a pickle.
        """
        from transformers import WhisperForConditionalGeneration, WhisperProcessor

        network = load_network(WhisperForConditionalGeneration, read_pretrained(str(folder), "whisper"))
        try:
            processor = WhisperProcessor.from_pretrained(str(folder), local_files_only=True)
        except (OSError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise PretrainedError(f"{folder}: the tokens or the features cannot be read ({reason})") from error
        return cls(network, processor)

    def recognise(self, samples: Samples, language: str) -> Transcript:
        """Write down what is said.

        Args:
            samples: (T,) at :data:`SAMPLE_RATE_HZ`; T may be 0.
            language: ``en`` or ``zh``.

        Raises:
            ValueError: Another language is asked for.
        """
        if language not in self.languages:
            raise ValueError(f"{self.name} hears {sorted(self.languages)}, not {language!r}")
        speech = trim_to_speech(samples)
        window = _WINDOW_SECONDS * SAMPLE_RATE_HZ
        with self._lock:
            heard = [self._hear(speech[start : start + window], language) for start in range(0, len(speech), window)]
        return Transcript(
            text=" ".join(text for text, _ in heard if text),
            language="zh" if language == "zh" else "en",
            confidence=float(np.mean([confidence for _, confidence in heard])) if heard else 0.0,
            seconds=len(samples) / SAMPLE_RATE_HZ,
            recogniser=self.name,
        )

    def _hear(self, speech: Samples, language: str) -> tuple[str, float]:
        """Return what is said in at most 30 s, and the geometric mean of the probabilities of its tokens."""
        import torch

        processor: Any = self._processor
        network: Any = self._network
        features = processor(speech, sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt").input_features
        with torch.inference_mode():
            written = network.generate(
                features,
                language=language,
                task="transcribe",
                max_new_tokens=_MAX_NEW_TOKENS,
                do_sample=False,
                return_dict_in_generate=True,
                output_scores=True,
            )
            scores = network.compute_transition_scores(written.sequences, written.scores, normalize_logits=True)
        text = processor.batch_decode(written.sequences, skip_special_tokens=True)[0].strip()
        finite = scores[torch.isfinite(scores)]
        return text, float(finite.mean().exp()) if text and len(finite) else 0.0
