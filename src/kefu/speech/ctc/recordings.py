"""Which phrases are recorded how often, and in whose voices: those of training, of validation, or of the test."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kefu.parameters import Parameters
from kefu.speech.ctc.phrases import Phrase, Split


class RecordingParameters(Parameters):
    """How many recordings are made, and what is kept of them."""

    training: int = Field(6_000, ge=1, description="Recordings to learn from; every phrase of the shop is among them.")
    validation: int = Field(250, ge=0, description="Recordings that pick the best epoch.")
    test_unseen: int = Field(400, ge=0, description="Recordings of phrases that training never saw.")
    test_seen: int = Field(200, ge=0, description="Recordings of phrases of training, in voices that it never heard.")
    silent_share: float = Field(0.02, ge=0, lt=1, description="Share of the training in which nobody speaks.")
    n_mels: int = Field(40, ge=8, le=128, description="Mel bands of the spectrograms.")


class Planned(NamedTuple):
    """A recording to be made."""

    spoken: str
    """Empty where nobody speaks."""
    source: str
    kind: str
    split: Split
    """Whose voices: of ``train``, ``validation`` or ``test``."""
    seen: bool
    """Whether the phrase is in the training split."""


@dataclass(frozen=True)
class LogMels:
    """Spectrograms of N recordings, one behind the other."""

    values: NDArray[np.float16]
    """(F, n_mels), frames of all recordings; as :func:`kefu.speech.ctc.features.log_mel` gives them"""
    num_frames: NDArray[np.int64]
    """(N,)"""

    @property
    def n_mels(self) -> int:
        """Mel bands."""
        return self.values.shape[1]

    def rows(self) -> list[NDArray[np.float16]]:
        """Return the spectrogram of each recording (T, n_mels)."""
        return np.split(self.values, np.cumsum(self.num_frames)[:-1]) if len(self.num_frames) else []


def plan_recordings(phrases: Sequence[Phrase], params: RecordingParameters, seed: int) -> Iterator[Planned]:
    """Yield what is to be recorded, split by split.

    Phrases of the shop and drills are recorded first, then those of customers; where recordings are left, phrases are
    said again, in other voices.
    """
    rng = np.random.default_rng([seed, 2])
    training = [phrase for phrase in phrases if phrase.split == "train"]
    silent = round(params.training * params.silent_share)
    ordered = [phrase for phrase in training if phrase.kind != "customer"]
    ordered += _shuffled([phrase for phrase in training if phrase.kind == "customer"], rng)
    for place in range(params.training - silent if ordered else 0):
        yield _planned(ordered[place % len(ordered)], "train", seen=True)
    for _ in range(silent):
        yield Planned("", "", "silence", "train", True)
    judged: tuple[tuple[Split, Split, int], ...] = (
        ("validation", "validation", params.validation),
        ("test", "test", params.test_unseen),
        ("test", "train", params.test_seen),
    )
    for split, of_split, number in judged:
        chosen = [phrase for phrase in phrases if phrase.split == of_split and phrase.kind != "drill"]
        for phrase in _shuffled(chosen, rng)[:number]:
            yield _planned(phrase, split, seen=of_split == "train")


def _planned(phrase: Phrase, split: Split, *, seen: bool) -> Planned:
    return Planned(phrase.spoken, phrase.source, phrase.kind, split, seen)


def _shuffled(phrases: Sequence[Phrase], rng: np.random.Generator) -> list[Phrase]:
    return [phrases[place] for place in rng.permutation(len(phrases))]
