"""How well the recogniser of Chinese hears voices that it was not trained on, and in what time.

    kedro run --pipelines train_speech
    python benchmarks/voice_chinese.py

All voices are synthetic (espeak-ng): how well people are heard is not known, and nothing here tells. The newest model
below ``data/06_models/speech`` is judged on recordings made anew, with several seeds of voices, noise and choice of
phrases:

- whose voices: speakers and throats of training; those of the test; and speakers whose pitch flutters, women among
  them, which never say the same twice, so that their figures differ a little from run to run;
- which phrases: of training, and of sources (templates, clauses of the shop) that it never saw;
- how they are searched: by sound and lexicon alone, and with the language model;
- on what line: clear, or 5 dB above the noise.

Time is processor time of one thread, from samples to text. ``--units`` trains small models of each kind of units on the
same recordings, a few epochs each, and compares them.
"""

import json
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from kefu.bundle import Bundle
from kefu.demo.utterances import Utterance, VoiceParameters, record_utterance
from kefu.evaluation.bootstrap import Resampling
from kefu.pipelines.train_speech.nodes import judge_recogniser, train_recogniser
from kefu.speech.contract import SAMPLE_RATE_HZ
from kefu.speech.ctc import SpeechModel
from kefu.speech.ctc.evaluation import score_transcripts
from kefu.speech.ctc.model import SpeechModelParameters
from kefu.speech.ctc.pronunciation import read_out
from kefu.speech.ctc.recordings import LogMels
from kefu.speech.ctc.training import TrainingParameters
from kefu.training.hardware import HardwareParameters

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
RESULTS = ROOT / "benchmarks" / "results" / "voice_chinese.json"
FLUTTERING = ("f2", "f4", "Annie", "Alicia", "belinda", "Michael", "max", "robert", "ed", "klatt4")
VOICES = VoiceParameters()
LINES = {
    "as in training": VOICES,
    "clear": VOICES.model_copy(update={"clear_share": 1.0}),
    "5 dB": VOICES.model_copy(update={"clear_share": 0.0, "min_snr_db": 5.0, "max_snr_db": 5.0}),
}
WHOSE = {
    "speakers and throats of training": ("train", VOICES.speakers, VOICES.throats),
    "speakers and throats of the test": ("test", VOICES.speakers, VOICES.throats),
    "speakers that flutter": (
        "test",
        VOICES.speakers | {"test": FLUTTERING},
        VOICES.throats | {"test": VOICES.throats["train"]},
    ),
}  # fmt: skip
Recorded = tuple[pd.DataFrame, list[np.ndarray]]


def record(phrases: pd.DataFrame, voices: VoiceParameters, split: str, count: int, seed: int) -> Recorded:
    """Have phrases of training and of the test spoken, ``count`` of each, by the voices of a split."""
    rng = np.random.default_rng([seed, 9])
    rows, samples = [], []
    for of_split in ("train", "test"):
        chosen = phrases[(phrases["split"] == of_split) & (phrases["kind"] != "drill")]
        for place in rng.permutation(len(chosen))[:count]:
            spoken, source = chosen.iloc[place][["spoken", "source"]]
            utterance = Utterance(read_out(spoken), split, 1_000_000 + len(rows))
            recorded, voice = record_utterance(voices, SAMPLE_RATE_HZ, seed, utterance)
            samples.append(recorded)
            rows.append({"spoken": spoken, "source": source, "seen": of_split == "train", "speaker": voice.name})
    return pd.DataFrame(rows), samples


def judge(model: SpeechModel, recorded: Recorded) -> dict[str, object]:
    """Hear all recordings and score them."""
    utterances, samples = recorded
    heard = [model.hear(one) for one in samples]
    texts, confidences = zip(*heard, strict=True)
    return score_transcripts(utterances.assign(heard=texts, confidence=confidences), Resampling())


def without_language(model: SpeechModel) -> SpeechModel:
    """Return the model that searches by sound and lexicon alone: of symbols that sound alike it takes any."""
    decoding = model.params.decoding.model_copy(update={"language_weight": 0.0, "symbol_bonus": 0.0})
    return replace(model, params=model.params.model_copy(update={"decoding": decoding}))


def over_seeds(model: SpeechModel, phrases: pd.DataFrame, voices: VoiceParameters, split: str, arguments) -> dict:
    """Judge with each seed; tell the mean, the least and the greatest error, and the interval of the first seed."""
    scores = [judge(model, record(phrases, voices, split, arguments.recordings, seed)) for seed in arguments.seeds]
    told: dict[str, object] = {}
    for group in ("unseen", "seen"):
        rates = [score[group]["character_error_rate"] for score in scores]
        first = scores[0][group]
        told[group] = {
            "recordings": first["recordings"],
            "character_error_rate": round(float(np.mean(rates)), 4),
            "by_seed": [round(rate, 4) for rate in rates],
            "interval_of_first_seed": [rounded(first[f"character_error_rate_{end}"]) for end in ("low", "high")],
            "exact_share": round(float(np.mean([score[group]["exact_share"] for score in scores])), 4),
        }
    told["confidence_auc"] = [rounded(score["confidence_auc"]) for score in scores]
    return told


