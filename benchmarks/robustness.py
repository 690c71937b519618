"""What the fused model loses where a modality is noisy or missing, and what a model made for just that would do.

    python benchmarks/robustness.py --env retail --preset best            # after kedro run --pipeline train_fusion
    python benchmarks/robustness.py --env retail --strategy late --strategy adaptive

Everything is out of fold: each ticket outside of the test split is spoken of by classifiers that were trained without
its customer, and by a fusion that was fitted without it, all folds pooled. Noise is that of the environment
(``<modality>.noise``). Two tables:

- scenarios: macro-F1 and calibration error (15 bins of equal mass) of tickets as they came, with each modality noisy,
  and with each modality hidden;
- subsets: for every set of modalities, the tickets that have them all, with all else hidden, by the fused model and by
  the same strategy fitted on these modalities alone. Encoders are the same, since each is trained by itself.

Intervals are 95% bootstrap intervals over customers.
"""

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project
from kefu.evaluation.bootstrap import MACRO_F1, Resampling, paired_difference, score_intervals
from kefu.evaluation.calibration import expected_calibration_error
from kefu.evaluation.predictions import Predictions, modality_columns
from kefu.fusion.contract import FusionRows
from kefu.fusion.out_of_fold import EnsembleOutOfFold, OutOfFold
from kefu.fusion.rows import add_noisy, gather
from kefu.fusion.strategies import END_TO_END, ENSEMBLE, STRATEGIES, FusionParameters, Heads
from kefu.modalities import MODALITIES
from kefu.model import heads_of
from kefu.tickets.errors import KefuError
from kefu.training.folds import make_folds

RESULTS = Path(__file__).parent / "results"
MEASURED = (*(name for name in STRATEGIES if name not in END_TO_END), ENSEMBLE)
Rows = Sequence[FusionRows]
"""The held-out tickets of each member."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The N held-out tickets of a trained environment, those of one member after the other: as they came, and noisy."""

    dataset: str
    parameters: FusionParameters
    chosen: str
    """The strategy that became the model."""
    seed: int
    labels: tuple[str, ...]
    heads: Sequence[Heads]
    """For each member, the heads of its modalities."""
    prior: torch.Tensor
    """Share of each class among the training tickets (C,)."""
    clean: Rows
    noisy: Rows
    tickets: pd.DataFrame
    """``ticket_id``, ``customer_id``, ``language``, ``split`` and ``has_<modality>`` of each ticket."""

    @classmethod
    def load(cls, environment: str | None, preset: str | None) -> Self:
        """Read what a run of the environment has left."""
        with open_project(environment, {"preset": preset} if preset else {}) as context:
            catalog = context.catalog
            dataset, seed = catalog.load("params:dataset"), catalog.load("params:seed")
            parameters, chosen = catalog.load("params:fusion"), catalog.load("selection")["chosen"]
            tickets, bagging = catalog.load("tickets"), catalog.load("params:bagging")
            models = {name: catalog.load(f"{name}.model") for name in MODALITIES}
            parts = {name: model for name, model in models.items() if model.is_trained}
            outputs = {
                kind: {n: dict(catalog.load(f"{n}.{kind}")) for n in parts} for kind in ("outputs", "noisy_outputs")
            }
        logging.getLogger("kefu").setLevel(logging.WARNING)
        labels = next(iter(parts.values())).labels
        frames = [fold.validation for fold in make_folds(tickets, bagging, seed)]
        if not sum(len(frame) for frame in frames):
            raise KefuError("there are no held-out tickets to judge by; see tickets.splits and bagging")
        clean, noisy = (
            [gather(frame, outputs[kind], labels).member(member) for member, frame in enumerate(frames)]
            for kind in ("outputs", "noisy_outputs")
        )
        heads = [heads_of(parts, member) for member in range(len(frames))]
        frame = pd.concat(frames, ignore_index=True)
        known = frame.reindex(columns=["ticket_id", "customer_id", "language", "split", *modality_columns(frame)])
        counts = tickets.loc[tickets["split"] == "train", "label"].value_counts().reindex(labels, fill_value=0)
        prior = torch.tensor(counts.to_numpy(), dtype=torch.float32)
        return cls(dataset, parameters, chosen, seed, labels, heads, prior, clean, noisy, known)

    @property
    def modalities(self) -> list[str]:
        """The trained modalities."""
        return sorted(self.heads[0])

    @property
    def targets(self) -> NDArray[np.int64]:
        """The true classes (N,)."""
        return np.concatenate([rows.targets for rows in self.clean])

    def present(self, rows: Rows, name: str) -> NDArray[np.bool_]:
        """Return which tickets (N,) have a modality."""
        return torch.cat([part.present[name] for part in rows]).numpy()

    def fit(self, strategy: str, names: Sequence[str]) -> OutOfFold | EnsembleOutOfFold:
        """Fit a strategy on some of the modalities."""
        if strategy == ENSEMBLE:
            members = {name: self._fit(name, names) for name in self.parameters.on_shared_parts}
            return EnsembleOutOfFold.fit(members, only(self.clean, names), self.seed)
        return self._fit(strategy, names)

    def _fit(self, strategy: str, names: Sequence[str]) -> OutOfFold:
        heads = [{name: own[name] for name in names} for own in self.heads]
        learned_from = only(self.clean, names)
        if self.parameters.fit_noisy:
            noisy = only(self.noisy, names)
            learned_from = [add_noisy(a, b) for a, b in zip(learned_from, noisy, strict=True)]
        return OutOfFold.fit(strategy, heads, self.prior, learned_from, params=self.parameters, seed=self.seed)

    def predictions(
        self, name: str, fitted: OutOfFold | EnsembleOutOfFold, rows: Rows, shown: NDArray[np.bool_]
    ) -> Predictions:
        """Return what is said of some of the tickets."""
        found = fitted.predict(rows)
        found /= found.sum(axis=1, keepdims=True)
        return Predictions(name, "fusion", self.labels, found, self.targets, self.tickets).select(shown)


