"""Wiring of the pretraining pipeline."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.pretrain.nodes import pretrain


def create_pipeline() -> Pipeline:
    """Pretrain the encoders of all modalities together, for each to be trained from there."""
    features = {f"{modality}_features": f"{modality}.features" for modality in MODALITIES}
    copies = {f"{modality}_augmented": f"{modality}.augmented_features" for modality in MODALITIES}
    preprocessors = {f"{modality}_preprocessor": f"{modality}.preprocessor" for modality in MODALITIES}
    encoders = {f"{modality}_encoder": f"params:{modality}.encoder" for modality in MODALITIES}
    return Pipeline(
        [
            Node(
                pretrain,
                inputs={
                    "tickets": "tickets",
                    "unlabelled_tickets": "unlabelled_tickets",
                    "params": "params:pretraining",
                    "bagging": "params:bagging",
                    "seed": "params:seed",
                    "hardware": "params:hardware",
                    "checkpoints": "params:checkpoints",
                    **features,
                    **copies,
                    **preprocessors,
                    **encoders,
                },
                outputs={
                    **{modality: f"{modality}.pretrained_encoder" for modality in MODALITIES},
                    "history": "pretraining_history",
                    "run_facts": "pretraining_run_facts",
                },
                name="pretrain",
            )
        ]
    )