def rounded(value: float | None) -> float | None:
    """Round a score; there is none where too few recordings were judged."""
    return None if value is None else round(value, 4)


def time_hearing(model: SpeechModel, samples: list[np.ndarray]) -> dict[str, float]:
    """Return processor time a recording by one thread, and for three seconds of sound."""
    torch.set_num_threads(1)
    model.hear(samples[0])
    spent, heard = [], []
    for one in samples:
        start = time.process_time()
        model.hear(one)
        spent.append(time.process_time() - start)
        heard.append(len(one) / SAMPLE_RATE_HZ)
    slope = np.array(spent) / np.array(heard)
    return {
        "recordings": len(samples),
        "mean_seconds_of_sound": round(float(np.mean(heard)), 2),
        "median_seconds_for_3_s": round(3 * float(np.median(slope)), 4),
        "p95_seconds_for_3_s": round(3 * float(np.quantile(slope, 0.95)), 4),
    }


def compare_units(arguments) -> list[dict[str, object]]:
    """Train a small model of each kind of units on some of the recordings of the pipeline."""
    phrases = pd.read_parquet(DATA / "03_primary/speech/phrases.parquet")
    utterances = pd.read_parquet(DATA / "04_features/speech/utterances.parquet")
    rows = LogMels(**_log_mels()).rows()
    training = np.flatnonzero(utterances["split"] == "train")[: arguments.units_recordings]
    kept = np.concatenate([training, np.flatnonzero(utterances["split"] != "train")])
    some = utterances.iloc[kept].reset_index(drop=True)
    spectrograms = [rows[place] for place in kept]
    log_mels = LogMels(np.concatenate(spectrograms), np.array([len(one) for one in spectrograms]))
    found = []
    for units in ("initials_finals", "syllables", "toned_syllables", "characters"):
        started = time.process_time()
        model, history, _ = train_recogniser(
            phrases, some, log_mels, SpeechModelParameters(units=units),
            TrainingParameters(max_epochs=arguments.units_epochs), 0, HardwareParameters(threads=1, precision="32"),
            str(DATA / "06_models/speech/benchmark_checkpoints"),
        )  # fmt: skip
        _, metrics = judge_recogniser(model, some, log_mels, {})
        found.append(
            {
                "units": units,
                "number_of_units": len(model.lexicon.units),
                "epochs": len(history),
                "unit_accuracy": round(float(history["validation_unit_accuracy"].max()), 4),
                "unseen": round(metrics["unseen"]["character_error_rate"], 4),
                "seen": round(metrics["seen"]["character_error_rate"], 4),
                "processor_seconds": round(time.process_time() - started),
            }
        )
        print(found[-1])
    return found


def _log_mels() -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(DATA / "04_features/speech/log_mels.safetensors")


def main() -> None:
    parser = ArgumentParser(description="Judge the recogniser of Chinese on synthetic voices that it has not heard.")
    parser.add_argument("--bundle", type=Path, help="the model; left out: the newest that the pipeline made")
    parser.add_argument("--recordings", type=int, default=200, help="of each group of phrases, for each seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103])
    parser.add_argument("--units", action="store_true", help="also compare kinds of units")
    parser.add_argument("--units-recordings", type=int, default=2500)
    parser.add_argument("--units-epochs", type=int, default=6)
    arguments = parser.parse_args()
    made = sorted((DATA / "06_models/speech").glob("*/ctc/**/config.json"), key=lambda path: path.stat().st_mtime)
    if not (arguments.bundle or made):
        parser.error("there is no model yet: kedro run --pipelines train_speech")
    model = SpeechModel.from_bundle(Bundle.load(arguments.bundle or made[-1].parent))
    phrases = pd.read_parquet(DATA / "03_primary/speech/phrases.parquet")
    report: dict[str, object] = {
        "voices": "synthetic (espeak-ng); nothing is known of people",
        "parameters": sum(value.numel() for value in model.network.parameters()),
        "symbols": len(model.lexicon.pronunciations),
        "units": model.params.units,
        "seeds": arguments.seeds,
    }
    report["whose"] = {
        name: over_seeds(model, phrases, VOICES.model_copy(update={"speakers": speakers, "throats": throats}), split,
                         arguments)
        for name, (split, speakers, throats) in WHOSE.items()
    }  # fmt: skip
    report["line"] = {name: over_seeds(model, phrases, line, "test", arguments) for name, line in LINES.items()}
    report["decoded"] = {
        "search without language model": over_seeds(without_language(model), phrases, VOICES, "test", arguments),
        "search with language model": report["line"]["as in training"],
    }
    report["time"] = time_hearing(model, record(phrases, VOICES, "test", 40, arguments.seeds[0])[1])
    if arguments.units:
        report["compared_units"] = compare_units(arguments)
    for title in ("whose", "line", "decoded"):
        for name, told in report[title].items():
            print(f"{title:8} {name:34} unseen {told['unseen']['character_error_rate']:.3f} "
                  f"{told['unseen']['by_seed']}  seen {told['seen']['character_error_rate']:.3f}")  # fmt: skip
    print(report["time"])
    RESULTS.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"written to {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
