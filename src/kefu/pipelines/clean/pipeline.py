"""Wiring of the cleaning pipelines."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.clean.nodes import assemble, check_raw_tickets, clean_shards_of, tickets_of


def create_check_pipeline() -> Pipeline:
    """Check the table."""
    return Pipeline(
        [
            Node(
                check_raw_tickets,
                inputs=["raw_tickets", "params:tickets"],
                outputs=["valid_tickets", "rejected_tickets"],
                name="check_tickets",
            )
        ]
    )


def create_modality_pipeline(modality: str) -> Pipeline:
    """Clean one modality in its namespace."""
    return Pipeline(
        [
            Node(
                clean_shards_of(modality),
                inputs=[
                    "valid_tickets",
                    "media",
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


def create_assembly_pipeline() -> Pipeline:
    """Bring together what cleaning found, and give each modality the part of the tickets that concerns it."""
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
    each = [
        Node(
            tickets_of(modality),
            inputs=["tickets", "unlabelled_tickets"],
            outputs=[f"{modality}.tickets", f"{modality}.unlabelled_tickets"],
            name="pick_tickets",
            namespace=modality,
        )
        for modality in MODALITIES
    ]
    return Pipeline([join, *each])
