"""Models at work: bundles found on disk, loaded, fed in batches, shared out and replaced."""

from kefu.service.models.batcher import BatcherClosedError, MicroBatcher, QueueFullError
from kefu.service.models.shelf import ModelShelf, ServedPrediction, UnknownModelError

__all__ = [
    "BatcherClosedError",
    "MicroBatcher",
    "ModelShelf",
    "QueueFullError",
    "ServedPrediction",
    "UnknownModelError",
]
