"""A recogniser of Chinese speech, trained on synthetic voices."""

from kefu.pipelines.train_speech.pipeline import create_pipeline

__all__ = ["create_pipeline"]
