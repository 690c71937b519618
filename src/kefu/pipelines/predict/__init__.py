"""Prediction over a table of new tickets."""

from kefu.pipelines.predict.pipeline import create_out_of_scope_pipeline, create_pipeline

__all__ = ["create_out_of_scope_pipeline", "create_pipeline"]
