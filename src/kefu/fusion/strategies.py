"""All fusion strategies by name: how each is built, and what each is fitted on."""

from collections.abc import Callable, Mapping
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
    heads: Heads,
    prior: Tensor,
    training: FusionRows,
    validation: FusionRows,
    *,
    params: FusionParameters,
    seed: int,
) -> Fusion:
    """Build and fit a strategy.

    A classifier's embedding and opinion of tickets it was trained on are far too sure, and fusion would learn to
    trust them: every strategy is fitted on the validation tickets, and on the training tickets only where there are
    no others.
    """
    rows = validation if len(validation) else training

    def build() -> Fusion:
        torch.manual_seed(seed)
        return build_fusion(strategy, heads, prior, params)

    fusion = build()
    if isinstance(fusion, LateFusion):
        return late.fit(fusion, rows, params.late)
    return train_head(build, rows, params.early.training if strategy == "early" else params.modular.training, seed)
