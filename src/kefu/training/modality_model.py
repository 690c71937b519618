"""One modality's part of a model: how its values are cleaned, turned into features and understood."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from kefu import modalities
from kefu.bundle import Bundle, BundleError, damage
from kefu.modalities.contract import Preprocessor
from kefu.modalities.tokens import TokenEncoder
from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError
from kefu.training.classifier import Classifier, Output


@dataclass(frozen=True)
class ModalityModel:
    """Trained classifiers with all that it takes to use them on raw values.

    ``classifiers`` are the members of an ensemble, often just one, and none where the training tickets had too
    little of this modality to learn from.
    """

    name: str
    labels: tuple[str, ...]
    cleaning: Parameters
    encoder: Parameters
    preprocessor: Preprocessor | None
    classifiers: tuple[Classifier, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    num_tokens: int | None = None
    """How many tokens an embedding is made of, one after the other; none where it is a single embedding."""

    @property
    def is_trained(self) -> bool:
        """Whether there is something to predict with."""
        return bool(self.classifiers) and self.preprocessor is not None

    def to_bundle(self) -> Bundle:
        """Return the model as it is written to disk."""
        return Bundle(
            kind="modality",
            config={
                "modality": self.name,
                "members": len(self.classifiers),
                "num_tokens": self.num_tokens,
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
        return {
            f"{member}.{name}": value
            for member, classifier in enumerate(self.classifiers)
            for name, value in classifier.state_dict().items()
        }

    def digest(self) -> str:
        """Return a name for all that decides what the model says of features."""
        digest = hashlib.blake2b(repr((self.name, self.labels, self.num_tokens)).encode(), digest_size=16)
        digest.update(self.encoder.model_dump_json().encode())
        for name, tensor in sorted(self.tensors().items()):
            values = tensor.detach().cpu().contiguous()
            digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
            digest.update(values.view(-1).view(torch.uint8).numpy().data if values.numel() else b"")
        return digest.hexdigest()

    @torch.inference_mode()
    def outputs(self, features: Mapping[str, Tensor]) -> Output:
        """Return what each of the K members says of B tickets: embeddings (B, K, D) and logits (B, K, C)."""
        embeddings, logits = zip(*(classifier(features) for classifier in self.classifiers), strict=True)
        return Output(torch.stack(embeddings, dim=1), torch.stack(logits, dim=1))

    def embed(self, payloads: Sequence[Any]) -> Tensor:
        """Return embeddings (B, K, D) of B payloads by the K members; zeros where a payload is None."""
        assert self.preprocessor is not None
        embeddings = torch.zeros(len(payloads), len(self.classifiers), self.classifiers[0].head.in_features)
        rows = [row for row, payload in enumerate(payloads) if payload is not None]
        if rows:
            features = self.preprocessor.extract([payloads[row] for row in rows])
            batch = {key: torch.from_numpy(value) for key, value in features.items()}
            embeddings[rows] = self.outputs(batch).embedding
        return embeddings

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
        preprocessor = module.load_preprocessor(files) if config["members"] else None
        classifiers = []
        for member in range(config["members"]):
            classifier = build_classifier(
                config["modality"], encoder, preprocessor, len(labels), seed=0, num_tokens=config["num_tokens"]
            )
            classifier.load_state_dict(tensors_below(tensors, f"{member}."))
            classifiers.append(classifier.eval())
        cleaning = module.Cleaning.model_validate(config["cleaning"])
        return cls(
            config["modality"], tuple(labels), cleaning, encoder, preprocessor, tuple(classifiers), metrics,
            config["num_tokens"],
        )  # fmt: skip


def tensors_below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def build_classifier(
    modality: str, encoder: Parameters, preprocessor: Any, num_classes: int, seed: int, num_tokens: int | None = None
) -> Classifier:
    """Build an untrained classifier whose starting weights depend on the seed alone.

    With ``num_tokens`` its embedding is that many tokens, one after the other.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = modalities.get(modality).build_encoder(encoder, preprocessor)
        return Classifier(network if num_tokens is None else TokenEncoder(network, num_tokens), num_classes)


def build_encoder(modality: str, encoder: Any, preprocessor: Any, seed: int) -> nn.Module:
    """Build an untrained encoder whose starting weights depend on the seed alone.

    ``encoder`` are its parameters, checked or as they stand in a file.
    """
    module = modalities.get(modality)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return module.build_encoder(module.EncoderParameters.model_validate(encoder), preprocessor)


def start_from_pretrained(modality: str, encoder: nn.Module, weights: Mapping[str, Tensor], member: int) -> None:
    """Give an encoder the weights it was pretrained to, in place; without any it stays as it is.

    Args:
        modality: for messages.
        encoder: of the parameters that it was pretrained with.
        weights: of all members, names prefixed by the number of the member; may be empty.
        member: whose weights to take.

    Raises:
        KefuError: the weights are of an encoder of other parameters, or of fewer members.
    """
    if not weights:
        return
    try:
        encoder.load_state_dict(tensors_below(weights, f"{member}."))
    except RuntimeError:
        raise KefuError(
            f"{modality}: the pretrained encoder was made with other parameters (encoder, features or bagging.folds); "
            "run the pipeline pretrain again"
        ) from None
