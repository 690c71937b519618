"""What contrastive pretraining gives where few tickets have labels: macro-F1 by number of labels, with and without.

    python benchmarks/learning_curve.py --env retail                           # 100, 300, 1,000 and all labels
    python benchmarks/learning_curve.py --env retail --labels 100 --seeds 1    # a first look

The features must have been extracted: ``kedro run --pipelines clean,augment,features --env retail``. For each seed the
encoders are pretrained once on all training tickets, no label being looked at; then each modality is trained on the
tickets whose labels stay (whole customers, every label's share kept, the smaller sets within the larger), from scratch
and from the pretrained encoder, by the nodes of the pipeline themselves. Networks are smaller than the environment's
and copies fewer, so that the curve takes an hour of one core and not a day; what a set of tickets lacks in size it gets
in epochs.

Validation tickets judge and do nothing else: no training, and no pretraining, is stopped by them. The test split is
left out before anything is trained. ``fused`` is the product of the modalities' probabilities, divided by the labels'
shares; nothing of it is fitted. Intervals are of the difference, by resampling customers, all seeds of a ticket
together. Ctrl-C leaves what is finished in the results.
"""

import argparse
import json
import logging
import math
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project
from kefu.engines.shards import FeatureShard
from kefu.evaluation.bootstrap import Resampling, paired_difference
from kefu.evaluation.predictions import Predictions
from kefu.modalities import MODALITIES
from kefu.tickets.errors import KefuError
from kefu.tickets.splits import group_keys
from kefu.training.contrastive import PretrainingParameters
from kefu.training.encoding import encode_shards
from kefu.training.folds import BaggingParameters
from kefu.training.hardware import choose_hardware
from kefu.training.subsets import keep_labels

RESULTS = Path(__file__).parent / "results"
SCRATCH, PRETRAINED = "from scratch", "pretrained"
FUSED = "fused"
COPIES = 3
NETWORKS: dict[str, dict[str, Any]] = {
    "text": {"architecture": "tfidf"},
    "image": {
        "architecture": "resnet",
        "resnet": {"stem_dim": 16, "stage_dims": (16, 32, 64, 128), "stage_depths": (1, 1, 1, 1)},
    },
    "audio": {
        "architecture": "cnn_rnn",
        "cnn_rnn": {"channels": (16, 32, 48), "time_strides": (2, 2, 2), "hidden_dim": 64},
    },
}
PRETRAINING: dict[str, Any] = {"learning_rate": 0.002}
TRAINING: dict[str, dict[str, Any]] = {
    "text": {"learning_rate": 0.005},
    "image": {"learning_rate": 0.003},
    "audio": {"learning_rate": 0.003},
}

Floats = NDArray[np.float64]


def fuse(said: Mapping[str, pd.DataFrame], shares: pd.Series, tickets: pd.DataFrame) -> pd.DataFrame:
    """Return the product of what the modalities say, each divided by the labels' shares (tickets, labels)."""
    prior = np.log(shares)
    scores = pd.DataFrame(0.0, index=tickets["ticket_id"], columns=shares.index) + prior
    for probabilities in said.values():
        scores.loc[probabilities.index] += np.log(probabilities.clip(lower=1e-6)) - prior
    odds = np.exp(scores.sub(scores.max(axis=1), axis=0))
    return odds.div(odds.sum(axis=1), axis=0)


def first_copies(shards: Mapping[str, FeatureShard], count: int) -> dict[str, FeatureShard]:
    """Return so many copies of each ticket."""
    found = {}
    for name, shard in shards.items():
        number = pd.Series(shard.ticket_ids, dtype="str").groupby(shard.ticket_ids).cumcount().to_numpy(dtype=int)
        rows = np.flatnonzero(number < count)
        features = {key: array[rows] for key, array in shard.features.items()}
        found[name] = FeatureShard([shard.ticket_ids[row] for row in rows], features)
    return found


