"""Wiring of the prediction pipelines."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.predict.nodes import predict_tickets, predict_tickets_if_any


def create_pipeline() -> Pipeline:
    """Predict the tickets that a user names."""
    return Pipeline(
        [
            Node(
                predict_tickets,
                inputs=["new_tickets", "model", "params:confidence"],
                outputs="predictions",
                name="predict_new_tickets",
            )
        ]
    )


def create_out_of_scope_pipeline() -> Pipeline:
    """Predict the tickets of the data set that belong to no label, where it has such tickets."""
    return Pipeline(
        [
            Node(
                predict_tickets_if_any,
                inputs=["out_of_scope_tickets", "model", "params:confidence"],
                outputs="out_of_scope_predictions",
                name="predict_out_of_scope_tickets",
            )
        ]
    )
