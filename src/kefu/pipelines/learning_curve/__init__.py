"""The learning curve over the number of tickets: what more of them would bring."""

from kefu.pipelines.learning_curve.pipeline import create_modality_pipeline, create_pipeline

__all__ = ["create_modality_pipeline", "create_pipeline"]