class Curve:
    """Pretrains and trains the modalities of an environment on as many labels as it is told."""

    def __init__(self, environment: str | None, epochs: int, threads: int | None) -> None:
        with open_project(environment) as context:
            catalog = context.catalog
            self.dataset = catalog.load("params:dataset")
            tickets = catalog.load("tickets")
            self.unlabelled = catalog.load("unlabelled_tickets")
            self.features = {name: dict(catalog.load(f"{name}.features")) for name in MODALITIES}
            self.copies = {
                name: first_copies(catalog.load(f"{name}.augmented_features"), COPIES) for name in MODALITIES
            }
            hardware = catalog.load("params:hardware")
            self.hardware = hardware.model_copy(update={"threads": threads or hardware.threads})
            self.preprocessors = {name: catalog.load(f"{name}.preprocessor") for name in MODALITIES}
            self.cleaning = {name: catalog.load(f"params:{name}.cleaning") for name in MODALITIES}
            self.encoders = {
                name: type(given).model_validate(merge(given.model_dump(), NETWORKS[name]))
                for name in MODALITIES
                for given in [catalog.load(f"params:{name}.encoder")]
            }
            self.training = {
                name: given.model_copy(update={"batch_size": 32, **TRAINING[name]})
                for name in MODALITIES
                for given in [catalog.load(f"params:{name}.training")]
            }
        logging.getLogger("kefu").setLevel(logging.WARNING)
        self.epochs = epochs
        self.known = tickets[tickets["split"] == "train"]
        self.judged = tickets[tickets["split"] == "validation"]
        if self.known.empty or self.judged.empty:
            raise KefuError("there are too few training or validation tickets to compare anything")
        self.labels = sorted(self.known["label"].unique())

    def pretrain(self, params: PretrainingParameters, seed: int) -> tuple[dict[str, Any], float]:
        """Return the weights of each encoder after pretraining on all training tickets, and the last loss."""
        from kefu.pipelines.pretrain.nodes import pretrain

        given = {
            f"{name}_{kind}": source[name]
            for name in MODALITIES
            for kind, source in (
                ("features", self.features),
                ("augmented", self.copies),
                ("preprocessor", self.preprocessors),
                ("encoder", self.encoders),
            )
        }
        with tempfile.TemporaryDirectory() as folder:
            found = pretrain(
                self.known, self.unlabelled, params, BaggingParameters(), seed, self.hardware, folder, **given
            )
        history = found.pop("history")
        return found, float(history["train_loss"].iloc[-1]) if len(history) else math.nan

    def judge(self, known: pd.DataFrame, modality: str, weights: Mapping[str, Any], seed: int) -> pd.DataFrame:
        """Train on some tickets and return probabilities (tickets, labels) of the validation tickets."""
        from kefu.pipelines.train.nodes import train_of

        epochs = round(self.epochs * math.sqrt(len(self.known) / len(known)))
        with tempfile.TemporaryDirectory() as folder:
            model, _history, _run_facts = train_of(modality)(
                tickets=known,
                features=self.features[modality],
                augmented_features=self.copies[modality],
                preprocessor=self.preprocessors[modality],
                pretrained_encoder=weights,
                cleaning=self.cleaning[modality],
                encoder=self.encoders[modality],
                training=self.training[modality].model_copy(update={"max_epochs": epochs}),
                bagging=BaggingParameters(),
                checkpoints=folder,
                seed=seed,
                hardware=self.hardware,
            )
        wanted = frozenset(self.judged["ticket_id"])
        shards = [
            shard for _, shard in encode_shards(model, self.features[modality], choose_hardware(self.hardware), wanted)
        ]
        logits = np.concatenate([shard.features["logits"][:, 0] for shard in shards])
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        ids = [ticket_id for shard in shards for ticket_id in shard.ticket_ids]
        said = pd.DataFrame(odds / odds.sum(axis=1, keepdims=True), index=ids, columns=list(model.labels))
        return said.reindex(columns=self.labels, fill_value=0.0)

    def predictions(self, known: pd.DataFrame, weights: Mapping[str, Any], seed: int) -> dict[str, Predictions]:
        """Return what each modality, and their product, says of the validation tickets after training."""
        said = {name: self.judge(known, name, weights.get(name, {}), seed) for name in MODALITIES}
        counts = known["label"].value_counts().reindex(self.labels, fill_value=0) + 1
        everything = said | {FUSED: fuse(said, counts / counts.sum(), self.judged)}
        return {name: self._predictions(name, probabilities, seed) for name, probabilities in everything.items()}

    def _predictions(self, name: str, probabilities: pd.DataFrame, seed: int) -> Predictions:
        tickets = self.judged.set_index("ticket_id", drop=False).loc[probabilities.index].reset_index(drop=True)
        targets = tickets["label"].map({label: number for number, label in enumerate(self.labels)})
        tickets["customer_id"] = group_keys(tickets)
        tickets["ticket_id"] += f" {seed}"
        kind = "fusion" if name == FUSED else "modality"
        return Predictions(name, kind, tuple(self.labels), probabilities.to_numpy(), targets.to_numpy(), tickets)


