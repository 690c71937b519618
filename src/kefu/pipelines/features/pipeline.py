"""Wiring of the feature pipelines."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.features.nodes import extract_shards_of, fit_preprocessor_of, measure_shards_of


def create_pipeline(modality: str) -> Pipeline:
    """Measure, fit and extract one modality in its namespace."""
    return Pipeline(
        [
            Node(
                measure_shards_of(modality),
                inputs=[
                    f"{modality}.tickets",
                    f"{modality}.cleaned",
                    f"params:{modality}.features",
                    "params:hardware",
                ],
                outputs=f"{modality}.measured",
                name="measure",
                namespace=modality,
            ),
            Node(
                fit_preprocessor_of(modality),
                inputs=[f"{modality}.measured", f"params:{modality}.features"],
                outputs=f"{modality}.preprocessor",
                name="fit_preprocessor",
                namespace=modality,
            ),
            *(
                Node(
                    extract_shards_of(modality),
                    inputs=[
                        f"{modality}.tickets",
                        f"{modality}.unlabelled_tickets",
                        f"{modality}.{shards}",
                        f"{modality}.preprocessor",
                        "params:hardware",
                    ],
                    outputs=f"{modality}.{features}",
                    name=name,
                    namespace=modality,
                )
                for shards, features, name in (
                    ("cleaned", "features", "extract"),
                    ("augmented", "augmented_features", "extract_augmented"),
                    ("noisy", "noisy_features", "extract_noisy"),
                )
            ),
        ]
    )
