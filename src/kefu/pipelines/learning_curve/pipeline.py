"""Wiring of the learning curve."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.learning_curve.nodes import measure_data_size
from kefu.pipelines.wiring import of_each_modality


def create_pipeline() -> Pipeline:
    """Train on growing shares of the tickets, and say what more of them would bring."""
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
                    "checkpoints": "params:checkpoints",
                    **of_each_modality("features", "augmented_features", "preprocessor", "pretrained_encoder"),
                    **{
                        f"{modality}_{group}": f"params:{modality}.{group}"
                        for modality in MODALITIES
                        for group in ("cleaning", "encoder", "training")
                    },
                },
                outputs="data_size_analysis",
                name="measure_data_size",
            )
        ]
    )
