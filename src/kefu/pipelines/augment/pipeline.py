"""Wiring of the augmentation pipelines."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.augment.nodes import add_noise_of, augment_shards_of, draw_contact_sheet_of


def create_pipeline(modality: str) -> Pipeline:
    """Augment one modality in its namespace, draw what came of it, and make noisy copies to be judged by."""
    return Pipeline(
        [
            Node(
                augment_shards_of(modality),
                inputs=[
                    f"{modality}.tickets",
                    f"{modality}.cleaned",
                    f"params:{modality}.augmentation",
                    f"params:{modality}.copies",
                    "params:bagging",
                    "params:seed",
                    "params:hardware",
                ],
                outputs=f"{modality}.augmented",
                name="augment",
                namespace=modality,
            ),
            Node(
                add_noise_of(modality),
                inputs=[
                    f"{modality}.tickets",
                    f"{modality}.cleaned",
                    f"params:{modality}.noise",
                    "params:bagging",
                    "params:seed",
                    "params:hardware",
                ],
                outputs=f"{modality}.noisy",
                name="add_noise",
                namespace=modality,
            ),
            Node(
                draw_contact_sheet_of(modality),
                inputs=[f"{modality}.cleaned", f"{modality}.augmented", f"params:{modality}.features"],
                outputs=f"{modality}.contact_sheet",
                name="draw_contact_sheet",
                namespace=modality,
            ),
        ]
    )
