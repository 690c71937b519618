"""Wiring of the demo pipeline."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.demo_data.nodes import make_demo_tickets


def create_pipeline() -> Pipeline:
    """Make the demo tickets."""
    return Pipeline(
        [
            Node(
                make_demo_tickets,
                inputs=["params:demo", "params:hardware"],
                outputs="demo_tickets",
                name="make_demo_tickets",
            )
        ]
    )
