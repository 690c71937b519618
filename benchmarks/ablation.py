"""What each ingredient of a training is worth: switch one off at a time and score the validation tickets.

    python benchmarks/ablation.py --env retail image                # every ingredient, three seeds
    python benchmarks/ablation.py audio --seeds 2 --set training.max_epochs=10 --set hardware.threads=1
    python benchmarks/ablation.py --env retail audio --only --try training.ema_decay=0.99 --try training.mixup_alpha=0.4
    python benchmarks/ablation.py --env retail --preset best image --try encoder.architecture=resnet

The features must have been extracted: ``kedro run --pipelines clean,augment,features,pretrain --env retail``. Each
training is the node of the pipeline itself, with the environment's parameters but for one. The test split is left out
before anything is trained. Differences are to the unchanged training of the same seed; between equal trainings of
different seeds a score moves too, so a difference counts where all seeds agree. The macro-F1 of the seeds' mean
probabilities shows what ``bagging.folds`` is worth: models of one split, where folds would also vary the tickets.
Ctrl-C leaves what is finished in the results.
"""

import argparse
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import ValidationError
from sklearn.metrics import f1_score

from kefu.cli.mistakes import explain_parameters, tell_mistakes
from kefu.cli.project import open_project
from kefu.modalities import MODALITIES
from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError

RESULTS = Path(__file__).parent / "results"
BASELINE = "unchanged"
WITHOUT_COPIES = "without augmented copies"
OFF: dict[str, Any] = {
    "label_smoothing": 0.0,
    "class_weights": "none",
    "weight_decay": 0.0,
    "warmup_share": 0.0,
    "ema_decay": 0.0,
    "mixup_alpha": 0.0,
    "cutmix_alpha": 0.0,
    "average_mirrored": False,
    "jitter": 0.0,
    "dropout": 0.0,
    "stochastic_depth": 0.0,
    "token_dropout": 0.0,
    "num_masks": 0,
    "mask_bands": 0,
    "mask_share": 0.0,
}
"""The value that switches a parameter of this name off."""

Groups = Mapping[str, Parameters]
Changes = Mapping[str, Any]


class Judged(NamedTuple):
    """What a training says of the N validation tickets."""

    score: float
    """Macro-F1."""
    probabilities: NDArray[np.float64]
    """(N, C)"""
    targets: NDArray[np.int64]
    """(N,)"""


def ingredients(groups: Groups) -> Iterator[tuple[str, Any]]:
    """Yield the dotted name of each parameter that is on, in training and the chosen encoder, and its value for off.

    An architecture such as ``rnn_tfidf`` is made of the encoders that its name joins.
    """
    encoder = groups["encoder"].model_dump()
    architecture = encoder["architecture"]
    chosen = {name: encoder[name] for name in ([architecture] if architecture in encoder else architecture.split("_"))}
    parts = {"training": groups["training"].model_dump(), "encoder": encoder}
    parts |= {f"encoder.{name}": part for name, part in chosen.items()}
    for prefix, part in parts.items():
        yield from ((f"{prefix}.{name}", OFF[name]) for name in part if name in OFF and part[name] != OFF[name])


def change(groups: Groups, changes: Changes) -> dict[str, Parameters]:
    """Return the groups with other values for some dotted names.

    Raises:
        KefuError: there is no such parameter, or the value does not fit.
    """
    changed = dict(groups)
    for dotted, value in changes.items():
        group, *path = dotted.split(".")
        if group not in changed or not path:
            raise KefuError(f"{dotted}: give a parameter of {', '.join(changed)}, as in training.max_epochs=10")
        data = part = changed[group].model_dump()
        for name in path[:-1]:
            part = part.get(name)
            if not isinstance(part, dict):
                raise KefuError(f"{dotted}: there is no such parameter")
        part[path[-1]] = value
        try:
            changed[group] = type(changed[group]).model_validate(data)
        except ValidationError as error:
            raise KefuError(explain_parameters(error, group, type(changed[group]))) from None
    return changed


def summarise(judged: Mapping[str, Mapping[int, Judged]]) -> list[dict[str, Any]]:
    """Return a row a variant: its scores by seed, their differences to the unchanged training of the same seed, and
    the score of the seeds' mean probabilities.
    """
    rows = []
    for name, by_seed in judged.items():
        differences = [one.score - judged[BASELINE][seed].score for seed, one in by_seed.items()]
        rows.append(
            {
                "variant": name,
                "scores": {str(seed): round(one.score, 4) for seed, one in by_seed.items()},
                "mean": round(statistics.mean(one.score for one in by_seed.values()), 4),
                "of_mean_probabilities": round(score_together(list(by_seed.values())), 4),
                "difference_mean": round(statistics.mean(differences), 4),
                "difference_min": round(min(differences), 4),
                "difference_max": round(max(differences), 4),
            }
        )
    return rows


def score_together(members: Sequence[Judged]) -> float:
    """Return the macro-F1 of the mean of several trainings' probabilities."""
    together = np.mean([member.probabilities for member in members], axis=0).argmax(axis=1)
    return float(f1_score(members[0].targets, together, average="macro", zero_division=0))


