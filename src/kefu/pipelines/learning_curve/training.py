"""Node that trains one modality on growing subsets of the tickets."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import save
from torch import Tensor

from kefu import modalities
from kefu.datasets.shards import Shards
from kefu.engines import ShardPlan, recipe
from kefu.engines.shards import FeatureShard
from kefu.experiments.code import code_digest
from kefu.modalities.contract import Preprocessor
from kefu.modalities.frozen import shared_memory
from kefu.tickets.errors import KefuError
from kefu.training.data import collect_rows
from kefu.training.folds import BaggingParameters, Fold, make_folds
from kefu.training.hardware import Hardware, HardwareParameters, choose_hardware
from kefu.training.members import MemberTask, train_members
from kefu.training.subsets import DataSizeParameters, Subset, draw_subsets, epochs_of
from kefu.training.trainer import TrainingParameters, predict_classifier

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SubsetTask:
    """Train the members of one modality on a subset, and let them speak of tickets that some have not learned from."""

    members: Sequence[MemberTask]
    """None where the subset has too little of the modality to learn from."""
    judged: pd.DataFrame
    labels: tuple[str, ...]


def train_subsets_of(modality: str) -> Callable[..., ShardPlan[SubsetTask, FeatureShard]]:
    """Return the node function that trains one modality on growing subsets of the tickets."""
    module = modalities.get(modality)

    def train_subsets(
        tickets: pd.DataFrame,
        features: Shards[FeatureShard],
        augmented_features: Shards[FeatureShard],
        preprocessor: Preprocessor,
        pretrained_encoder: Mapping[str, Tensor],
        encoder: Any,
        training: TrainingParameters,
        params: DataSizeParameters,
        split: str,
        bagging: BaggingParameters,
        checkpoints: str,
        seed: int,
        hardware: HardwareParameters,
    ) -> ShardPlan[SubsetTask, FeatureShard]:
        """Write down the logits (N, K, C) of the K members trained on each subset, a shard a subset.

        The preprocessor (vocabulary, statistics) and the copies are those of all tickets. A subset that was trained on
        before with the same code, data and parameters is not trained on again.
        """
        machine = choose_hardware(hardware)
        subsets = draw_subsets(tickets, params, split, seed)
        given = partial(
            MemberTask,
            modality=modality,
            features=features,
            augmented_features=augmented_features,
            preprocessor=preprocessor,
            pretrained_encoder=pretrained_encoder,
            encoder=encoder,
            checkpoints=Path(checkpoints) / f"{modality}.train_subsets",
        )

        def training_of(subset: Subset) -> TrainingParameters:
            epochs = epochs_of(training.max_epochs, params.epoch_factor, subset.share)
            return training.model_copy(update={"max_epochs": epochs})

        def task_of(number: int) -> SubsetTask:
            subset = subsets[number]
            name = f"{modality} on {subset.share:.0%}"
            folds = _folds_to_learn_from(subset, modality, bagging, name)
            members = [
                given(
                    name=name if len(folds) == 1 else f"{name} {member + 1}/{len(folds)}",
                    number=member,
                    fold=fold,
                    labels=subset.labels,
                    training=training_of(subset),
                    seed=subset.seed,
                )
                for member, fold in enumerate(folds)
            ]
            judged = subset.tickets[subset.tickets["split"].isin(bagging.judging_splits)]
            return SubsetTask(members, judged, subset.labels)

        same_for_all = {
            "code": code_digest(__name__, f"kefu.modalities.{modality}"),
            "features": [features.digest(name) for name in features],
            "augmented_features": [augmented_features.digest(name) for name in augmented_features],
            "preprocessor": _digest(preprocessor.to_files()),
            "pretrained_encoder": _digest({"weights": save(dict(pretrained_encoder))}),
            "encoder": encoder.model_dump(mode="json"),
            "bagging": bagging.model_dump(mode="json"),
            "hardware": asdict(machine),
        }
        return ShardPlan(
            f"{modality}: learning curve",
            [
                recipe(
                    tickets=subset.tickets.to_json(orient="values"),
                    training=training_of(subset).model_dump(mode="json"),
                    seed=subset.seed,
                    **same_for_all,
                )
                for subset in subsets
            ],
            task_of,
            partial(train_subset, hardware=machine),
        )

    train_subsets.__annotations__["encoder"] = module.EncoderParameters
    return train_subsets


def train_subset(task: SubsetTask, hardware: Hardware) -> FeatureShard:
    """Return the logits (N, K, C) that K members give the tickets to be judged; no row where none could be trained.

    Raises:
        KefuError: a training diverged, or its process was killed.
        KeyboardInterrupt: Ctrl-C; the checkpoints of the last whole epoch of each member stay.
    """
    if not task.members:
        return FeatureShard([], {"logits": np.zeros((0, 1, len(task.labels)), dtype=np.float32)})
    classifiers = [member.trained.classifier for member in train_members(task.members, hardware)]
    rows = collect_rows([task.members[0].features], task.judged, task.labels)
    with shared_memory(classifiers):
        logits = [predict_classifier(classifier, rows.features, hardware).logits.numpy() for classifier in classifiers]
    return FeatureShard(list(rows.ticket_ids), {"logits": np.stack(logits, axis=1)})


def _folds_to_learn_from(subset: Subset, modality: str, bagging: BaggingParameters, name: str) -> tuple[Fold, ...]:
    """Return the folds of a subset; none, with a warning, where it has too little of the modality."""
    try:
        folds = make_folds(subset.tickets, bagging, subset.seed)
    except KefuError as error:
        logger.warning("%s of the tickets: left out: %s", name, error)
        return ()
    if min(fold.labels_of(modality).nunique() for fold in folds) < 2:
        logger.warning("%s of the tickets: too little to learn from; the learning curve does without it", name)
        return ()
    return folds


def _digest(files: Mapping[str, bytes]) -> str:
    digest = blake2b(digest_size=16)
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)}\0".encode() + content)
    return digest.hexdigest()
