"""Wiring of the evaluation pipelines: scores, what else there is to know of the model, the report."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.evaluate.calibration_curves import draw_confidence
from kefu.pipelines.evaluate.errors import show_errors
from kefu.pipelines.evaluate.labels import look_at_labels
from kefu.pipelines.evaluate.leakage import find_leaks
from kefu.pipelines.evaluate.nodes import (
    SHOWN_FIGURES,
    collect_model_predictions,
    collect_predictions,
    collect_scenarios,
    evaluate_predictions,
    judge_tickets,
    write_report,
)

ANALYSES = ("leakage", "calibration_curves", "errors", "labels", "data_size")
"""What is looked into beyond the scores; of each there is a dataset ``<name>_analysis`` and a section of the report.
That of the data size is made by a pipeline of its own."""


def create_scoring_pipeline() -> Pipeline:
    """Collect what the models say of the evaluated split, and score it."""
    return Pipeline(
        [
            Node(
                collect_predictions,
                inputs={
                    "fusions": "fusions",
                    "tickets": "tickets",
                    "params": "params:evaluation",
                    "hardware": "params:hardware",
                    **{f"{modality}_outputs": f"{modality}.outputs" for modality in MODALITIES},
                    **{f"{modality}_features": f"{modality}.features" for modality in MODALITIES},
                },
                outputs="test_predictions",
                name="collect_predictions",
            ),
            Node(
                collect_scenarios,
                inputs={
                    "model": "model",
                    "tickets": "tickets",
                    "params": "params:evaluation",
                    "hardware": "params:hardware",
                    **{
                        f"{modality}_{kind}": f"{modality}.{kind}"
                        for modality in MODALITIES
                        for kind in ("outputs", "features", "noisy_outputs", "noisy_features")
                    },
                },
                outputs="scenarios",
                name="collect_scenarios",
            ),
            Node(
                judge_tickets,
                inputs={
                    "model": "model",
                    "tickets": "tickets",
                    "out_of_scope_tickets": "out_of_scope_tickets",
                    "params": "params:evaluation",
                    "confidence": "params:confidence",
                    "hardware": "params:hardware",
                    **{f"{modality}_outputs": f"{modality}.outputs" for modality in MODALITIES},
                    **{f"{modality}_features": f"{modality}.features" for modality in MODALITIES},
                },
                outputs="judged_tickets",
                name="judge_tickets",
            ),
            Node(
                evaluate_predictions,
                inputs={
                    "predictions": "test_predictions",
                    "scenarios": "scenarios",
                    "judged": "judged_tickets",
                    "tickets": "tickets",
                    "quarantine": "quarantine",
                    "selection": "selection",
                    "joint_history": "joint_history",
                    "preset": "params:preset",
                    "params": "params:evaluation",
                    **{modality: f"{modality}.history" for modality in MODALITIES},
                },
                outputs=["evaluation", "metrics", *(f"{name}_figure" for name in SHOWN_FIGURES)],
                name="evaluate_predictions",
            ),
        ]
    )


def create_analysis_pipeline() -> Pipeline:
    """Look into what the scores do not say."""
    return Pipeline(
        [
            Node(
                collect_model_predictions,
                inputs={
                    "model": "model",
                    "tickets": "tickets",
                    "params": "params:evaluation",
                    "hardware": "params:hardware",
                    **{f"{modality}_outputs": f"{modality}.outputs" for modality in MODALITIES},
                    **{f"{modality}_features": f"{modality}.features" for modality in MODALITIES},
                },
                outputs="model_predictions",
                name="collect_model_predictions",
            ),
            Node(
                find_leaks,
                inputs={
                    "tickets": "tickets",
                    "quarantine": "quarantine",
                    "predictions": "model_predictions",
                    "params": "params:evaluation",
                    **{modality: f"{modality}.cleaned" for modality in MODALITIES},
                },
                outputs="leakage_analysis",
                name="find_leaks",
            ),
            Node(
                draw_confidence,
                inputs={
                    "model": "model",
                    "tickets": "tickets",
                    "predictions": "model_predictions",
                    "judged": "judged_tickets",
                    "params": "params:evaluation",
                    "hardware": "params:hardware",
                    **{f"{modality}_outputs": f"{modality}.outputs" for modality in MODALITIES},
                    **{f"{modality}_features": f"{modality}.features" for modality in MODALITIES},
                },
                outputs="calibration_curves_analysis",
                name="draw_confidence",
            ),
            Node(
                show_errors,
                inputs={
                    "predictions": "model_predictions",
                    "params": "params:evaluation",
                    **{modality: f"{modality}.cleaned" for modality in MODALITIES},
                },
                outputs="errors_analysis",
                name="show_errors",
            ),
            Node(
                look_at_labels,
                inputs={
                    "model": "model",
                    "tickets": "tickets",
                    "unlabelled_tickets": "unlabelled_tickets",
                    "held_out_predictions": "held_out_predictions",
                    "params": "params:evaluation",
                    "hardware": "params:hardware",
                    **{
                        f"{modality}_{kind}": f"{modality}.{kind}"
                        for modality in MODALITIES
                        for kind in ("outputs", "features", "cleaned")
                    },
                },
                outputs="labels_analysis",
                name="look_at_labels",
            ),
        ]
    )


def create_report_pipeline() -> Pipeline:
    """Write down all that was found, for people."""
    return Pipeline(
        [
            Node(
                write_report,
                inputs={
                    "evaluation": "evaluation",
                    "tickets": "tickets",
                    "dataset_name": "params:dataset",
                    "preset": "params:preset",
                    "given_params": "params:given_params",
                    "seed": "params:seed",
                    **{f"{name}_analysis": f"{name}_analysis" for name in ANALYSES},
                    **{f"{modality}_contact_sheet": f"{modality}.contact_sheet" for modality in MODALITIES},
                },
                outputs="report",
                name="write_report",
            ),
        ]
    )
