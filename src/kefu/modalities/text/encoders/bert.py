"""BERT: a transformer over word pieces, from its configuration or from a local folder of weights."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import pad

from kefu.modalities.frozen import Frozen, Memory, Remembering
from kefu.modalities.pretrained import Pretrained, from_folder, load_network
from kefu.modalities.text.encoders.lora import adapt
from kefu.modalities.text.encoders.padding import padding_mask, trim
from kefu.modalities.text.features import TextPreprocessor
from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from transformers import BertConfig

_ROWS_PER_PASS = 16
"""On a processor texts of like length are computed together, so many at once, as time goes into padding otherwise."""


class BertParameters(Parameters):
    """Size of the transformer, or where its weights come from, and what of them learns."""

    pretrained: Annotated[Pretrained | None, from_folder("bert")] = Field(
        None,
        description="Folder of weights, or package:NAME; text.features.tokenizer must name the same. Empty: untrained.",
    )
    tuning: Literal["full", "partial", "frozen"] = Field(
        "full",
        description="What learns: everything (at a learning rate near 5e-5); low-rank corrections of attention "
        "(LoRA); or a projection of the fixed network's embedding.",
    )
    pooling: Literal["mean", "first"] = Field(
        "mean", description="Embedding of a text: mean over its tokens, or the first, which is [CLS] if pretrained."
    )
    lora_rank: int = Field(8, ge=1, description="Rank of the corrections where tuning is partial.")
    lora_alpha: float = Field(16.0, gt=0, description="Weight of the corrections, divided by their rank.")
    projection_dim: int = Field(256, ge=1, description="Width of the projection where tuning is frozen.")
    num_layers: int = Field(2, ge=1, description="Layers. This and all below: of an untrained network.")
    hidden_dim: int = Field(128, ge=1, description="Width of the hidden states.")
    num_heads: int = Field(4, ge=1, description="Attention heads, a divisor of hidden_dim.")
    intermediate_dim: int = Field(512, ge=1, description="Width within the feed-forward layers.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout on hidden states, attention and the embedding.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.hidden_dim % self.num_heads:
            raise ValueError(f"hidden_dim ({self.hidden_dim}) must be a multiple of num_heads ({self.num_heads})")
        if self.pretrained is None and self.tuning != "full":
            raise ValueError(f"tuning is {self.tuning}, but without pretrained weights everything must learn: full")
        return self


class BertEncoder(Remembering):
    """BERT (Devlin et al. 2019) whose hidden states are averaged (Reimers and Gurevych 2019) or the first taken.

    Expects ``token_ids`` (B, L) and ``num_tokens`` (B,); gives embeddings (B, embedding_dim). A frozen network reads
    each text once while ``memory`` is there: from the first batch of a training, and inside of ``shared_memory``.

    Raises:
        KefuError: the features are not those that the pretrained weights were trained with.
    """

    def __init__(self, params: BertParameters, preprocessor: TextPreprocessor) -> None:
        # transformers takes seconds to import, and other encoders have no need of it
        from transformers import BertConfig, BertModel

        super().__init__()
        self.pooling = params.pooling
        if params.pretrained is None:
            config = BertConfig(
                vocab_size=preprocessor.vocab_size,
                max_position_embeddings=preprocessor.params.max_tokens,
                num_hidden_layers=params.num_layers,
                hidden_size=params.hidden_dim,
                num_attention_heads=params.num_heads,
                intermediate_size=params.intermediate_dim,
                hidden_dropout_prob=params.dropout,
                attention_probs_dropout_prob=params.dropout,
            )
            network = BertModel(config, add_pooling_layer=False)
        else:
            network = load_network(BertModel, params.pretrained, add_pooling_layer=False)
            _check_features(params.pretrained, network.config, preprocessor)
        hidden_dim = int(network.config.hidden_size)
        self.network: nn.Module = network
        self.dropout = nn.Dropout(network.config.hidden_dropout_prob)
        self.projection: nn.Module = nn.Identity()
        self.embedding_dim = hidden_dim
        if params.tuning == "partial":
            adapt(network, ("query", "value"), params.lora_rank, params.lora_alpha)
        elif params.tuning == "frozen":
            self.network = Frozen(network)
            self.projection = nn.Sequential(nn.Linear(hidden_dim, params.projection_dim), nn.Tanh())
            self.embedding_dim = params.projection_dim
        self.token_dim = self.embedding_dim

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what is quickly computed again."""
        return self.__dict__ | {"memory": None}

    def tokens(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the hidden state of each token (B, L, embedding_dim), and where (B, L) there is one."""
        states, inside, _ = self._states(features)
        return self.projection(self.dropout(states)), inside

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return embeddings (B, embedding_dim)."""
        if self.training and self.memory is None and isinstance(self.network, Frozen):
            self.memory = {}  # the same texts come in every epoch
        pooled = self._pool(features) if self.memory is None else self._remembered(features, self.memory)
        embedding: Tensor = self.projection(self.dropout(pooled))
        return embedding

    def _pool(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return one vector a text (B, hidden_dim)."""
        states, inside, lengths = self._states(features)
        if self.pooling == "first":
            return states[:, 0]
        return torch.einsum("btd,bt->bd", states, inside.to(states.dtype)) / lengths[:, None]

    def _remembered(self, features: Mapping[str, Tensor], memory: Memory) -> Tensor:
        """Return what :meth:`_pool` does, computed for those texts alone that have not been met before."""
        token_ids, lengths = features["token_ids"], features["num_tokens"]
        keys = [row.tobytes() for row in token_ids.cpu().numpy()]
        new = [row for row, key in enumerate(keys) if key not in memory]
        if new:
            rows = torch.tensor(new, device=token_ids.device)
            found = self._pool({"token_ids": token_ids[rows], "num_tokens": lengths[rows]})
            memory |= {keys[row]: vector for row, vector in zip(new, found, strict=True)}
        return torch.stack([memory[key] for key in keys]).to(token_ids.device)

    def _states(self, features: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the hidden state of each token (B, L, hidden_dim), where (B, L) there is one, and L of each (B,)."""
        token_ids, lengths = trim(features)
        inside = ~padding_mask(lengths, token_ids.shape[1])
        order = lengths.argsort(stable=True)
        rows_per_pass = len(order) if lengths.is_cuda else _ROWS_PER_PASS
        passes = [
            self._pass(token_ids[rows], lengths[rows])
            for rows in (order[start : start + rows_per_pass] for start in range(0, len(order), rows_per_pass))
        ]
        width = token_ids.shape[1]
        states = torch.cat([pad(part, (0, 0, 0, width - part.shape[1])) for part in passes])
        return states[order.argsort()], inside, lengths

    def _pass(self, token_ids: Tensor, lengths: Tensor) -> Tensor:
        size = int(lengths.max())
        mask = ~padding_mask(lengths, size)
        states: Tensor = self.network(input_ids=token_ids[:, :size], attention_mask=mask.long()).last_hidden_state
        return states


def _check_features(pretrained: Pretrained, config: "BertConfig", preprocessor: TextPreprocessor) -> None:
    tokenizer = preprocessor.params.tokenizer
    if tokenizer != pretrained.source:
        raise KefuError(
            f"text.encoder.bert.pretrained is {pretrained.source}, text.features.tokenizer is {tokenizer or 'empty'}; "
            "weights know the tokens of their own tokenizer: set both to the same, then extract the features again"
        )
    if preprocessor.vocab_size > config.vocab_size:
        raise KefuError(
            f"{pretrained.source}: its tokenizer.json has {preprocessor.vocab_size} tokens, its weights know "
            f"{config.vocab_size}; give a folder whose files belong together"
        )
    if preprocessor.params.max_tokens > config.max_position_embeddings:
        raise KefuError(
            f"text.features.max_tokens is {preprocessor.params.max_tokens}; {pretrained.source} reads "
            f"{config.max_position_embeddings} at most"
        )