def merge(given: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested values with some of them changed."""
    return dict(given) | {
        name: merge(given[name], value) if isinstance(value, dict) else value for name, value in changes.items()
    }


def stack(parts: list[Predictions]) -> Predictions:
    """Return the predictions of all seeds as those of one table."""
    first = parts[0]
    return Predictions(
        first.name,
        first.kind,
        first.classes,
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.targets for part in parts]),
        pd.concat([part.tickets for part in parts]),
    )


def macro_f1(predictions: Predictions) -> float:
    """Return the mean F1 of the labels that occur."""
    from sklearn.metrics import f1_score

    return float(f1_score(predictions.targets, predictions.predicted, average="macro", zero_division=0))


def summarise(found: Mapping[tuple[int, int], Mapping[str, Mapping[str, Predictions]]]) -> list[dict[str, Any]]:
    """Return a row for each number of labels and each modality, from predictions by (labels, seed), start, modality."""
    rows = []
    for count in sorted({count for count, _ in found}):
        seeds = sorted(seed for other, seed in found if other == count)
        for name in (*MODALITIES, FUSED):
            by_start = {start: [found[count, seed][start][name] for seed in seeds] for start in (SCRATCH, PRETRAINED)}
            scores = {start: [macro_f1(part) for part in parts] for start, parts in by_start.items()}
            gain = paired_difference(stack(by_start[PRETRAINED]), stack(by_start[SCRATCH]), Resampling())
            rows.append(
                {
                    "labels": count,
                    "modality": name,
                    **{f"{start} mean": round(statistics.mean(own), 4) for start, own in scores.items()},
                    **{start: [round(score, 4) for score in own] for start, own in scores.items()},
                    "gain": round(gain.estimate, 4),
                    "low": round(gain.low, 4),
                    "high": round(gain.high, 4),
                    "p": round(gain.p_value, 4),
                }
            )
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    print(f"\n{'labels':>6} {'modality':9} {SCRATCH:>12} {PRETRAINED:>11} {'gain':>8}   95% interval")
    for row in rows:
        print(
            f"{row['labels']:6d} {row['modality']:9} {row[f'{SCRATCH} mean']:12.3f} {row[f'{PRETRAINED} mean']:11.3f} "
            f"{row['gain']:+8.3f}   {row['low']:+.3f} to {row['high']:+.3f}"
        )


@tell_mistakes
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", help="environment whose features have been extracted; the demo without")
    parser.add_argument("--labels", default=[100, 300, 1000], type=int, nargs="+", help="beside all of them")
    parser.add_argument("--seeds", default=3, type=int, help="repetitions, with seeds 0, 1, …")
    parser.add_argument("--epochs", default=12, type=int, help="of a training on all labels; fewer labels have more")
    parser.add_argument("--pretraining-epochs", default=10, type=int)
    parser.add_argument("--variant-weight", default=0.0, type=float, help="as pretraining.variant_weight")
    parser.add_argument("--threads", type=int, help="of one training; default: hardware.threads of the environment")
    parser.add_argument("--out", type=Path, help="default: results/learning_curve_<dataset>.json")
    args = parser.parse_args()
    curve = Curve(args.env, args.epochs, args.threads)
    out = args.out or RESULTS / f"learning_curve_{curve.dataset}.json"
    params = PretrainingParameters(
        max_epochs=args.pretraining_epochs, variant_weight=args.variant_weight, **PRETRAINING
    )
    counts = sorted({count for count in args.labels if count < len(curve.known)})
    seeds = range(max(1, args.seeds))
    report: dict[str, Any] = {
        "dataset": curve.dataset,
        "score": "macro-F1 of the validation tickets after the last epoch",
        "training tickets": len(curve.known),
        "validation tickets": len(curve.judged),
        "copies": COPIES,
        "epochs on all labels": args.epochs,
        "pretraining": params.model_dump(mode="json"),
        "encoders": {name: curve.encoders[name].model_dump(mode="json") for name in MODALITIES},
        "training": {name: curve.training[name].model_dump(mode="json") for name in MODALITIES},
        "pretraining loss": {},
    }
    found: dict[tuple[int, int], dict[str, dict[str, Predictions]]] = {}
    started = time.monotonic()
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        weights = {}
        for seed in seeds:
            weights[seed], loss = curve.pretrain(params, seed)
            report["pretraining loss"][str(seed)] = round(loss, 4)
            minutes = (time.monotonic() - started) / 60
            print(f"seed {seed}: pretrained, loss {loss:.3f}, {minutes:.1f} min so far", flush=True)
        for count in (*counts, len(curve.known)):
            for seed in seeds:
                known = keep_labels(curve.known, count, seed)
                found[count, seed] = {
                    start: curve.predictions(known, own, seed)
                    for start, own in ((SCRATCH, {}), (PRETRAINED, weights[seed]))
                }
                scores = {
                    start: {name: round(macro_f1(part), 3) for name, part in own.items()}
                    for start, own in found[count, seed].items()
                }
                minutes = (time.monotonic() - started) / 60
                print(f"seed {seed}, {len(known)} labels: {scores}, {minutes:.1f} min so far", flush=True)
                report |= {"minutes": round(minutes, 1), "rows": summarise(found)}
                out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    finally:
        if found:
            print_table(summarise(found))
            print(f"written to {out}")


if __name__ == "__main__":
    main()