def only(held_out: Rows, names: Sequence[str]) -> list[FusionRows]:
    """Return the rows with nothing but some modalities."""
    return [
        FusionRows(
            {name: rows.embeddings[name] for name in names},
            {name: rows.present[name] for name in names},
            rows.targets,
            rows.groups,
        )
        for rows in held_out
    ]


def scenarios(held_out: HeldOut, fitted: OutOfFold | EnsembleOutOfFold, resampling: Resampling) -> list[dict[str, Any]]:
    """Return a row for the tickets as they came, and two for each modality."""
    names = held_out.modalities
    there = {name: held_out.present(held_out.clean, name) for name in names}
    unchanged = held_out.predictions("as they came", fitted, held_out.clean, np.ones(len(held_out.targets), dtype=bool))
    changed = [unchanged]
    for name in names:
        noisy = [a.with_noisy(name, b) for a, b in zip(held_out.clean, held_out.noisy, strict=True)]
        changed.append(held_out.predictions(f"{name} noisy", fitted, noisy, there[name]))
        others = np.any([there[other] for other in names if other != name], axis=0) if len(names) > 1 else ~there[name]
        hidden = [rows.without(name) for rows in held_out.clean]
        changed.append(held_out.predictions(f"{name} missing", fitted, hidden, there[name] & others))
    return [
        describe(one, resampling) | {"ece": round(expected_calibration_error(one), 4)} for one in changed if len(one)
    ]


def subsets(
    held_out: HeldOut, strategy: str, fitted: OutOfFold | EnsembleOutOfFold, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return a row for every set of modalities: the fused model, and one made for these."""
    names, rows = held_out.modalities, []
    for size in range(1, len(names) + 1):
        for shown in combinations(names, size):
            some = np.all([held_out.present(held_out.clean, name) for name in shown], axis=0)
            hidden = held_out.clean
            for name in set(names) - set(shown):
                hidden = [part.without(name) for part in hidden]
            fused = held_out.predictions("+".join(shown), fitted, hidden, some)
            own = held_out.predictions("own", held_out.fit(strategy, shown), only(held_out.clean, shown), some)
            found = paired_difference(fused, own, resampling)
            rows.append(
                describe(fused, resampling)
                | {
                    "made_for_it": round(float(score_intervals(own, resampling).estimate[MACRO_F1]), 4),
                    "difference": round(found.estimate, 4),
                    "difference_low": round(found.low, 4),
                    "difference_high": round(found.high, 4),
                }
            )
    return rows


def describe(predictions: Predictions, resampling: Resampling) -> dict[str, Any]:
    """Return name, tickets and macro-F1."""
    scores = score_intervals(predictions, resampling)
    return {
        "name": predictions.name,
        "n": len(predictions),
        "macro_f1": round(float(scores.estimate[MACRO_F1]), 4),
        "macro_f1_low": round(float(scores.low[MACRO_F1]), 4),
        "macro_f1_high": round(float(scores.high[MACRO_F1]), 4),
    }


def print_rows(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    print(f"\n{title}")
    for row in rows:
        interval = f"({row['macro_f1_low']:.3f} to {row['macro_f1_high']:.3f})"
        more = "  ".join(f"{key} {row[key]:+.3f}" if key == "difference" else f"{key} {row[key]:.3f}"
                         for key in ("ece", "made_for_it", "difference") if key in row)  # fmt: skip
        print(f"  {row['name']:20} n {row['n']:5}  macro-F1 {row['macro_f1']:.3f} {interval}  {more}")


@tell_mistakes
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", help="environment that has been trained; the demo without")
    parser.add_argument("--preset", help="a file of conf/presets, as it was trained with")
    parser.add_argument("--strategy", action="append", choices=MEASURED, help="default: the chosen one")
    parser.add_argument("--out", type=Path, help="default: results/robustness_<dataset>.json")
    args = parser.parse_args()
    held_out = HeldOut.load(args.env, args.preset)
    strategies = args.strategy or [held_out.chosen]
    if unknown := set(strategies) - set(MEASURED):
        raise KefuError(f"the model is {', '.join(unknown)}, which is not measured; name one with --strategy late")
    resampling = Resampling()
    report: dict[str, Any] = {"dataset": held_out.dataset, "preset": args.preset, "strategies": {}}
    for strategy in strategies:
        fitted = held_out.fit(strategy, held_out.modalities)
        found = {
            "scenarios": scenarios(held_out, fitted, resampling),
            "subsets": subsets(held_out, strategy, fitted, resampling),
        }
        report["strategies"][strategy] = found
        for title, rows in found.items():
            print_rows(f"{strategy}: {title}", rows)
    out = args.out or RESULTS / f"robustness_{held_out.dataset}.json"
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten to {out}")


if __name__ == "__main__":
    main()
