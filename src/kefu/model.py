"""The classifiers of each modality and the fusion over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from kefu.bundle import Bundle, BundleError, damage
from kefu.fusion.contract import Fusion
from kefu.fusion.strategies import FusionParameters, build_fusion
from kefu.training.modality_model import ModalityModel, tensors_below


@dataclass(frozen=True)
class FusedModel:
    """What ``kefu predict`` uses."""

    parts: Mapping[str, ModalityModel]
    """A model for every modality, the untrained ones included."""
    fusions: tuple[Fusion, ...]
    """The fusion of each of the K members."""
    strategy: str
    parameters: FusionParameters
    labels: tuple[str, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""

    def to_bundle(self) -> Bundle:
        """Return the model as it is written to disk."""
        tensors: dict[str, Tensor] = {
            f"fusion.{member}.{name}": value
            for member, fusion in enumerate(self.fusions)
            for name, value in fusion.state_dict().items()
        }
        files: dict[str, bytes] = {}
        configs: dict[str, Any] = {}
        for name, part in self.parts.items():
            bundle = part.to_bundle()
            tensors |= {f"{name}.{key}": value for key, value in bundle.tensors.items()}
            files |= {f"{name}/{key}": value for key, value in bundle.files.items()}
            configs[name] = bundle.config
        return Bundle(
            kind="fused",
            config={
                "strategy": self.strategy,
                "members": len(self.fusions),
                "fusion": self.parameters.model_dump(mode="json"),
                "modalities": configs,
                "provenance": dict(self.provenance),
            },
            labels=self.labels,
            tensors=tensors,
            files=files,
            metrics=self.metrics,
            card=self.card,
        )

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> "FusedModel":
        """Undo :meth:`to_bundle`.

        Raises:
            BundleError: it is the bundle of a single modality, or its parts do not fit together.
        """
        if bundle.kind != "fused":
            raise BundleError(f"this is a {bundle.kind} bundle; prediction needs a fused one (the pipeline `fuse`)")
        try:
            return cls._from_bundle(bundle)
        except BundleError:
            raise
        except Exception as error:  # a missing key, an unknown parameter, tensors of other shapes …
            raise BundleError(damage("fusion", error)) from error

    @classmethod
    def _from_bundle(cls, bundle: Bundle) -> "FusedModel":
        parts = {
            name: ModalityModel.restore(
                config,
                bundle.labels,
                tensors_below(bundle.tensors, f"{name}."),
                {
                    file.removeprefix(f"{name}/"): content
                    for file, content in bundle.files.items()
                    if file.startswith(f"{name}/")
                },
                {},
            )
            for name, config in bundle.config["modalities"].items()
        }
        parameters = FusionParameters.model_validate(bundle.config["fusion"])
        fusions = []
        for member in range(bundle.config["members"]):
            weights = tensors_below(bundle.tensors, f"fusion.{member}.")
            prior = weights["log_prior"].exp()
            fusion = build_fusion(bundle.config["strategy"], heads_of(parts, member), prior, parameters)
            fusion.load_state_dict(weights)
            fusions.append(fusion.eval())
        return cls(
            parts,
            tuple(fusions),
            bundle.config["strategy"],
            parameters,
            bundle.labels,
            bundle.metrics,
            bundle.config["provenance"],
            bundle.card,
        )

    @torch.inference_mode()
    def probabilities(self, embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor]) -> Tensor:
        """Return class probabilities (B, C): the members' opinions, averaged as log-probabilities.

        Args:
            embeddings: for each trained modality (B, K, D) of the K members.
            present: for each trained modality (B,) bool.
        """
        opinions = [
            fusion({name: value[:, member] for name, value in embeddings.items()}, present).log_softmax(dim=1)
            for member, fusion in enumerate(self.fusions)
        ]
        return torch.stack(opinions).mean(dim=0).softmax(dim=1)


def heads_of(parts: Mapping[str, ModalityModel], member: int) -> dict[str, nn.Linear]:
    """Return the linear heads of the trained modalities of one member, which fusion builds on."""
    return {name: part.classifiers[member].head for name, part in parts.items() if part.is_trained}
