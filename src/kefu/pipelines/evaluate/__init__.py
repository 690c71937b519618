"""Evaluation: every strategy and every modality scored on the test split, what else there is to know, the report."""

from kefu.pipelines.evaluate.analysis_pipeline import create_analysis_pipeline
from kefu.pipelines.evaluate.pipeline import create_report_pipeline, create_scoring_pipeline

__all__ = ["create_analysis_pipeline", "create_report_pipeline", "create_scoring_pipeline"]
