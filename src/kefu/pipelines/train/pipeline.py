"""Wiring of the training pipelines."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.train.nodes import encode, train_of


def create_pipeline(modality: str) -> Pipeline:
    """Train one modality in its namespace and let it speak of every ticket."""
    return Pipeline(
        [
            Node(
                train_of(modality),
                inputs=[
                    f"{modality}.tickets",
                    f"{modality}.features",
                    f"{modality}.augmented_features",
                    f"{modality}.preprocessor",
                    f"{modality}.pretrained_encoder",
                    f"params:{modality}.cleaning",
                    f"params:{modality}.encoder",
                    f"params:{modality}.training",
                    "params:bagging",
                    "params:checkpoints",
                    "params:seed",
                    "params:hardware",
                ],
                outputs=[f"{modality}.model", f"{modality}.history", f"{modality}.run_facts"],
                name="train",
                namespace=modality,
            ),
            *(
                Node(
                    encode,
                    inputs=[f"{modality}.model", f"{modality}.{features}", "params:hardware"],
                    outputs=f"{modality}.{outputs}",
                    name=name,
                    namespace=modality,
                )
                for features, outputs, name in (
                    ("features", "outputs", "encode"),
                    ("noisy_features", "noisy_outputs", "encode_noisy"),
                )
            ),
        ]
    )
