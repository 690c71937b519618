"""Augmentation: changed copies of the training tickets, and a sheet that shows them."""

from kefu.pipelines.augment.pipeline import create_pipeline

__all__ = ["create_pipeline"]
