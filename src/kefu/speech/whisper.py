"""Whisper (Radford et al. 2022) from a local folder of weights: English, Chinese and free dictation."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import torch

from kefu.speech.contract import SAMPLE_RATE_HZ, Samples, Transcript
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

_NAMES = {"en": "english", "zh": "chinese"}
_MAX_TOKENS = 220


class WhisperError(KefuError):
    """A folder that holds no Whisper that can be read."""


class WhisperRecogniser:
    """Writes down English and Chinese; one recording at a time, the first 30 s of it."""

    name = "whisper"

    def __init__(self, model: "WhisperForConditionalGeneration", processor: "WhisperProcessor") -> None:
        self._model: Any = model.train(mode=False)
        self._processor: Any = processor
        self._lock = Lock()
        known = getattr(model.generation_config, "lang_to_id", None)
        # one that knows English alone is told no language
        self._is_multilingual = known is not None
        self.languages = frozenset(name for name in _NAMES if known is None or f"<|{name}|>" in known)
        if not self._is_multilingual:
            self.languages = frozenset({"en"})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read model, tokenizer and feature extractor as ``save_pretrained`` of transformers writes them.

        Nothing is downloaded, and weights are read from safetensors alone.

        Raises:
            WhisperError: the folder is missing, incomplete or damaged, or its weights are pickled.
        """
        from transformers import WhisperForConditionalGeneration, WhisperProcessor

        folder = Path(folder)
        if not any(folder.glob("*.safetensors")):
            raise WhisperError(f"{folder}: there are no weights in safetensors; pickled ones are not read")
        try:
            model = WhisperForConditionalGeneration.from_pretrained(folder, local_files_only=True, use_safetensors=True)
            processor = WhisperProcessor.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # each file has its own kind of error
            first_line = str(error).strip().partition("\n")[0]
            raise WhisperError(f"{folder}: Whisper cannot be loaded ({first_line})") from error
        return cls(model, processor)

    @torch.inference_mode()
    def recognise(self, samples: Samples, language: str) -> Transcript:
        """Write down what is said.

        The confidence is the geometric mean of the probabilities of the tokens.

        Args:
            samples: (T,) at 16 kHz; T may be 0.
            language: one of ``languages``.

        Raises:
            ValueError: the language is another one.
        """
        if language not in self.languages:
            raise ValueError(f"{self.name} hears {', '.join(sorted(self.languages))}, not {language!r}")
        text, confidence = self._write(samples, language) if len(samples) else ("", 0.0)
        return Transcript(
            text=text,
            language="zh" if language == "zh" else "en",
            confidence=confidence,
            seconds=len(samples) / SAMPLE_RATE_HZ,
            recogniser=self.name,
        )

    def _write(self, samples: Samples, language: str) -> tuple[str, float]:
        features = self._processor(samples, sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt").input_features
        told = {"language": _NAMES[language], "task": "transcribe"} if self._is_multilingual else {}
        with self._lock:
            found = self._model.generate(
                features,
                max_new_tokens=_MAX_TOKENS,
                do_sample=False,
                return_dict_in_generate=True,
                output_scores=True,
                **told,
            )
        tokens, scores = found.sequences[0], torch.stack(found.scores)[:, 0].float()
        chosen = tokens[-len(scores) :]
        sure = scores.log_softmax(dim=-1).gather(1, chosen[:, None]).mean().exp()
        text = self._processor.decode(tokens, skip_special_tokens=True).strip()
        return text, float(sure.clamp(0, 1)) if text else 0.0
