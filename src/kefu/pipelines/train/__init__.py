"""Training of one modality, then what it says of every ticket."""

from kefu.pipelines.train.pipeline import create_pipeline

__all__ = ["create_pipeline"]
