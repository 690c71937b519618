"""Wiring of the fusion pipeline."""

from kedro.pipeline import Node, Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines.fuse.nodes import fit_fusions, make_model


def create_pipeline() -> Pipeline:
    """Fit every strategy, then make one of them the model."""
    outputs = {f"{modality}_outputs": f"{modality}.outputs" for modality in MODALITIES}
    models = {f"{modality}_model": f"{modality}.model" for modality in MODALITIES}
    return Pipeline(
        [
            Node(
                fit_fusions,
                inputs={
                    "tickets": "tickets",
                    "params": "params:fusion",
                    "bagging": "params:bagging",
                    "seed": "params:seed",
                    "hardware": "params:hardware",
                    **models,
                    **outputs,
                },
                outputs=["fusions", "selection"],
                name="fit_fusions",
            ),
            Node(
                make_model,
                inputs={"fusions": "fusions", "tickets": "tickets", "selection": "selection", **outputs},
                outputs="model",
                name="make_model",
            ),
        ]
    )
