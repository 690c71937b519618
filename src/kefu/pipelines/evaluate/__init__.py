"""Evaluation: every strategy and every modality scored on the test split, and the report."""

from kefu.pipelines.evaluate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
