"""The members of an ensemble: each trained on a fold of its own, on a CPU several of them at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from kefu.engines.shards import FeatureShard
from kefu.engines.side_by_side import run_side_by_side
from kefu.modalities.contract import Preprocessor
from kefu.parameters import Parameters
from kefu.training.data import collect_rows
from kefu.training.folds import Fold
from kefu.training.hardware import Hardware, limit_threads
from kefu.training.modality_model import build_classifier, start_from_pretrained
from kefu.training.trainer import Trained, TrainingParameters, predict_classifier, train_classifier

Task = TypeVar("Task")
Result = TypeVar("Result")

_MEND = "lower hardware.threads, as so many models at most are trained at a time, or bagging.folds"


@dataclass(frozen=True)
class MemberTask:
    """What decides how a member of one modality is trained: little, as it travels to another process.

    The rows do not travel: shards are read where they are needed.
    """

    name: str
    """For messages."""
    modality: str
    number: int
    """Of the member, from 0."""
    fold: Fold
    features: Mapping[str, FeatureShard]
    augmented_features: Mapping[str, FeatureShard]
    preprocessor: Preprocessor
    pretrained_encoder: Mapping[str, Tensor]
    """Weights that the encoders of all members start from; may be empty."""
    encoder: Parameters
    labels: tuple[str, ...]
    training: TrainingParameters
    seed: int
    checkpoints: Path


@dataclass(frozen=True)
class Member:
    """A trained member, and what it says of the tickets that it has not seen."""

    trained: Trained
    logits: NDArray[np.float32]
    """(n, C)"""
    targets: NDArray[np.int64]
    """(n,)"""


def train_members(tasks: Sequence[MemberTask], hardware: Hardware) -> list[Member]:
    """Train the members of one modality, on a CPU side by side, and return them in the order of the tasks.

    Members that were trained before an interruption are taken up from their checkpoints, finished ones at their end;
    how many are trained at a time makes no difference to that. Whoever has put all in safety clears them.

    Raises:
        KefuError: a training diverged, or its process was killed; the others are stopped.
        KeyboardInterrupt: Ctrl-C; the checkpoints of the last whole epoch of each member stay.
    """
    return map_trainings(train_member, [slim(task) for task in tasks], hardware)


def map_trainings(
    function: Callable[[Task, Hardware], Result], tasks: Sequence[Task], hardware: Hardware
) -> list[Result]:
    """Return ``function(task, hardware)`` of every task, the hardware divided among as many as run at a time.

    Args:
        function: trains something; picklable, as its results.
        tasks: picklable, and small.
        hardware: of all of them together.

    Raises:
        KefuError: a process was killed; what a training raises comes through as it is, and the others are stopped.
        KeyboardInterrupt: Ctrl-C.
    """
    processes, share = hardware.divide(len(tasks))
    return run_side_by_side(
        partial(_train, function, share), tasks, processes=processes, threads=share.threads, mend=_MEND
    )


def _train(function: Callable[[Task, Hardware], Result], hardware: Hardware, task: Task) -> Result:
    with limit_threads(hardware.threads):
        return function(task, hardware)


def train_member(task: MemberTask, hardware: Hardware) -> Member:
    """Train one member in this process.

    Raises:
        KefuError: the training diverged, or the pretrained weights are of another encoder.
        KeyboardInterrupt: Ctrl-C; the checkpoint of the last whole epoch stays.
    """
    validation = collect_rows([task.features], task.fold.validation, task.labels)
    seed = task.seed + task.number
    with limit_threads(1):  # a checkpoint is found by its starting weights, and orthogonal ones depend on threads
        classifier = build_classifier(task.modality, task.encoder, task.preprocessor, len(task.labels), seed)
    start_from_pretrained(task.modality, classifier.encoder, task.pretrained_encoder, task.number)
    trained = train_classifier(
        task.name,
        classifier,
        collect_rows([task.features, task.augmented_features], task.fold.training, task.labels),
        validation,
        task.training,
        num_classes=len(task.labels),
        hardware=hardware,
        seed=seed,
        checkpoints=task.checkpoints,
    )
    logits = np.zeros((0, len(task.labels)), dtype=np.float32)
    if len(validation):
        logits = predict_classifier(trained.classifier, validation.features, hardware).logits.numpy()
    return Member(trained, logits, validation.targets)


def slim(task: MemberTask) -> MemberTask:
    """Leave out what this member has no use for."""
    columns = ["ticket_id", "label"]
    own = {
        name: value.clone()  # which else is pickled with all the weights that lie in the same storage
        for name, value in task.pretrained_encoder.items()
        if name.startswith(f"{task.number}.")
    }
    return replace(
        task,
        fold=Fold(task.fold.training[columns], task.fold.validation[columns]),
        pretrained_encoder=own or task.pretrained_encoder,  # not empty where it was not: there are fewer members
    )
