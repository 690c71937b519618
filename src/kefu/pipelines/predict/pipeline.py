"""Wiring of the prediction pipelines."""

from collections.abc import Callable

import pandas as pd
from kedro.pipeline import Node, Pipeline

from kefu.pipelines.predict.nodes import predict_tickets, predict_tickets_if_any


def create_pipeline() -> Pipeline:
    """Predict the tickets that a user names."""
    return _pipeline(predict_tickets, "new_tickets", "predictions")


def create_out_of_scope_pipeline() -> Pipeline:
    """Predict the tickets of the data set that belong to no label, where it has such tickets."""
    return _pipeline(predict_tickets_if_any, "out_of_scope_tickets", "out_of_scope_predictions")


def _pipeline(function: Callable[..., pd.DataFrame], tickets: str, predictions: str) -> Pipeline:
    inputs = [tickets, "model", "params:confidence"]
    return Pipeline([Node(function, inputs=inputs, outputs=predictions, name=f"predict_{tickets}")])
