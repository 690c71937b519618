"""English questions heard by pocketsphinx: is the intent right, how many words are wrong, how long does it take?

    python benchmarks/voice_english.py
    python benchmarks/voice_english.py --tune

The voices are synthetic, in the babble, hiss and hum of the demo's calls. What was chosen by measuring, was chosen with
``--tune``: on the speakers of the demo and two more. The result is of other speakers, and of three more accents. The
shop's sentences are the examples of the playbooks and the phrasings of the demo shop, but for two phrasings of each
intent, which the recogniser is not given: *reworded*. The intent of what is heard is that of the nearest sentence. Real
people are heard only in the last line, ten digits by six people (the Free Spoken Digit Dataset).
"""

# ruff: noqa: E402
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import io
import json
import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
import yaml

from kefu.demo import DemoParameters, Intent, english
from kefu.demo.speech import Voice, record_call
from kefu.demo.text import draw_matter, fill, pick
from kefu.speech import SAMPLE_RATE_HZ, Samples, Transcript
from kefu.speech.espeak import ACCENTS, SPEAKERS
from kefu.speech.phrases import spoken_words
from kefu.speech.sphinx import SphinxRecogniser
from kefu.speech.wav import encode_wav

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "voice_english.json"
PLAYBOOKS = HERE.parent / "conf" / "assistant" / "demo" / "playbooks"

TUNING = {"accents": ACCENTS["en"], "speakers": (*SPEAKERS, "f1", "f3")}
HELD_OUT = {
    "accents": (*ACCENTS["en"], "gmw/en-GB-scotland", "gmw/en-GB-x-gbcwmd", "gmw/en-US-nyc"),
    "speakers": ("m1", "m3", "m7", "f2", "f4", "f5"),
}
NUM_GIVEN_PHRASINGS = 5  # of the seven that the demo has of each intent


@dataclass(frozen=True)
class Question:
    words: str
    intent: str
    kind: str


@dataclass(frozen=True)
class Heard:
    question: Question
    voice: Voice
    snr_db: float
    transcript: Transcript
    cpu_seconds: float
    wall_seconds: float

    @property
    def word_errors(self) -> tuple[int, int]:
        said = spoken_words(self.question.words)
        return count_edits(said, spoken_words(self.transcript.text)), len(said)


def count_edits(first: Sequence[str], second: Sequence[str]) -> int:
    """Count the words to replace, insert and delete to get from one to the other (Levenshtein 1966)."""
    row = list(range(len(second) + 1))
    for i, one in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != other))
    return row[-1]


