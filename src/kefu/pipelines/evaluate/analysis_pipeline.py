"""Wiring of the analyses: what else there is to know of the model and its data, a node for each question."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.evaluate.calibration_curves import draw_confidence
from kefu.pipelines.evaluate.contribution import weigh_modalities
from kefu.pipelines.evaluate.errors import show_errors
from kefu.pipelines.evaluate.labels import look_at_labels
from kefu.pipelines.evaluate.leakage import find_leaks
from kefu.pipelines.evaluate.nodes import collect_model_predictions
from kefu.pipelines.evaluate.robustness_curves import trace_robustness
from kefu.pipelines.wiring import of_each_modality

ANALYSES = (
    "leakage",
    "calibration_curves",
    "errors",
    "labels",
    "contribution",
    "robustness_curves",
    "data_size",
)
"""What is looked into beyond the scores; of each there is a dataset ``<name>_analysis`` and a section of the report.
That of the data size is made by a pipeline of its own."""


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
                    **of_each_modality("outputs", "features"),
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
                    **of_each_modality("outputs", "features"),
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
                weigh_modalities,
                inputs={
                    "model": "model",
                    "tickets": "tickets",
                    "params": "params:evaluation",
                    "hardware": "params:hardware",
                    **of_each_modality("outputs", "features", "cleaned"),
                },
                outputs="contribution_analysis",
                name="weigh_modalities",
            ),
            Node(
                trace_robustness,
                inputs={
                    "model": "model",
                    "tickets": "tickets",
                    "params": "params:evaluation",
                    "seed": "params:seed",
                    "hardware": "params:hardware",
                    **of_each_modality("cleaned", "model"),
                },
                outputs="robustness_curves_analysis",
                name="trace_robustness",
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
                    **of_each_modality("outputs", "features", "cleaned"),
                },
                outputs="labels_analysis",
                name="look_at_labels",
            ),
        ]
    )
