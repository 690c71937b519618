"""What trained classifiers say of tickets, shard by shard."""

from collections.abc import Iterator, Mapping

import numpy as np

from kefu.engines.shards import FeatureShard
from kefu.modalities.frozen import shared_memory
from kefu.training.hardware import Hardware
from kefu.training.modality_model import ModalityModel
from kefu.training.trainer import predict_classifier


def encode_shards(
    model: ModalityModel,
    features: Mapping[str, FeatureShard],
    hardware: Hardware,
    wanted: frozenset[str] | None = None,
) -> Iterator[tuple[str, FeatureShard]]:
    """Yield for each shard the embeddings (N, K, D) and the logits (N, K, C) that K members give its tickets.

    Args:
        model: of the modality; where it is untrained, shards are empty.
        features: shards of the modality's features.
        hardware: device and threads.
        wanted: the tickets to look at; all without.
    """
    for name, shard in features.items():
        yield name, encode_shard(model, hardware, shard, wanted)


def encode_shard(
    model: ModalityModel, hardware: Hardware, shard: FeatureShard, wanted: frozenset[str] | None = None
) -> FeatureShard:
    """Return the embeddings (N, K, D) and the logits (N, K, C) of the tickets of one shard."""
    if not model.is_trained:
        return FeatureShard([], {"embedding": np.zeros((0, 1, 1)), "logits": np.zeros((0, 1, len(model.labels)))})
    kept = [row for row, ticket_id in enumerate(shard.ticket_ids) if wanted is None or ticket_id in wanted]
    chosen = shard.features if wanted is None else {key: array[kept] for key, array in shard.features.items()}
    with shared_memory(model.classifiers):
        outputs = [predict_classifier(classifier, chosen, hardware) for classifier in model.classifiers]
    stacked = {
        "embedding": np.stack([output.embedding.numpy() for output in outputs], axis=1),
        "logits": np.stack([output.logits.numpy() for output in outputs], axis=1),
    }
    return FeatureShard([shard.ticket_ids[row] for row in kept], stacked)
