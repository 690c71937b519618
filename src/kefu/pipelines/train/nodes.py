"""Nodes of the training pipelines."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score

from kefu import modalities
from kefu.engines.shards import FeatureShard
from kefu.modalities.contract import Preprocessor
from kefu.training.data import FeatureRows
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.modality_model import ModalityModel, build_classifier
from kefu.training.trainer import HISTORY_COLUMNS, TrainingParameters, predict_classifier, train_classifier

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
        cleaning: Any,
        encoder: Any,
        training: TrainingParameters,
        checkpoints: str,
        seed: int,
        hardware: HardwareParameters,
    ) -> tuple[ModalityModel, pd.DataFrame]:
        """Train the encoder and its head; early stopping sees the validation split, nothing sees the test split.

        Returns:
            The model, and its learning curve.
        """
        labels = tuple(sorted(tickets["label"].unique()))
        rows = {
            split: _collect([features], tickets[tickets["split"] == split], labels) for split in ("train", "validation")
        }
        found = np.unique(rows["train"].targets)
        if len(found) < 2:
            logger.warning(
                "%s: %d training tickets with %d labels, too little to learn from; the model will do without it",
                modality, len(rows["train"]), len(found),
            )  # fmt: skip
            untrained = ModalityModel(modality, labels, cleaning, encoder, None, None)
            return untrained, pd.DataFrame(columns=list(HISTORY_COLUMNS))
        trained = train_classifier(
            modality,
            build_classifier(modality, encoder, preprocessor, len(labels), seed),
            _collect([features, augmented_features], tickets[tickets["split"] == "train"], labels),
            rows["validation"],
            training,
            num_classes=len(labels),
            hardware=choose_hardware(hardware),
            seed=seed,
            checkpoints=Path(checkpoints) / modality,
        )
        metrics: dict[str, float] = {"best_epoch": trained.best_epoch, "training_tickets": len(rows["train"])}
        if len(rows["validation"]):
            logits = predict_classifier(
                trained.classifier, rows["validation"].features, choose_hardware(hardware)
            ).logits
            predicted, targets = logits.numpy().argmax(axis=1), rows["validation"].targets
            metrics["validation_accuracy"] = float(accuracy_score(targets, predicted))
            metrics["validation_macro_f1"] = float(f1_score(targets, predicted, average="macro", zero_division=0))
        model = ModalityModel(modality, labels, cleaning, encoder, preprocessor, trained.classifier, metrics)
        return model, trained.history

    train.__annotations__ |= {"cleaning": module.Cleaning, "encoder": module.EncoderParameters}
    return train


def encode(
    model: ModalityModel, features: FeatureShards, hardware: HardwareParameters
) -> Iterator[dict[str, FeatureShard]]:
    """Write down the embedding (N, D) and the logits (N, C) of every ticket that has the modality."""
    for name, shard in features.items():
        if model.classifier is None:
            yield {name: FeatureShard([], {"embedding": np.zeros((0, 1)), "logits": np.zeros((0, len(model.labels)))})}
            continue
        output = predict_classifier(model.classifier, shard.features, choose_hardware(hardware))
        yield {
            name: FeatureShard(
                shard.ticket_ids, {"embedding": output.embedding.numpy(), "logits": output.logits.numpy()}
            )
        }


def _collect(sources: Sequence[FeatureShards], tickets: pd.DataFrame, labels: Sequence[str]) -> FeatureRows:
    """Gather the rows of some tickets from shards."""
    numbers = {label: number for number, label in enumerate(labels)}
    targets = {i: numbers[label] for i, label in zip(tickets["ticket_id"], tickets["label"], strict=True)}
    ids: list[str] = []
    parts: dict[str, list[Any]] = {}
    for shards in sources:
        for shard in shards.values():
            chosen = [row for row, ticket_id in enumerate(shard.ticket_ids) if ticket_id in targets]
            ids += [shard.ticket_ids[row] for row in chosen]
            for name, array in shard.features.items():
                parts.setdefault(name, []).append(array[chosen])
    return FeatureRows(
        ids,
        {name: np.concatenate(arrays) for name, arrays in parts.items()},
        np.array([targets[ticket_id] for ticket_id in ids], dtype=np.int64),
    )
