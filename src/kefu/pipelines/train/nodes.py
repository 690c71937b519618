"""Nodes of the training pipelines."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score
from torch import Tensor

from kefu import modalities
from kefu.engines.shards import FeatureShard
from kefu.modalities.contract import Preprocessor
from kefu.training.checkpoints import clear_checkpoints
from kefu.training.data import collect_rows
from kefu.training.encoding import encode_shards
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.modality_model import ModalityModel, build_classifier, start_from_pretrained
from kefu.training.trainer import HISTORY_COLUMNS, Trained, TrainingParameters, predict_classifier, train_classifier

logger = logging.getLogger(__name__)

FeatureShards = Mapping[str, FeatureShard]


def train_of(modality: str) -> Callable[..., tuple[ModalityModel, pd.DataFrame]]:
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
    ) -> tuple[ModalityModel, pd.DataFrame]:
        """Train an encoder and its head for each fold, from pretrained weights where there are any.

        Its held-out customers stop it early; nothing sees the test split.

        Returns:
            The model, and the learning curve of each member.
        """
        labels = tuple(sorted(tickets["label"].unique()))
        folds = make_folds(tickets, bagging, seed)
        known = [fold.training.loc[fold.training[f"has_{modality}"], "label"] for fold in folds]
        if min(names.nunique() for names in known) < 2:
            if tickets[f"has_{modality}"].any():
                logger.warning(
                    "%s: %d training tickets with %d labels, too little to learn from; the model will do without it",
                    modality, len(known[0]), known[0].nunique(),
                )  # fmt: skip
            else:
                logger.info("%s: no ticket has any", modality)
            untrained = ModalityModel(modality, labels, cleaning, encoder, None, ())
            return untrained, pd.DataFrame(columns=["member", *HISTORY_COLUMNS])
        members: list[Trained] = []
        judged: list[tuple[NDArray[np.float32], NDArray[np.int64]]] = []
        for number, fold in enumerate(folds):
            validation = collect_rows([features], fold.validation, labels)
            classifier = build_classifier(modality, encoder, preprocessor, len(labels), seed + number)
            start_from_pretrained(modality, classifier.encoder, pretrained_encoder, number)
            trained = train_classifier(
                modality if len(folds) == 1 else f"{modality} {number + 1}/{len(folds)}",
                classifier,
                collect_rows([features, augmented_features], fold.training, labels),
                validation,
                training,
                num_classes=len(labels),
                hardware=choose_hardware(hardware),
                seed=seed + number,
                checkpoints=Path(checkpoints) / modality,
            )
            members.append(trained)
            if len(validation):
                output = predict_classifier(trained.classifier, validation.features, choose_hardware(hardware))
                judged.append((output.logits.numpy(), validation.targets))
        clear_checkpoints(Path(checkpoints) / modality)
        metrics = {
            "best_epoch": [trained.best_epoch for trained in members],
            "training_tickets": [len(names) for names in known],
            "pretrained": bool(pretrained_encoder),
            **_scores(judged),
        }
        history = pd.concat(
            [trained.history.assign(member=number) for number, trained in enumerate(members)], ignore_index=True
        )
        classifiers = tuple(trained.classifier for trained in members)
        model = ModalityModel(modality, labels, cleaning, encoder, preprocessor, classifiers, metrics)
        return model, history[["member", *HISTORY_COLUMNS]]

    train.__annotations__ |= {"cleaning": module.Cleaning, "encoder": module.EncoderParameters}
    return train


def encode(
    model: ModalityModel, features: FeatureShards, hardware: HardwareParameters
) -> Iterator[dict[str, FeatureShard]]:
    """Write down the embeddings (N, K, D) and the logits (N, K, C) of every ticket that has the modality."""
    for name, shard in encode_shards(model, features, choose_hardware(hardware)):
        yield {name: shard}


def _scores(judged: Sequence[tuple[NDArray[np.float32], NDArray[np.int64]]]) -> dict[str, float]:
    """Score what each member says of the tickets that it has not seen, all together."""
    if not judged:
        return {}
    predicted = np.concatenate([logits.argmax(axis=1) for logits, _ in judged])
    targets = np.concatenate([targets for _, targets in judged])
    return {
        "validation_accuracy": float(accuracy_score(targets, predicted)),
        "validation_macro_f1": float(f1_score(targets, predicted, average="macro", zero_division=0)),
    }
