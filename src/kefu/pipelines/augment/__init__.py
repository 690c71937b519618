"""Augmentation: changed copies to train on, a sheet that shows them, and noisy copies to be judged by."""

from kefu.pipelines.augment.pipeline import create_pipeline

__all__ = ["create_pipeline"]
