"""Demo tickets, made by the project."""

from kefu.pipelines.demo_data.pipeline import create_pipeline

__all__ = ["create_pipeline"]
