"""Wiring of the prediction pipeline."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.predict.nodes import predict_tickets


def create_pipeline(tickets: str = "new_tickets", predictions: str = "predictions") -> Pipeline:
    """Predict one table of tickets of the catalog into another."""
    return Pipeline(
        [
            Node(
                predict_tickets,
                inputs=[tickets, "model", "params:confidence"],
                outputs=predictions,
                name=f"predict_{tickets}",
            )
        ]
    )
