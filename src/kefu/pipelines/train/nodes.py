"""Nodes of the training pipelines."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score
from torch import Tensor

from kefu import modalities
from kefu.datasets.shards import Shards
from kefu.engines import ShardPlan, recipe
from kefu.engines.shards import FeatureShard
from kefu.experiments.code import code_digest
from kefu.modalities.contract import Preprocessor
from kefu.training.encoding import encode_shard
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.members import Member, MemberTask, train_members
from kefu.training.modality_model import ModalityModel
from kefu.training.run_facts import Meter
from kefu.training.trainer import HISTORY_COLUMNS, TrainingParameters

logger = logging.getLogger(__name__)

FeatureShards = Mapping[str, FeatureShard]


def train_of(modality: str) -> Callable[..., tuple[ModalityModel, pd.DataFrame, dict[str, Any]]]:
    """Return the node function that trains one modality."""
    module = modalities.get(modality)

    def train(
        tickets: pd.DataFrame,
        features: FeatureShards,
        augmented_features: FeatureShards,
        preprocessor: Preprocessor,
        pretrained_encoder: Mapping[str, Tensor],
        cleaning: Any,
        encoder: Any,
        training: TrainingParameters,
        bagging: BaggingParameters,
        checkpoints: str,
        seed: int,
        hardware: HardwareParameters,
    ) -> tuple[ModalityModel, pd.DataFrame, dict[str, Any]]:
        """Train an encoder and its head for each fold, from pretrained weights where there are any.

        Its held-out customers stop it early; nothing sees the test split.

        Returns:
            The model, the learning curve of each member, and how the run went, below ``run`` and the modality.
        """
        labels = tuple(sorted(tickets["label"].unique()))
        folds = make_folds(tickets, bagging, seed)
        known = [fold.labels_of(modality) for fold in folds]
        if min(names.nunique() for names in known) < 2:
            if tickets[f"has_{modality}"].any():
                logger.warning(
                    "%s: %d training tickets with %d labels, too little to learn from; the model will do without it",
                    modality, len(known[0]), known[0].nunique(),
                )  # fmt: skip
            else:
                logger.info("%s: no ticket has any", modality)
            untrained = ModalityModel(modality, labels, cleaning, encoder, None, ())
            return untrained, pd.DataFrame(columns=["member", *HISTORY_COLUMNS]), {}
        folder = Path(checkpoints) / f"{modality}.train"
        machine = choose_hardware(hardware)
        tasks = [
            MemberTask(
                name=modality if len(folds) == 1 else f"{modality} {number + 1}/{len(folds)}",
                modality=modality,
                number=number,
                fold=fold,
                features=features,
                augmented_features=augmented_features,
                preprocessor=preprocessor,
                pretrained_encoder=pretrained_encoder,
                encoder=encoder,
                labels=labels,
                training=training,
                seed=seed,
                checkpoints=folder,
            )
            for number, fold in enumerate(folds)
        ]
        with Meter(machine) as meter:
            members = train_members(tasks, machine)
        metrics = {
            "best_epoch": [member.trained.best_epoch for member in members],
            "training_tickets": [len(names) for names in known],
            "pretrained": bool(pretrained_encoder),
            **_scores(members),
        }
        history = pd.concat(
            [member.trained.history.assign(member=number) for number, member in enumerate(members)], ignore_index=True
        )
        classifiers = tuple(member.trained.classifier for member in members)
        model = ModalityModel(modality, labels, cleaning, encoder, preprocessor, classifiers, metrics)
        facts = meter.facts(
            [(len(names), member.trained.history) for names, member in zip(known, members, strict=True)],
            at_a_time=machine.divide(len(folds))[0],
        )
        return model, history[["member", *HISTORY_COLUMNS]], {"run": {modality: facts}}

    train.__annotations__ |= {"cleaning": module.Cleaning, "encoder": module.EncoderParameters}
    return train


def encode(
    model: ModalityModel, features: Shards[FeatureShard], hardware: HardwareParameters
) -> ShardPlan[FeatureShard, FeatureShard]:
    """Write down the embeddings (N, K, D) and the logits (N, K, C) of every ticket that has the modality."""
    machine = choose_hardware(hardware)
    names = list(features)
    code = code_digest("kefu.training.encoding", f"kefu.modalities.{model.name}")
    digest = model.digest()
    return ShardPlan(
        f"{model.name}: encode",
        [recipe(code=code, model=digest, hardware=asdict(machine), features=features.digest(name)) for name in names],
        lambda number: features[names[number]],
        partial(encode_shard, model, machine),
    )


def _scores(members: Sequence[Member]) -> dict[str, float]:
    """Score what each member says of the tickets that it has not seen, all together."""
    predicted = np.concatenate([member.logits.argmax(axis=1) for member in members])
    targets = np.concatenate([member.targets for member in members])
    if len(targets) == 0:
        return {}
    return {
        "validation_accuracy": float(accuracy_score(targets, predicted)),
        "validation_macro_f1": float(f1_score(targets, predicted, average="macro", zero_division=0)),
    }
