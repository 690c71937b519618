"""The classifiers of each modality and the fusion over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kefu.bundle import Bundle, BundleError, damage
from kefu.confidence import Confidence
from kefu.fusion.adaptive import AdaptiveFusion
from kefu.fusion.contract import Fusion, FusionRows, combinations
from kefu.fusion.strategies import FusionParameters, build_fusion
from kefu.training.modality_model import ModalityModel, tensors_below


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a model says of B tickets."""

    probabilities: NDArray[np.float64]
    """(B, C), rows sum to 1"""
    label_sets: NDArray[np.bool_]
    """(B, C), no row empty"""
    out_of_scope_score: NDArray[np.float64]
    """(B,), higher is more foreign; NaN where nothing is present"""
    out_of_scope: NDArray[np.bool_]
    """(B,)"""
    weights: Mapping[str, NDArray[np.float64]]
    """For each modality (B,), how much it counted; nothing where the strategy has no weights for each ticket"""


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
    confidence: Confidence = field(default_factory=Confidence)

    def to_bundle(self) -> Bundle:
        """Return the model as it is written to disk."""
        tensors: dict[str, Tensor] = {
            f"fusion.{member}.{name}": value
            for member, fusion in enumerate(self.fusions)
            for name, value in fusion.state_dict().items()
        }
        tensors |= {f"confidence.{name}": value for name, value in self.confidence.tensors().items()}
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
                "confidence": self.confidence.parameters.model_dump(mode="json"),
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
            Confidence.restore(bundle.config["confidence"], tensors_below(bundle.tensors, "confidence.")),
        )

    @property
    def weighted(self) -> tuple[str, ...]:
        """The modalities that get a weight in each ticket; none where the strategy has no such weights."""
        fusions = self._adaptive
        return fusions[0].modalities if fusions else ()

    @property
    def _adaptive(self) -> list[AdaptiveFusion]:
        return [fusion for fusion in self.fusions if isinstance(fusion, AdaptiveFusion)]

    def probabilities(self, embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor]) -> Tensor:
        """Return class probabilities (B, C): the members' opinions, averaged as log-probabilities.

        Args:
            embeddings: for each trained modality (B, K, D) of the K members.
            present: for each trained modality (B,) bool.
        """
        return average_members(self.fusions, embeddings, present)

    def judge(
        self, embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor], coverage: float | None = None
    ) -> Judgement:
        """Say all that there is to say of B tickets.

        Args:
            embeddings: for each trained modality (B, K, D) of the K members.
            present: for each trained modality (B,) bool.
            coverage: share of tickets whose label set holds the true label; that of the training if left out.

        Raises:
            KefuError: the coverage is not between 0 and 1.
        """
        probabilities = self.probabilities(embeddings, present).double().numpy()
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        names = combinations(present)
        score = self._scope_score(embeddings, present)
        return Judgement(
            probabilities,
            self.confidence.label_sets(probabilities, names, coverage),
            score,
            self.confidence.out_of_scope(score, names),
            self._weights(embeddings, present),
        )

    def _scope_score(self, embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor]) -> NDArray[np.float64]:
        size = len(next(iter(present.values())))
        rows = FusionRows(dict(embeddings), dict(present), np.zeros(size, np.int64), np.zeros(size, np.int64))
        scores = [
            self.confidence.scope.score(heads_of(self.parts, member), member, rows.member(member))
            for member in range(len(self.fusions))
        ]
        return np.mean(scores, axis=0)

    @torch.inference_mode()
    def _weights(self, embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor]) -> dict[str, NDArray]:
        """Return the members' mean weight of each modality (B,), of adaptive fusion."""
        fusions, names = self._adaptive, self.weighted
        if not fusions:
            return {}
        mask = torch.stack([present[name] for name in names], dim=1)
        found = [
            fusion.modality_weights(
                {name: torch.where(present[name][:, None], embeddings[name][:, member], 0.0) for name in names}, mask
            )
            for member, fusion in enumerate(fusions)
        ]
        mean = torch.stack(found).mean(dim=0).double().numpy()
        return {name: mean[:, column] for column, name in enumerate(names)}


@torch.inference_mode()
def average_members(
    fusions: Sequence[Fusion], embeddings: Mapping[str, Tensor], present: Mapping[str, Tensor]
) -> Tensor:
    """Return class probabilities (B, C): the members' opinions, averaged as log-probabilities.

    Args:
        fusions: of the K members.
        embeddings: for each trained modality (B, K, D) of the K members.
        present: for each trained modality (B,) bool.
    """
    opinions = [
        fusion({name: value[:, member] for name, value in embeddings.items()}, present).log_softmax(dim=1)
        for member, fusion in enumerate(fusions)
    ]
    return torch.stack(opinions).mean(dim=0).softmax(dim=1)


def heads_of(parts: Mapping[str, ModalityModel], member: int) -> dict[str, nn.Linear]:
    """Return the linear heads of the trained modalities of one member, which fusion builds on."""
    return {name: part.classifiers[member].head for name, part in parts.items() if part.is_trained}
