"""Wiring of the cleaning pipeline."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.clean.nodes import assemble, check_raw_tickets, clean_shards_of


def create_pipeline() -> Pipeline:
    """Check the table, clean each modality in its namespace, assemble."""
    check = Node(
        check_raw_tickets,
        inputs=["raw_tickets", "params:tickets"],
        outputs=["valid_tickets", "rejected_tickets"],
        name="check_tickets",
    )
    each = [
        Pipeline(
            [
                Node(
                    clean_shards_of(modality),
                    inputs=[
                        "valid_tickets",
                        "params:tickets_path",
                        f"params:{modality}.cleaning",
                        "params:engine",
                        "params:hardware",
                    ],
                    outputs=f"{modality}.cleaned",
                    name="clean",
                    namespace=modality,
                )
            ]
        )
        for modality in MODALITIES
    ]
    join = Node(
        assemble,
        inputs={
            "valid_tickets": "valid_tickets",
            "rejected_tickets": "rejected_tickets",
            "params": "params:tickets",
            **{modality: f"{modality}.cleaned" for modality in MODALITIES},
        },
        outputs=["tickets", "unlabelled_tickets", "quarantine"],
        name="assemble_tickets",
    )
    return Pipeline([check, *each, join])