def shop_sentences(seed: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return the sentences that the recogniser is given, and others, by intent."""
    rng = np.random.default_rng(seed)
    given: dict[str, str] = {}
    reworded: dict[str, str] = {}
    for intent in Intent:
        playbook = PLAYBOOKS / f"{intent.value}.yml"
        examples = yaml.safe_load(playbook.read_text(encoding="utf-8"))["examples"]["en"] if playbook.exists() else []
        given |= dict.fromkeys((*examples, *english.SPOKEN[frozenset({intent})]), intent.value)
        for number, template in enumerate(english.TEXT[frozenset({intent})]):
            filled = (fill(template, "en", draw_matter(rng), rng) for _ in range(200))
            sayable = list(dict.fromkeys(text for text in filled if not re.search(r"[^A-Za-z ,.?!:'-]", text)))
            (given if number < NUM_GIVEN_PHRASINGS else reworded).update(dict.fromkeys(sayable[:4], intent.value))
    return given, reworded


def nearest_intent(text: str, sentences: Mapping[str, str]) -> str:
    """Return the intent of the sentence with the fewest differing words, by length; none where nothing was heard."""
    heard = spoken_words(text)
    if not heard:
        return ""
    near = {sentence: spoken_words(sentence) for sentence in sentences}
    best = min(near, key=lambda sentence: count_edits(heard, near[sentence]) / max(len(heard), len(near[sentence])))
    return sentences[best]


def draw_voice(voices: Mapping[str, Sequence[str]], rng: np.random.Generator) -> Voice:
    return Voice(
        f"{pick(rng, voices['accents'])}+{pick(rng, voices['speakers'])}",
        int(rng.integers(145, 200)),
        int(rng.integers(30, 80)),
        float(rng.uniform(0.92, 1.1)),
    )


def samples_of(wav: bytes) -> Samples:
    samples, rate_hz = soundfile.read(io.BytesIO(wav), dtype="float32")
    return samples if rate_hz == SAMPLE_RATE_HZ else soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ)


def ask(
    questions: Sequence[Question],
    count: int,
    voices: Mapping[str, Sequence[str]],
    recognise: Callable[[Samples], Transcript],
    seed: int,
) -> Iterator[Heard]:
    """Let voices put questions, drawn by chance, one in five with an opening and one in five with a closing."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        question = pick(rng, questions)
        words = ", ".join(filter(None, (_sometimes(english.SPOKEN_OPENINGS, rng), question.words)))
        words = ", ".join(filter(None, (words.rstrip(".?!"), _sometimes(english.SPOKEN_CLOSINGS, rng))))
        voice, snr_db = draw_voice(voices, rng), float(rng.uniform(5, 25))
        params = DemoParameters(min_snr_db=snr_db, max_snr_db=snr_db)
        samples = samples_of(record_call(words, voice, params, rng))
        cpu, wall = time.process_time(), time.perf_counter()
        transcript = recognise(samples)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        yield Heard(Question(words, question.intent, question.kind), voice, snr_db, transcript, cpu, wall)


def _sometimes(options: Sequence[str], rng: np.random.Generator) -> str:
    return pick(rng, options) if rng.random() < 0.2 else ""


def interval(values: Sequence[float], seed: int = 0) -> list[float]:
    """Return mean and the 95% interval of it by the bootstrap (percentile, 2,000 resamples)."""
    array = np.asarray(values, dtype=float)
    means = np.random.default_rng(seed).choice(array, (2_000, len(array))).mean(axis=1)
    return [round(float(number), 4) for number in (array.mean(), *np.quantile(means, (0.025, 0.975)))]


def summarise(heard: Sequence[Heard], sentences: Mapping[str, str]) -> dict[str, object]:
    right = [nearest_intent(one.transcript.text, sentences) == one.question.intent for one in heard]
    errors = np.array([one.word_errors for one in heard])
    believed = [one.transcript.confidence >= 0.5 for one in heard]
    per_second = [one.cpu_seconds / one.transcript.seconds for one in heard]
    by_voice: dict[str, list[bool]] = {}
    for one, is_right in zip(heard, right, strict=True):
        accent, _, speaker = one.voice.name.partition("+")
        level = f"{5 * int(one.snr_db // 5)} to {5 * int(one.snr_db // 5) + 5} dB"
        for name in (f"accent {accent}", f"speaker {speaker}", f"noise {level}"):
            by_voice.setdefault(name, []).append(is_right)
    return {
        "recordings": len(heard),
        "intent_accuracy": interval(right),
        "word_error": round(float(errors[:, 0].sum() / errors[:, 1].sum()), 4),
        "believed": round(float(np.mean(believed)), 4),
        "intent_accuracy_where_believed": round(float(np.mean(np.array(right)[believed])), 4)
        if any(believed)
        else None,
        "cpu_seconds_per_second": round(float(np.mean(per_second)), 4),
        "wall_seconds_of_a_question": {
            "mean_seconds_of_sound": round(float(np.mean([one.transcript.seconds for one in heard])), 2),
            **{f"p{q}": round(float(np.quantile([one.wall_seconds for one in heard], q / 100)), 3) for q in (50, 95)},
        },
        "intent_accuracy_by": {name: [round(float(np.mean(of)), 3), len(of)] for name, of in sorted(by_voice.items())},
    }


def hear_real_digits(folder: Path, count: int, seed: int) -> dict[str, object] | None:
    """Hear real people say one of ten digits over an 8 kHz line."""
    names = sorted((folder / "recordings").glob("*.wav"))
    if not names:
        return None
    digits = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    recogniser = SphinxRecogniser.from_phrases(digits)
    right = []
    for number in np.random.default_rng(seed).choice(len(names), count, replace=False):
        # the clips are cut to the word: what a microphone records has a pause on both sides
        samples = np.pad(samples_of(names[number].read_bytes()), SAMPLE_RATE_HZ // 4)
        right.append(recogniser.recognise(samples).text == digits[int(names[number].name[0])])
    return {"recordings": count, "accuracy": interval(right)}


def dictate(count: int, questions: Sequence[Question], seed: int) -> dict[str, object]:
    """Hear questions without knowing the shop, with the general language model that pocketsphinx brings."""
    from pocketsphinx import Decoder

    decoder = Decoder(loglevel="FATAL")

    def recognise(samples: Samples) -> Transcript:
        decoder.start_utt()
        decoder.process_raw(encode_wav(samples, SAMPLE_RATE_HZ)[44:], full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        text = found.hypstr if found else ""
        seconds = len(samples) / SAMPLE_RATE_HZ
        return Transcript(text=text, language="en", confidence=0, seconds=seconds, recogniser="open dictation")

    heard = list(ask(questions, count, HELD_OUT, recognise, seed))
    errors = np.array([one.word_errors for one in heard])
    return {
        "recordings": count,
        "word_error": round(float(errors[:, 0].sum() / errors[:, 1].sum()), 4),
        "cpu_seconds_per_second": round(float(np.mean([one.cpu_seconds / one.transcript.seconds for one in heard])), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=300, help="questions of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--tune", action="store_true", help="with the voices that numbers are chosen on; nothing is written"
    )
    parser.add_argument("--fsdd", type=Path, default=Path("../shared/data/fsdd"), help="real digits, if they are there")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    given, reworded = shop_sentences(arguments.seed)
    voices, seed = (TUNING, 1_000 + arguments.seed) if arguments.tune else (HELD_OUT, arguments.seed)
    start = time.process_time()
    recogniser = SphinxRecogniser.from_phrases(given)
    making_seconds = time.process_time() - start
    results: dict[str, object] = {
        "what": __doc__.splitlines()[0],
        "machine": platform.machine(),
        "seed": arguments.seed,
        "voices": voices,
        "sentences_given": len(given),
        "seconds_to_make_the_recogniser": round(making_seconds, 3),
    }
    for kind, sentences in (("given", given), ("reworded", reworded)):
        questions = [Question(words, intent, kind) for words, intent in sentences.items()]
        heard = list(ask(questions, arguments.recordings, voices, recogniser.recognise, seed))
        results[kind] = summarise(heard, given)
        print(kind, json.dumps(results[kind], indent=1), flush=True)
        if arguments.tune:
            for one in heard[:400]:
                right = nearest_intent(one.transcript.text, given) == one.question.intent
                print(f"{one.transcript.confidence:.3f} {right:d} {one.voice.name:28} {one.question.words}")
                print(f"{'':36} {one.transcript.text}")
    if arguments.tune:
        return
    questions = [Question(words, intent, "given") for words, intent in given.items()]
    results["open_dictation"] = dictate(max(10, arguments.recordings // 10), questions, seed)
    print("open dictation", results["open_dictation"], flush=True)
    results["real_digits"] = hear_real_digits(arguments.fsdd, min(300, arguments.recordings), seed)
    print("real digits", results["real_digits"])
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written to {arguments.out}")


if __name__ == "__main__":
    main()
