"""Features: what is learned from the training split alone, then arrays of every ticket."""

from kefu.pipelines.features.pipeline import create_pipeline

__all__ = ["create_pipeline"]
