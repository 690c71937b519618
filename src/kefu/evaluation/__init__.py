"""Evaluation: metrics with intervals, calibration, figures, report."""
