"""One modality's part of a model: how its values are cleaned, turned into features and understood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from kefu import modalities
from kefu.bundle import Bundle, BundleError, damage
from kefu.modalities.contract import Preprocessor
from kefu.parameters import Parameters
from kefu.training.classifier import Classifier


@dataclass(frozen=True)
class ModalityModel:
    """A trained classifier with all that it takes to use it on raw values.

    ``classifier`` is None where the training tickets had too little of this modality to learn from.
    """

    name: str
    labels: tuple[str, ...]
    cleaning: Parameters
    encoder: Parameters
    preprocessor: Preprocessor | None
    classifier: Classifier | None
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_trained(self) -> bool:
        """Whether there is something to predict with."""
        return self.classifier is not None and self.preprocessor is not None

    def to_bundle(self) -> Bundle:
        """Return the model as it is written to disk."""
        return Bundle(
            kind="modality",
            config={
                "modality": self.name,
                "trained": self.is_trained,
                "cleaning": self.cleaning.model_dump(mode="json"),
                "encoder": self.encoder.model_dump(mode="json"),
            },
            labels=self.labels,
            tensors=self.tensors(),
            files=self.preprocessor.to_files() if self.preprocessor is not None else {},
            metrics=self.metrics,
            card=f"# {self.name} classifier\n\nLabels: {', '.join(self.labels)}\n",
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by name."""
        return dict(self.classifier.state_dict()) if self.classifier is not None else {}

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> "ModalityModel":
        """Undo :meth:`to_bundle`.

        Raises:
            BundleError: it is a fused model's bundle, or its parts do not fit together.
        """
        if bundle.kind != "modality":
            raise BundleError(f"this is a {bundle.kind} bundle, not that of a single modality")
        return cls.restore(bundle.config, bundle.labels, bundle.tensors, bundle.files, bundle.metrics)

    @classmethod
    def restore(
        cls,
        config: Mapping[str, Any],
        labels: Sequence[str],
        tensors: Mapping[str, Tensor],
        files: Mapping[str, bytes],
        metrics: Mapping[str, Any],
    ) -> "ModalityModel":
        """Build the model again from what a bundle holds of it.

        Raises:
            BundleError: the parts are incomplete or do not fit together.
        """
        try:
            return cls._restore(config, labels, tensors, files, metrics)
        except Exception as error:  # each library has its own kinds of error for files that make no sense
            raise BundleError(damage(str(config.get("modality", "modality")), error)) from error

    @classmethod
    def _restore(
        cls,
        config: Mapping[str, Any],
        labels: Sequence[str],
        tensors: Mapping[str, Tensor],
        files: Mapping[str, bytes],
        metrics: Mapping[str, Any],
    ) -> "ModalityModel":
        module = modalities.get(config["modality"])
        encoder = module.EncoderParameters.model_validate(config["encoder"])
        preprocessor = module.load_preprocessor(files) if config["trained"] else None
        classifier = None
        if config["trained"]:
            classifier = build_classifier(config["modality"], encoder, preprocessor, len(labels), seed=0)
            classifier.load_state_dict(dict(tensors))
            classifier.eval()
        cleaning = module.Cleaning.model_validate(config["cleaning"])
        return cls(config["modality"], tuple(labels), cleaning, encoder, preprocessor, classifier, metrics)


def build_classifier(modality: str, encoder: Parameters, preprocessor: Any, num_classes: int, seed: int) -> Classifier:
    """Build an untrained classifier whose starting weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Classifier(modalities.get(modality).build_encoder(encoder, preprocessor), num_classes)
