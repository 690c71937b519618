"""Prediction over a table of new tickets."""

from kefu.pipelines.predict.pipeline import create_pipeline

__all__ = ["create_pipeline"]
