"""Fusion: every strategy fitted, one of them made into the model."""

from kefu.pipelines.fuse.pipeline import create_pipeline

__all__ = ["create_pipeline"]
