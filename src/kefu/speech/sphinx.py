"""English by pocketsphinx: the sentences that a shop expects, or any order of their words.

The acoustic model, the dictionary and the decoder are Carnegie Mellon's (Huggins-Daines et al., ICASSP 2006).
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import exp
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
_SENTENCES, _WORDS = "sentences", "words"


class Sphinx(Parameters):
    """How English is recognised; chosen on synthetic voices by ``benchmarks/voice_english.py --tune``."""

    decoders: int = Field(2, ge=1, description="Recordings that are heard at a time, each with a decoder of its own.")
    masking_noise_db: float = Field(
        22.0,
        description="White noise is added this far below the speech; the digital silence of some microphones misleads.",
    )
    speaker_factors: tuple[float, ...] = Field(
        (1.0, 1.2),
        min_length=1,
        description="How much frequencies are lowered, for small speakers; tried in this order.",
    )
    agreement_weight: float = Field(9.0, gt=0, description="Logistic weight of the agreement of both models.")
    agreement_bias: float = Field(-1.7, description="Logistic bias; together they make the confidence.")
    max_sentence_seconds: float = Field(12.0, gt=0, description="What is longer is not one of the sentences.")


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    words: Words
    score: float = 0.0  # from 0 to 1; relative to the best sound in each frame


class SphinxRecogniser:
    """Hears the sentences that it was made from, and less well whatever else is said in their words.

    Each stretch of speech is heard twice: as one of the sentences, with an opening (`hello`) and a closing (`please`)
    or without, and freely, by a trigram model of their words. The sentence is believed as far as the two agree; if
    they do not, what was heard freely is written down, whose wording is to be doubted.
    """

    name = "pocketsphinx"
    languages = frozenset({"en"})

    def __init__(
        self,
        sentences: Mapping[Words, str],
        left_out: Mapping[str, str],
        decoders: Iterable["Decoder"],
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
        self._decoders: LifoQueue[Decoder] = LifoQueue()
        for decoder in decoders:
            self._decoders.put(decoder)

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
        decoders = (_decoder(dictionary, grammar, lines) for _ in range(params.decoders))
        return cls(heard, left_out, decoders, params)

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
        with self._borrowed() as decoder:
            heard = [self._hear(decoder, samples[stretch]) for stretch in stretches]
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
    def _borrowed(self) -> Iterator["Decoder"]:
        """Lend a decoder, which one thread alone may use."""
        decoder = self._decoders.get()
        try:
            yield decoder
        finally:
            self._decoders.put(decoder)

    def _hear(self, decoder: "Decoder", speech: Samples) -> tuple[str, float]:
        """Return what is said in one stretch, and the confidence."""
        params = self._params
        freely = _search(decoder, _WORDS, speech, params.masking_noise_db).words
        best, confidence = _Hypothesis(()), 0.0
        if len(speech) <= params.max_sentence_seconds * SAMPLE_RATE_HZ:
            for factor in params.speaker_factors:
                lowered = speech if factor == 1 else soxr.resample(speech, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * factor)
                sentence = _search(decoder, _SENTENCES, lowered, params.masking_noise_db)
                # a hypothesis that the recording ends in the midst of is no sentence
                if sentence.words in self._sentences and sentence.score > best.score:
                    best, confidence = sentence, self._confidence(sentence.words, freely)
                if confidence >= 0.5:
                    return self._sentences[best.words], confidence
        return written(freely), confidence

    def _confidence(self, sentence: Words, freely: Words) -> float:
        """Return the probability that a sentence is the one that was said."""
        agreement = 1 - count_edits(sentence, freely) / max(len(sentence), len(freely))
        return 1 / (1 + exp(-self._params.agreement_weight * agreement - self._params.agreement_bias))


def count_edits(first: Sequence[str], second: Sequence[str]) -> int:
    """Count the words to replace, insert and delete to get from one sequence to the other (Levenshtein 1966)."""
    row = list(range(len(second) + 1))
    for i, one in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]


def _join(opening: Words, phrase: str, closing: Words) -> str:
    inner = phrase.rstrip(" .?!") if closing else phrase
    return ", ".join(part for part in (written(opening), inner, written(closing)) if part)


def _search(decoder: "Decoder", search: str, speech: Samples, masking_noise_db: float) -> _Hypothesis:
    """Decode one utterance. Noise and normalisation know nothing of what was heard before."""
    level = float(np.sqrt(np.mean(np.square(speech)))) * 10 ** (-masking_noise_db / 20)
    masked = speech + np.random.default_rng(0).normal(0, level, len(speech)).astype(np.float32)
    steps = np.round(masked / max(1.0, float(np.abs(masked).max())) * 32767).astype("<i2")
    decoder.activate_search(search)
    decoder.start_utt()
    decoder.process_raw(steps.tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return _Hypothesis(tuple(found.hypstr.split()), found.score) if found else _Hypothesis(())


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


def _decoder(dictionary: Mapping[str, Sequence[str]], grammar: str, lines: Sequence[str]) -> "Decoder":
    from pocketsphinx import Decoder
    from pocketsphinx.lm import ArpaBoLM

    trigrams = ArpaBoLM(text="\n".join(f"<s> {line} </s>" for line in lines))
    trigrams.compute()
    with tempfile.TemporaryDirectory() as folder:  # the library reads its models from files
        pronunciations, model = Path(folder, "shop.dict"), Path(folder, "shop.lm")
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
        decoder = Decoder(hmm=str(_model_file("en-us/en-us")), dict=str(pronunciations), lm=None, loglevel="FATAL")
        decoder.add_lm_file(_WORDS, str(model))
    decoder.add_jsgf_string(_SENTENCES, grammar)
    return decoder


def _model_file(name: str) -> Path:
    try:
        from pocketsphinx import get_model_path
    except ImportError as error:
        raise SpeechUnavailableError(
            f"hearing English needs pocketsphinx ({error}): pip install 'kefu[speech]'"
        ) from error
    return Path(get_model_path(name))
