"""Wiring of the prediction pipeline."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.predict.nodes import predict_tickets


def create_pipeline() -> Pipeline:
    """Predict."""
    return Pipeline(
        [Node(predict_tickets, inputs=["new_tickets", "model"], outputs="predictions", name="predict_tickets")]
    )
