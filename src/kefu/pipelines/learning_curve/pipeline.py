"""Wiring of the learning curve."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.learning_curve.data_size import measure_data_size
from kefu.pipelines.learning_curve.training import train_subsets_of


def create_modality_pipeline(modality: str) -> Pipeline:
    """Train one modality in its namespace on growing subsets of the tickets."""
    return Pipeline(
        [
            Node(
                train_subsets_of(modality),
                inputs=[
                    f"{modality}.tickets",
                    f"{modality}.features",
                    f"{modality}.augmented_features",
                    f"{modality}.preprocessor",
                    f"{modality}.pretrained_encoder",
                    f"params:{modality}.encoder",
                    f"params:{modality}.training",
                    "params:data_size",
                    "params:evaluation.split",
                    "params:bagging",
                    "params:checkpoints",
                    "params:seed",
                    "params:hardware",
                ],
                outputs=f"{modality}.subset_logits",
                name="train_subsets",
                namespace=modality,
            )
        ]
    )


def create_pipeline() -> Pipeline:
    """Fuse what the modalities learned, and say what more tickets would bring."""
    return Pipeline(
        [
            Node(
                measure_data_size,
                inputs={
                    "tickets": "tickets",
                    "params": "params:data_size",
                    "evaluation": "params:evaluation",
                    "bagging": "params:bagging",
                    "fusion": "params:fusion",
                    "seed": "params:seed",
                    "hardware": "params:hardware",
                    **{modality: f"{modality}.subset_logits" for modality in MODALITIES},
                },
                outputs="data_size_analysis",
                name="measure_data_size",
            )
        ]
    )
