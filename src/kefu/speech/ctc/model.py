"""All that a recogniser of Chinese has learned, and how it is kept on disk."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from kefu.bundle import Bundle, BundleError, damage
from kefu.parameters import Parameters
from kefu.speech.contract import Samples
from kefu.speech.ctc.batches import make_batch
from kefu.speech.ctc.card import write_card
from kefu.speech.ctc.decoding import DecodingParameters, LogProbabilities, search
from kefu.speech.ctc.features import log_mel
from kefu.speech.ctc.language_model import LanguageModel
from kefu.speech.ctc.lexicon import Lexicon
from kefu.speech.ctc.network import BLANK, CtcNetwork, NetworkParameters
from kefu.speech.ctc.pronunciation import Units

KIND = "speech"
_LEXICON, _LANGUAGE = "lexicon.json", "language_model.json"


class SpeechModelParameters(Parameters):
    """What a recogniser consists of."""

    units: Units = Field(
        "syllables", description="What is told apart by its sound, before characters are searched for."
    )
    order: int = Field(3, ge=1, description="Characters that the language model looks at, the predicted one included.")
    network: NetworkParameters = Field(default_factory=NetworkParameters, description="Size of the acoustic model.")
    decoding: DecodingParameters = Field(
        default_factory=DecodingParameters, description="How characters are searched for."
    )


@dataclass(frozen=True)
class SpeechModel:
    """An acoustic model, the lexicon of its units, a language model, and how they are searched.

    Attributes:
        network: on the CPU, in evaluation mode.
        lexicon: symbols and their pronunciations.
        language: of the phrases of the training split.
        n_mels: bands of the spectrograms.
        params: units, sizes, and how characters are searched for.
        metrics: what the test gave.
        provenance: what the run rests on.
    """

    network: CtcNetwork
    lexicon: Lexicon
    language: LanguageModel
    n_mels: int
    params: SpeechModelParameters
    metrics: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def hear(self, samples: Samples) -> tuple[str, float]:
        """Return the symbols that are said in a recording, as they are spoken, and how sure that is from 0 to 1.

        Args:
            samples: (T,) at 16 kHz; T is 1 or more.
        """
        return self.transcribe(log_mel(samples, self.n_mels))

    def transcribe(self, bands: NDArray[np.floating]) -> tuple[str, float]:
        """Return what :meth:`hear` does, from log-mel bands (T, n_mels)."""
        log_probabilities = self.listen(bands)
        written = search(log_probabilities, self.lexicon, self.language, self.params.decoding)
        return written, confidence_of(log_probabilities) if written else 0.0

    def listen(self, bands: NDArray[np.floating]) -> LogProbabilities:
        """Return log-probabilities (S, U + 1) of units, four frames a step, from log-mel bands (T, n_mels)."""
        batch = make_batch([bands], [np.zeros(0, dtype=np.int64)])
        with torch.inference_mode():
            logits, _ = self.network(batch.log_mel, batch.num_frames)
        found: LogProbabilities = logits[0].float().log_softmax(dim=1).numpy()
        return found

    def with_metrics(self, metrics: Mapping[str, Any], provenance: Mapping[str, Any]) -> Self:
        """Return the model with its scores and what its run rests on."""
        return replace(self, metrics=metrics, provenance=provenance)

    def to_bundle(self) -> Bundle:
        """Return the bundle; its labels are the units."""
        config = {
            "n_mels": self.n_mels,
            "params": self.params.model_dump(mode="json"),
            "provenance": self.provenance,
        }
        pronunciations = json.dumps(self.lexicon.pronunciations, ensure_ascii=False, sort_keys=True)
        return Bundle(
            kind=KIND,
            config=config,
            labels=self.lexicon.units,
            tensors=self.network.state_dict(),
            files={_LEXICON: pronunciations.encode(), _LANGUAGE: self.language.to_json()},
            metrics=self.metrics,
            card=write_card(self.metrics, self.provenance),
        )

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Return what the bundle holds.

        Raises:
            BundleError: it is of another kind, or damaged.
        """
        if bundle.kind != KIND:
            raise BundleError(f"this bundle is a model of kind {bundle.kind!r}, not of speech; train one with "
                              "`kedro run --pipelines train_speech`")  # fmt: skip
        try:
            lexicon = _read_lexicon(bundle.files[_LEXICON])
            if lexicon.units != bundle.labels:
                raise ValueError(f"{_LEXICON} has other units than the network")
            params = SpeechModelParameters.model_validate(bundle.config["params"])
            n_mels = int(bundle.config["n_mels"])
            network = CtcNetwork(n_mels, len(lexicon.units), params.network)
            network.load_state_dict(dict(bundle.tensors))
            return cls(
                network.eval(),
                lexicon,
                LanguageModel.from_json(bundle.files[_LANGUAGE]),
                n_mels,
                params,
                bundle.metrics,
                bundle.config["provenance"],
            )
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, ValidationError) as error:
            raise BundleError(damage("speech model", error)) from error


def confidence_of(log_probabilities: LogProbabilities) -> float:
    """Return the geometric mean of the probability of the best unit over the steps at which there is one; 0 if none."""
    heard = log_probabilities[log_probabilities.argmax(axis=1) != BLANK]
    return float(np.exp(heard.max(axis=1).mean())) if len(heard) else 0.0


def _read_lexicon(content: bytes) -> Lexicon:
    read: Mapping[str, Sequence[Sequence[str]]] = json.loads(content)
    return Lexicon({symbol: [tuple(way) for way in ways] for symbol, ways in read.items()})
