"""All fusion strategies by name: how each is built, and what each is fitted on."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from kefu.fusion import late
from kefu.fusion.contract import Fusion, FusionRows
from kefu.fusion.early import EarlyFusion, EarlyParameters
from kefu.fusion.late import LateFusion, LateParameters
from kefu.fusion.learning import train_head
from kefu.fusion.modular import ModularFusion, ModularParameters
from kefu.parameters import Parameters

Strategy = Literal["early", "late", "modular"]
STRATEGIES: tuple[Strategy, ...] = ("early", "late", "modular")
Heads = Mapping[str, nn.Linear]


class FusionParameters(Parameters):
    """Which strategy the model uses, and the settings of each; all are trained and compared."""

    strategy: Strategy = Field("late", description="The one that goes into the model bundle.")
    early: EarlyParameters = EarlyParameters()
    late: LateParameters = LateParameters()
    modular: ModularParameters = ModularParameters()


def build_fusion(strategy: str, heads: Heads, prior: Tensor, params: FusionParameters) -> Fusion:
    """Build a strategy, not yet fitted."""
    builders: dict[str, Callable[[], Fusion]] = {
        "early": lambda: EarlyFusion(dict(heads), prior, params.early),
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
    """Build and fit a strategy, a fusion for each member of the ensemble.

    A classifier's embedding and opinion of tickets it was trained on are far too sure, and fusion would learn to
    trust them: every strategy is fitted on tickets that the member's classifiers have not seen.

    Args:
        strategy: one of ``STRATEGIES``.
        heads: for each member, the heads of its modalities.
        prior: share of each class among the training tickets (C,).
        held_out: for each member, the tickets to fit on, with the member's embeddings (N, D).
        params: settings of the strategies.
        seed: of starting weights and shuffling.
    """

    def build(member: Heads) -> Fusion:
        torch.manual_seed(seed)
        return build_fusion(strategy, member, prior, params)

    if strategy == "late":
        members = [LateFusion(dict(member), prior) for member in heads]
        late.fit(members, held_out, params.late)
        return tuple(fusion.eval() for fusion in members)
    training = params.early.training if strategy == "early" else params.modular.training
    return tuple(
        train_head(partial(build, member), rows, training, seed) for member, rows in zip(heads, held_out, strict=True)
    )
