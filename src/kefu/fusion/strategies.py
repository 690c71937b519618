"""All fusion strategies by name: how each is built, and what each is fitted on."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from kefu.fusion import adaptive, late, single
from kefu.fusion.adaptive import AdaptiveFusion, AdaptiveParameters
from kefu.fusion.contract import Fusion, FusionRows
from kefu.fusion.early import EarlyFusion, EarlyParameters
from kefu.fusion.ensemble import EnsembleFusion
from kefu.fusion.hierarchical import HierarchicalFusion, HierarchicalParameters
from kefu.fusion.joint import JointParameters
from kefu.fusion.late import LateFusion, LateParameters
from kefu.fusion.learning import train_head
from kefu.fusion.modular import ModularFusion, ModularParameters
from kefu.fusion.single import SingleFusion
from kefu.parameters import Parameters

Strategy = Literal["adaptive", "early", "hierarchical", "late", "modular"]
STRATEGIES: tuple[Strategy, ...] = ("late", "adaptive", "modular", "early", "hierarchical")
"""The simplest first."""
END_TO_END: tuple[Strategy, ...] = ("early", "hierarchical")
"""Those that train encoders of their own; the others stand on what was trained for each modality."""
ENSEMBLE = "ensemble"
ONLY = "only_"
"""``only_text`` is text alone."""
Heads = Mapping[str, nn.Linear]


class FusionParameters(Parameters):
    """Which strategy the model uses, and the settings of each; all are trained and compared."""

    strategy: Strategy | Literal["auto"] = Field(
        "late",
        description="The one that goes into the model bundle; all are compared. auto: the simplest, single modalities "
        "and a greedy ensemble included, that no more complex one is shown to beat on held-out tickets",
    )
    strategies: tuple[Strategy, ...] = Field(
        STRATEGIES, min_length=1, description="Those that are trained and compared; fewer take less time."
    )
    fit_noisy: bool = Field(
        True,
        description="Strategies that stand on trained classifiers are fitted on held-out tickets as they came and on "
        "the same with one modality noisy, so that they learn what an opinion is worth in noise.",
    )
    adaptive: AdaptiveParameters = AdaptiveParameters()
    early: EarlyParameters = EarlyParameters()
    hierarchical: HierarchicalParameters = HierarchicalParameters()
    late: LateParameters = LateParameters()
    modular: ModularParameters = ModularParameters()

    @model_validator(mode="after")
    def _chosen_is_trained(self) -> Self:
        if self.strategy != "auto" and self.strategy not in self.strategies:
            raise ValueError(
                f"strategy is {self.strategy}, which is not among strategies: {', '.join(self.strategies)}"
            )
        return self

    @property
    def on_shared_parts(self) -> tuple[str, ...]:
        """The strategies to train that stand on what was trained for each modality, the simplest first."""
        return tuple(name for name in STRATEGIES if name in self.strategies and name not in END_TO_END)

    @property
    def end_to_end(self) -> tuple[str, ...]:
        """The strategies to train that train encoders of their own, the simplest first."""
        return tuple(name for name in END_TO_END if name in self.strategies)

    def for_modalities(self, count: int) -> "FusionParameters":
        """Return the settings where so many modalities could be trained.

        Of one there is nothing to fuse: late fusion, which calibrates it, is all that is trained, unless another
        strategy was asked for by name or late fusion was left out.
        """
        if count > 1 or self.strategy not in ("auto", "late") or "late" not in self.strategies:
            return self
        return self.model_copy(update={"strategies": ("late",)})

    def joint(self, strategy: str) -> JointParameters:
        """Return how a strategy of ``END_TO_END`` is trained."""
        return self.early.training if strategy == "early" else self.hierarchical.training

    def num_tokens(self, strategy: str) -> int | None:
        """Return how many tokens of each modality a strategy sees; none where it sees one embedding."""
        return self.hierarchical.num_tokens if strategy == "hierarchical" else None


def build_fusion(strategy: str, heads: Heads, prior: Tensor, params: FusionParameters) -> Fusion:
    """Build a strategy, not yet fitted: one of ``STRATEGIES``, ``ensemble``, or ``only_<modality>``.

    Raises:
        KeyError: there is no such strategy.
    """
    if strategy == ENSEMBLE:
        members: dict[str, Fusion] = {name: build_fusion(name, heads, prior, params) for name in params.on_shared_parts}
        return EnsembleFusion(dict(heads), prior, members)
    if strategy.removeprefix(ONLY) in heads:
        return SingleFusion(dict(heads), prior, strategy.removeprefix(ONLY))
    builders: dict[str, Callable[[], Fusion]] = {
        "adaptive": lambda: AdaptiveFusion(dict(heads), prior, params.adaptive),
        "early": lambda: EarlyFusion(dict(heads), prior, params.early),
        "hierarchical": lambda: HierarchicalFusion(dict(heads), prior, params.hierarchical),
        "late": lambda: LateFusion(dict(heads), prior),
        "modular": lambda: ModularFusion(dict(heads), prior, params.modular),
    }
    return builders[strategy]()


def fit_fusion(
    strategy: str,
    heads: Sequence[Heads],
    prior: Tensor,
    held_out: Sequence[FusionRows],
    *,
    params: FusionParameters,
    seed: int,
) -> tuple[Fusion, ...]:
    """Build and fit a strategy that stands on trained classifiers, a fusion for each member of the ensemble.

    A classifier's embedding and opinion of tickets it was trained on are far too sure, and fusion would learn to
    trust them: every strategy is fitted on tickets that the member's classifiers have not seen.

    Args:
        strategy: one of ``STRATEGIES`` but not of ``END_TO_END``, or ``only_<modality>``.
        heads: for each member, the heads of its modalities.
        prior: share of each class among the training tickets (C,).
        held_out: for each member, the tickets to fit on, with the member's embeddings (N, D).
        params: settings of the strategies.
        seed: of starting weights and shuffling.
    """

    def build(member: Heads) -> Fusion:
        torch.manual_seed(seed)
        return build_fusion(strategy, member, prior, params)

    members = [build(member) for member in heads]
    if isinstance(members[0], LateFusion):
        late.fit(members, held_out, params.late)  # type: ignore[arg-type]
    elif isinstance(members[0], AdaptiveFusion):
        adaptive.fit(members, held_out, params.adaptive, seed)  # type: ignore[arg-type]
    elif isinstance(members[0], SingleFusion):
        single.fit(members, held_out)  # type: ignore[arg-type]
    else:
        members = [
            train_head(partial(build, member), rows, params.modular.training, seed)
            for member, rows in zip(heads, held_out, strict=True)
        ]
    return tuple(fusion.eval() for fusion in members)


def fit_ensemble(
    fitted: Mapping[str, Sequence[Fusion]], heads: Sequence[Heads], prior: Tensor, weights: Mapping[str, float]
) -> tuple[Fusion, ...]:
    """Put fitted strategies together, a fusion for each member.

    Args:
        fitted: for each strategy on shared parts, its fusion for each member.
        heads: for each member, the heads of its modalities.
        prior: share of each class among the training tickets (C,).
        weights: of each strategy, as :func:`kefu.fusion.ensemble.select_greedily` returns them.
    """
    ensembles = []
    for member, own in enumerate(heads):
        ensemble = EnsembleFusion(dict(own), prior, {name: fusions[member] for name, fusions in fitted.items()})
        ensemble.weights.copy_(torch.tensor([weights[name] for name in ensemble.names]))
        ensembles.append(ensemble.eval())
    return tuple(ensembles)
