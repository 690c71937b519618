"""Wiring of the fusion pipeline."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.fuse.nodes import fit_fusions, make_model, train_joint_fusions
from kefu.pipelines.wiring import of_each_modality


def create_pipeline() -> Pipeline:
    """Train or fit every strategy, then make one of them the model."""
    outputs = of_each_modality("outputs")
    noisy = {f"{modality}_noisy": f"{modality}.noisy_outputs" for modality in MODALITIES}
    models = of_each_modality("model")
    features = of_each_modality("features")
    copies = {f"{modality}_augmented": f"{modality}.augmented_features" for modality in MODALITIES}
    return Pipeline(
        [
            Node(
                train_joint_fusions,
                inputs={
                    "tickets": "tickets",
                    "params": "params:fusion",
                    "bagging": "params:bagging",
                    "seed": "params:seed",
                    "hardware": "params:hardware",
                    "checkpoints": "params:checkpoints",
                    **models,
                    **features,
                    **copies,
                },
                outputs=["joint_fusions", "joint_history", "joint_run_facts"],
                name="train_joint_fusions",
            ),
            Node(
                fit_fusions,
                inputs={
                    "tickets": "tickets",
                    "joint": "joint_fusions",
                    "params": "params:fusion",
                    "bagging": "params:bagging",
                    "seed": "params:seed",
                    "hardware": "params:hardware",
                    **models,
                    **outputs,
                    **noisy,
                    **features,
                },
                outputs=["fusions", "selection", "held_out_predictions"],
                name="fit_fusions",
            ),
            Node(
                make_model,
                inputs={
                    "fusions": "fusions",
                    "tickets": "tickets",
                    "selection": "selection",
                    "held_out_predictions": "held_out_predictions",
                    "provenance": "provenance",
                    "params": "params:confidence",
                    "bagging": "params:bagging",
                    "seed": "params:seed",
                    "hardware": "params:hardware",
                    **models,
                    **outputs,
                    **noisy,
                    **features,
                },
                outputs="model",
                name="make_model",
            ),
        ]
    )
