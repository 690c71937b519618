"""Contrastive pretraining of the encoders of all modalities, without labels."""

from kefu.pipelines.pretrain.pipeline import create_pipeline

__all__ = ["create_pipeline"]
