"""Adaptive fusion: how much a modality counts follows its quality in this very ticket."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import log_softmax, softplus

from kefu.fusion.contract import Embeddings, Fusion, FusionRows
from kefu.fusion.learning import HeadParameters, train_head
from kefu.parameters import Parameters

_NUM_SIGNS = 3
_ONE = 0.5413
"""softplus of it is 1"""


class AdaptiveParameters(Parameters):
    """Size and training of the quality estimates."""

    hidden_dim: int = Field(8, ge=1, description="Width of the network that judges a modality's quality.")
    training: HeadParameters = HeadParameters(learning_rate=3e-2)


class AdaptiveFusion(Fusion):
    """Log-linear pool whose weights are learned functions of how sure each modality is.

    A noisy picture or a mumbled call shows in the opinion itself: flat, or torn between two classes. For each
    modality a small network sees its greatest probability, its entropy and the margin between its first two classes,
    nothing of the other modalities, and gives the weight of its opinion in this ticket (confidence-weighted fusion,
    as in Han et al. 2022, "Multimodal dynamics"). Weights are non-negative, opinions log-probabilities relative to
    the prior.
    """

    def __init__(self, heads: Mapping[str, nn.Linear], prior: Tensor, params: AdaptiveParameters) -> None:
        super().__init__(heads, prior)
        self.scales = nn.Parameter(torch.full((len(self.modalities),), _ONE))
        self.quality = nn.ModuleDict()
        for name in self.modalities:
            last = nn.Linear(params.hidden_dim, 1)
            nn.init.zeros_(last.weight)
            nn.init.constant_(last.bias, _ONE)
            self.quality[name] = nn.Sequential(nn.Linear(_NUM_SIGNS, params.hidden_dim), nn.Tanh(), last)

    def combine(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return log-linear scores (B, C)."""
        opinions = self._opinions(embeddings)
        weights = self._weights(opinions, mask)
        return self.log_prior + torch.einsum("bm,bmc->bc", weights, opinions - self.log_prior)

    def modality_weights(self, embeddings: Embeddings, mask: Tensor) -> Tensor:
        """Return the weight of each modality in each ticket (B, M), 0 where it is absent."""
        return self._weights(self._opinions(embeddings), mask)

    def _opinions(self, embeddings: Embeddings) -> Tensor:
        logits = torch.stack([self.heads[name](embeddings[name]) for name in self.modalities], dim=1)
        return log_softmax(softplus(self.scales)[:, None] * logits, dim=2)

    def _weights(self, opinions: Tensor, mask: Tensor) -> Tensor:
        probabilities = opinions.exp()
        top = probabilities.topk(min(2, self.num_classes), dim=2).values
        entropy = -(probabilities * opinions).sum(dim=2)
        signs = torch.stack([top[:, :, 0], entropy, top[:, :, 0] - top[:, :, -1]], dim=2)
        weights = [softplus(self.quality[name](signs[:, m])).squeeze(1) for m, name in enumerate(self.modalities)]
        return torch.stack(weights, dim=1) * mask


def fit(
    members: Sequence[AdaptiveFusion], held_out: Sequence[FusionRows], params: AdaptiveParameters, seed: int
) -> None:
    """Fit in place what turns opinions into weights: the same for all members, on the tickets of all.

    Args:
        members: a fusion for each member of the ensemble.
        held_out: for each member, tickets that its classifiers did not learn from.
        params: how it is trained.
        seed: of starting weights, shuffling and hiding.
    """
    opinions = _pool_opinions(members, held_out)
    listeners = {name: _pass_on(members[0].num_classes) for name in members[0].modalities}

    def build() -> Fusion:
        torch.manual_seed(seed)
        return AdaptiveFusion(listeners, members[0].log_prior.exp(), params)

    learned = train_head(build, opinions, params.training, seed).state_dict()
    for member in members:
        member.load_state_dict(learned | {name: value for name, value in member.state_dict().items() if _is_own(name)})


def _pool_opinions(members: Sequence[AdaptiveFusion], held_out: Sequence[FusionRows]) -> FusionRows:
    """Return the rows of all members one after the other, with logits (N, C) in the embeddings' place."""
    names = members[0].modalities
    with torch.no_grad():
        logits = {
            name: torch.cat([m.heads[name](rows.embeddings[name]) for m, rows in zip(members, held_out, strict=True)])
            for name in names
        }
    counts = [int(rows.groups.max(initial=-1)) + 1 for rows in held_out]
    before = accumulate(counts[:-1], initial=0)
    return FusionRows(
        logits,
        {name: torch.cat([rows.present[name] for rows in held_out]) for name in names},
        np.concatenate([rows.targets for rows in held_out]),
        np.concatenate([rows.groups + offset for rows, offset in zip(held_out, before, strict=True)]),
    )


def _pass_on(num_classes: int) -> nn.Linear:
    """Return a head that gives logits back as they are."""
    head = nn.Linear(num_classes, num_classes)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def _is_own(name: str) -> bool:
    """Tell whether a tensor belongs to one member alone."""
    return name.startswith("heads.") or name == "log_prior"