def print_table(rows: list[dict[str, Any]]) -> None:
    print(f"\n{'variant':44} {'macro-F1':>8} {'together':>8} {'difference':>10}   (min .. max)")
    for row in rows:
        scores = f"{row['mean']:8.4f} {row['of_mean_probabilities']:8.4f} {row['difference_mean']:+10.4f}"
        span = f"{row['difference_min']:+.4f} .. {row['difference_max']:+.4f}"
        print(f"{row['variant']:44} {scores}   ({span}, {len(row['scores'])} seeds)")


class Trainings:
    """Trains one modality of an environment, with whatever changes."""

    def __init__(self, modality: str, environment: str | None, preset: str | None) -> None:
        from kefu.pipelines.train import create_pipeline
        from kefu.training.folds import BaggingParameters

        self.modality = modality
        self.names = {group: f"params:{modality}.{group}" for group in ("training", "encoder")}
        self.names["hardware"] = "params:hardware"
        (self.node,) = create_pipeline(modality).filter(node_names=[f"{modality}.train"]).nodes
        with open_project(environment, {"preset": preset} if preset else {}) as context:
            catalog = context.catalog
            self.dataset = catalog.load("params:dataset")
            self.inputs = {name: catalog.load(name) for name in self.node.inputs}
        logging.getLogger("kefu").setLevel(logging.WARNING)
        self.tickets = self.inputs[f"{modality}.tickets"].query("split != 'test'")
        self.inputs[f"{modality}.tickets"] = self.tickets
        self.inputs["params:bagging"] = BaggingParameters(folds=1)
        self.groups: Groups = {group: self.inputs[name] for group, name in self.names.items()}

    def judge(self, groups: Groups, seed: int, *, copies: bool) -> Judged:
        """Train once, and return what the best epoch says of the validation tickets."""
        from kefu.training.data import collect_rows
        from kefu.training.hardware import choose_hardware
        from kefu.training.trainer import predict_classifier

        inputs = self.inputs | {name: groups[group] for group, name in self.names.items()}
        inputs["params:seed"] = seed
        if not copies:
            inputs[f"{self.modality}.augmented_features"] = {}
        with tempfile.TemporaryDirectory() as checkpoints:
            inputs["params:checkpoints"] = checkpoints
            model = self.node.run(inputs)[f"{self.modality}.model"]
        if "validation_macro_f1" not in model.metrics:
            raise KefuError(f"{self.modality}: too few training or validation tickets to compare anything")
        judged = self.tickets.query("split == 'validation'")
        rows = collect_rows([inputs[f"{self.modality}.features"]], judged, model.labels)
        (classifier,) = model.classifiers
        output = predict_classifier(classifier, rows.features, choose_hardware(inputs["params:hardware"]))
        probabilities = output.logits.double().softmax(dim=1).numpy()
        return Judged(float(model.metrics["validation_macro_f1"]), probabilities, rows.targets)


def parse_change(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' should be name=value, as in training.max_epochs=10")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError:
        raise argparse.ArgumentTypeError(f"'{value}' is no value in YAML") from None


@tell_mistakes
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modality", choices=MODALITIES)
    parser.add_argument("--env", help="environment whose features have been extracted; the demo without")
    parser.add_argument("--preset", help="a file of conf/presets, as with kedro run")
    parser.add_argument("--seeds", default=3, type=int, help="trainings of each variant, with seeds 0, 1, …")
    parser.add_argument("--set", action="append", default=[], type=parse_change, help="for every training: name=value")
    parser.add_argument("--try", action="append", default=[], type=parse_change, dest="tried", help="one more variant")
    parser.add_argument("--only", action="store_true", help="only what --try names; switch nothing off")
    parser.add_argument("--out", type=Path, help="default: results/ablation_<dataset>_<modality>.json")
    args = parser.parse_args()
    seeds = range(max(1, args.seeds))
    trainings = Trainings(args.modality, args.env, args.preset)
    out = args.out or RESULTS / f"ablation_{trainings.dataset}_{args.modality}.json"
    groups = change(trainings.groups, dict(args.set))
    variants: dict[str, Changes] = {BASELINE: {}}
    if not args.only:
        if trainings.inputs[f"{args.modality}.augmented_features"]:
            variants[WITHOUT_COPIES] = {}
        variants |= {f"without {name}": {name: off} for name, off in ingredients(groups)}
    variants |= {f"{name} = {value}": {name: value} for name, value in args.tried}
    changed = {name: change(groups, changes) for name, changes in variants.items()}

    report: dict[str, Any] = {
        "dataset": trainings.dataset,
        "modality": args.modality,
        "preset": args.preset,
        "score": "macro-F1 of the validation tickets at the best epoch",
        "parameters": {name: groups[name].model_dump(mode="json") for name in groups},
    }
    judged: dict[str, dict[int, Judged]] = {}
    runs = [(seed, name) for seed in seeds for name in variants]
    out.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        for number, (seed, name) in enumerate(runs, start=1):
            one = judged.setdefault(name, {})[seed] = trainings.judge(
                changed[name], seed, copies=name != WITHOUT_COPIES
            )
            report["rows"] = summarise(judged)
            out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            minutes_left = (time.monotonic() - started) / number * (len(runs) - number) / 60
            difference = one.score - judged[BASELINE][seed].score
            done = f"[{number}/{len(runs)}] seed {seed}, {name}: {one.score:.4f} ({difference:+.4f})"
            print(f"{done}, about {minutes_left:.0f} min left", flush=True)
    finally:
        if judged:
            print_table(summarise(judged))
            print(f"written to {out}")


if __name__ == "__main__":
    main()
