"""Cleaning: from a raw table with files to tickets fit for training, and a quarantine of all that was lost."""

from kefu.pipelines.clean.pipeline import create_assembly_pipeline, create_check_pipeline, create_modality_pipeline

__all__ = ["create_assembly_pipeline", "create_check_pipeline", "create_modality_pipeline"]
