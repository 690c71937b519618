"""Wiring of the evaluation pipelines: scores, what else there is to know of the model, the report."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.evaluate.analysis_pipeline import ANALYSES
from kefu.pipelines.evaluate.nodes import (
    SHOWN_FIGURES,
    collect_predictions,
    collect_scenarios,
    evaluate_predictions,
    judge_tickets,
    write_report,
)
from kefu.pipelines.evaluate.plot_tables import make_plot_tables
from kefu.pipelines.evaluate.scored_tickets import tabulate_scores
from kefu.pipelines.wiring import of_each_modality


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
                    **of_each_modality("outputs", "features"),
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
                    **of_each_modality("outputs", "features", "noisy_outputs", "noisy_features"),
                },
                outputs="scenarios",
                name="collect_scenarios",
            ),
            Node(
                tabulate_scores,
                inputs=["scenarios", "model", "fusions"],
                outputs="scored_tickets",
                name="tabulate_scores",
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
                    **of_each_modality("outputs", "features"),
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
            Node(
                make_plot_tables,
                inputs=["evaluation"],
                outputs=["headline", "confusion_plot", "calibration_plot", "robustness_plot"],
                name="make_plot_tables",
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
                    **of_each_modality("contact_sheet"),
                },
                outputs="report",
                name="write_report",
            ),
        ]
    )
