"""All pipelines by name. The names are what users type and what the stages of ``dvc.yaml`` are called."""

import warnings

from kedro.pipeline import Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines import augment, clean, demo_data, evaluate, features, fuse, predict, pretrain, train


def register_pipelines() -> dict[str, Pipeline]:
    """Return the pipelines."""
    # a modality's namespace spans all stages on purpose: it is what a person folds together in kedro-viz
    warnings.filterwarnings("ignore", message="Namespace '.*' is interrupted by nodes")
    # the dot in a dataset's name is that namespace
    warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")
    stages = {
        "clean": clean.create_pipeline(),
        "augment": augment.create_pipeline(),
        "features": features.create_pipeline(),
        "pretrain": pretrain.create_pipeline(),
        **{f"train_{name}": train.create_pipeline(name) for name in MODALITIES},
        "fuse": fuse.create_pipeline(),
        "evaluate": evaluate.create_pipeline(),
    }
    train_fusion = sum(stages.values(), start=Pipeline([]))
    return {
        "__default__": train_fusion,
        "train_fusion": train_fusion,
        "demo_data": demo_data.create_pipeline(),
        **stages,
        "predict": predict.create_pipeline(),
        "predict_out_of_scope": predict.create_pipeline("out_of_scope_tickets", "out_of_scope_predictions"),
    }
