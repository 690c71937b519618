"""English by pocketsphinx: the sentences that a shop expects, or any order of their words.

The acoustic model, the dictionary and the decoder are Carnegie Mellon's (Huggins-Daines et al., ICASSP 2006).
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from queue import LifoQueue
from typing import TYPE_CHECKING, Self

import numpy as np
import soxr
from pydantic import Field

from kefu.parameters import Parameters
from kefu.speech.contract import SAMPLE_RATE_HZ, Samples, SpeechUnavailableError, Transcript
from kefu.speech.phrases import Words, spelled_letter, spoken_words, written
from kefu.speech.pronunciation import pronounce
from kefu.speech.voice_activity import find_speech

if TYPE_CHECKING:
    from pocketsphinx import Decoder

_OPENINGS = tuple(map(spoken_words, ("", "hello", "hi", "hey", "excuse me", "yes", "well", "sorry")))
_CLOSINGS = tuple(map(spoken_words, ("", "please", "thank you", "thanks", "please help")))
_FRAMES_PER_SECOND = 100


class Sphinx(Parameters):
    """How English is recognised; chosen on synthetic voices by ``benchmarks/voice_english.py --tune``."""

    decoders: int = Field(2, ge=1, description="Recordings that are heard at a time, each with decoders of its own.")
    masking_noise_db: float = Field(
        25.0, description="White noise is added this far below the speech: digital silence misleads the model."
    )
    speaker_factors: tuple[float, ...] = Field(
        (1.0, 1.15), min_length=1, description="How much frequencies are lowered, for small speakers, in this order."
    )
    sentence_beam: float = Field(1e-100, gt=0, lt=1, description="Less likely paths are given up, in a sentence.")
    even_score: float = Field(
        -0.0059, lt=0, description="Log score a frame of a sentence that is as likely right as wrong."
    )
    score_scale: float = Field(0.0005, gt=0, description="Scale of the logistic function of the score: the confidence.")
    certain: float = Field(0.9, gt=0, le=1, description="From this confidence on, no other factor is tried.")
    believed: float = Field(0.5, ge=0, le=1, description="Below this confidence, what is heard freely is written down.")
    max_sentence_seconds: float = Field(12.0, gt=0, description="What is longer is not one of the sentences.")


@dataclass(frozen=True, slots=True)
class _Ears:
    """Decoders that one thread alone may use."""

    sentences: "Decoder"
    words: "Decoder"


class SphinxRecogniser:
    """Hears the sentences that it was made from, and less well whatever else is said in their words.

    Each stretch of speech is heard as one of the sentences, with an opening (`hello`) and a closing (`please`) or
    without. Where that fits badly, it is heard once more, in any order of their words (a trigram model). What is
    written then is to be doubted; the confidence remains that of the sentence, below one half.
    """

    name = "pocketsphinx"
    languages = frozenset({"en"})

    def __init__(
        self,
        sentences: Mapping[Words, str],
        left_out: Mapping[str, str],
        ears: Iterable[_Ears],
        params: Sphinx,
    ) -> None:
        self.left_out = left_out
        """Phrases that cannot be heard, and why."""
        self._sentences = {
            (*opening, *words, *closing): _join(opening, phrase, closing)
            for words, phrase in sentences.items()
            for opening in _OPENINGS
            for closing in _CLOSINGS
        }
        self._params = params
        self._ears: LifoQueue[_Ears] = LifoQueue()
        for pair in ears:
            self._ears.put(pair)

    @classmethod
    def from_phrases(cls, phrases: Iterable[str], background: Iterable[str] = (), params: Sphinx | None = None) -> Self:
        """Make a recogniser of sentences.

        Args:
            phrases: Sentences that customers say, as they are written.
            background: Sentences whose words they use, such as those of articles; they are never heard as a whole.
            params: How sentences are recognised.

        Raises:
            ValueError: No phrase can be heard.
            SpeechUnavailableError: The extra ``speech`` is not installed.
        """
        params = params or Sphinx()
        said = {words: phrase for phrase in phrases if (words := spoken_words(phrase))}
        others = sorted({words for sentence in background if (words := spoken_words(sentence))})
        dictionary = _pronunciations({word for words in (*said, *others, *_OPENINGS, *_CLOSINGS) for word in words})
        left_out = {
            phrase: f"no pronunciation of {', '.join(unknown)}; write it as it sounds"
            for words, phrase in said.items()
            if (unknown := [word for word in words if word not in dictionary])
        }
        heard = {words: phrase for words, phrase in said.items() if phrase not in left_out}
        if not heard:
            raise ValueError("there is no phrase that can be heard; give some sentences in English")
        known = [words for words in others if all(word in dictionary for word in words)]
        grammar, lines = _grammar(heard), _lines(list(heard), known)
        ears = (_make_ears(dictionary, grammar, lines, params.sentence_beam) for _ in range(params.decoders))
        return cls(heard, left_out, ears, params)

    def recognise(self, samples: Samples, language: str = "en") -> Transcript:
        """Write down what is said.

        Args:
            samples: (T,) at :data:`SAMPLE_RATE_HZ`; T may be 0.
            language: ``en``.

        Raises:
            ValueError: Another language is asked for.
        """
        if language not in self.languages:
            raise ValueError(f"{self.name} hears {sorted(self.languages)}, not {language!r}")
        stretches = find_speech(samples)
        with self._borrowed() as ears:
            heard = [self._hear(ears, samples[stretch]) for stretch in stretches]
        lengths = [stretch.stop - stretch.start for stretch in stretches]
        confidence = sum(sure * length for (_, sure), length in zip(heard, lengths, strict=True)) / max(1, sum(lengths))
        return Transcript(
            text=" ".join(text for text, _ in heard if text),
            language="en",
            confidence=confidence,
            seconds=len(samples) / SAMPLE_RATE_HZ,
            recogniser=self.name,
        )

    @contextmanager
    def _borrowed(self) -> Iterator[_Ears]:
        ears = self._ears.get()
        try:
            yield ears
        finally:
            self._ears.put(ears)

    def _hear(self, ears: _Ears, speech: Samples) -> tuple[str, float]:
        """Return what is said in one stretch, and the confidence."""
        params = self._params
        sentence, confidence = "", 0.0
        if len(speech) <= params.max_sentence_seconds * SAMPLE_RATE_HZ:
            for factor in params.speaker_factors:
                lowered = speech if factor == 1 else soxr.resample(speech, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * factor)
                words, score = _decode(ears.sentences, lowered, params.masking_noise_db)
                sure = 1 / (1 + exp(min(700.0, (params.even_score - score) / params.score_scale)))
                # a hypothesis that the recording ends in the midst of is no sentence
                if words in self._sentences and sure > confidence:
                    sentence, confidence = self._sentences[words], sure
                if confidence >= params.certain:
                    break
        if confidence >= params.believed:
            return sentence, confidence
        return written(_decode(ears.words, speech, params.masking_noise_db)[0]), confidence


def _join(opening: Words, phrase: str, closing: Words) -> str:
    inner = phrase.rstrip(" .?!") if closing else phrase
    return ", ".join(part for part in (written(opening), inner, written(closing)) if part)


def _decode(decoder: "Decoder", speech: Samples, masking_noise_db: float) -> tuple[Words, float]:
    """Return the best words and their log score a frame, relative to the best sound in each frame.

    Noise and normalisation know nothing of what was heard before.
    """
    level = float(np.sqrt(np.mean(np.square(speech)))) * 10 ** (-masking_noise_db / 20)
    masked = speech + np.random.default_rng(0).normal(0, level, len(speech)).astype(np.float32)
    steps = np.round(masked / max(1.0, float(np.abs(masked).max())) * 32767).astype("<i2")
    decoder.start_utt()
    decoder.process_raw(steps.tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    if not found or found.score <= 0:
        return (), -1.0
    return tuple(found.hypstr.split()), log(found.score) / (len(speech) / SAMPLE_RATE_HZ * _FRAMES_PER_SECOND)


def _pronunciations(vocabulary: Iterable[str]) -> dict[str, list[str]]:
    """Look words up in the dictionary of pocketsphinx, or ask espeak-ng; what neither knows is left out."""
    entries = {f"{letter}." if (letter := spelled_letter(word)) else word: word for word in vocabulary}
    found: dict[str, list[str]] = {}
    with _model_file("en-us/cmudict-en-us.dict").open(encoding="utf-8") as lines:
        for line in lines:
            entry, _, sounds = line.strip().partition(" ")
            word = entries.get(entry.partition("(")[0])
            if word is not None:
                found.setdefault(word, []).append(sounds)
    for word in entries.values():
        if word not in found and (guessed := pronounce(word)):
            found[word] = [" ".join(guessed)]
    return found


def _grammar(sentences: Iterable[Words]) -> str:
    """Write a grammar in the JSpeech Grammar Format (W3C Note, 2000), in which sentences share their beginnings."""
    opening, closing = (_alternatives([words for words in parts if words]) for parts in (_OPENINGS, _CLOSINGS))
    return (
        "#JSGF V1.0;\ngrammar shop;\n"
        f"public <message> = [ {opening} ] <sentence> [ {closing} ];\n"
        f"<sentence> = {_alternatives(list(sentences))};\n"
    )


def _alternatives(sentences: Sequence[Words]) -> str:
    """Write alternatives, each as likely as it has sentences."""
    by_first: dict[str, list[Words]] = {}
    for first, *rest in sorted(sentences):
        by_first.setdefault(first, []).append(tuple(rest))
    written_out = []
    for first, rests in by_first.items():
        longer = [rest for rest in rests if rest]
        after = _alternatives(longer) if longer else ""
        if after and len(longer) < len(rests):
            after = f"[ {after} ]"
        written_out.append(f"/{len(rests)}/ {first} {after}")
    return f"( {' | '.join(written_out)} )"


def _lines(sentences: Sequence[Words], others: Iterable[Words]) -> list[str]:
    """Return what the trigram model learns from: all sentences, those of the shop with openings and closings, too."""
    opened = [(*_OPENINGS[1 + number % (len(_OPENINGS) - 1)], *words) for number, words in enumerate(sentences)]
    closed = [(*words, *_CLOSINGS[1 + number % (len(_CLOSINGS) - 1)]) for number, words in enumerate(sentences)]
    return [" ".join(words) for words in (*sentences, *others, *opened, *closed)]


def _make_ears(dictionary: Mapping[str, Sequence[str]], grammar: str, lines: Sequence[str], beam: float) -> _Ears:
    from pocketsphinx import Decoder
    from pocketsphinx.lm import ArpaBoLM

    trigrams = ArpaBoLM(text="\n".join(f"<s> {line} </s>" for line in lines))
    trigrams.compute()
    with tempfile.TemporaryDirectory() as folder:  # the library reads its models from files
        pronunciations, model, rules = (Path(folder, f"shop.{suffix}") for suffix in ("dict", "lm", "gram"))
        pronunciations.write_text(
            "".join(
                f"{word}{f'({number})' if number > 1 else ''} {sounds}\n"
                for word, alternatives in sorted(dictionary.items())
                for number, sounds in enumerate(alternatives, 1)
            ),
            encoding="utf-8",
        )
        with model.open("w", encoding="utf-8") as file:
            trigrams.write(file)
        rules.write_text(grammar, encoding="utf-8")
        common = {"hmm": str(_model_file("en-us/en-us")), "dict": str(pronunciations), "loglevel": "FATAL"}
        # the lattice that the best path is searched in does not know where a sentence may end
        sentences = Decoder(
            **common, jsgf=str(rules), beam=beam, pbeam=beam, wbeam=beam**0.8, maxhmmpf=-1, bestpath=False
        )
        return _Ears(sentences, Decoder(**common, lm=str(model)))


def _model_file(name: str) -> Path:
    try:
        from pocketsphinx import get_model_path
    except ImportError as error:
        raise SpeechUnavailableError(
            f"hearing English needs pocketsphinx ({error}): pip install 'kefu[speech]'"
        ) from error
    return Path(get_model_path(name))
