"""All pipelines by name. The names are what users type and what the stages of ``dvc.yaml`` are called."""

import warnings

from kedro.pipeline import Pipeline

from kefu.modalities import MODALITIES
from kefu.pipelines import (
    augment,
    clean,
    demo_data,
    evaluate,
    features,
    fuse,
    learning_curve,
    predict,
    pretrain,
    train,
    train_speech,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Return the pipelines: all of training, its steps, the parts that steps are made of, and what stands alone."""
    # a modality's namespace spans all steps on purpose: it is what a person folds together in kedro-viz
    warnings.filterwarnings("ignore", message="Namespace '.*' is interrupted by nodes")
    # the dot in a dataset's name is that namespace
    warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")
    parts = {name: part for step in _training_steps().values() for name, part in step.items()}
    train_fusion = sum(parts.values(), start=Pipeline([]))
    return {
        "__default__": train_fusion,
        "train_fusion": train_fusion,
        **register_steps(),
        **parts,
        **_learning_curve_parts(),
    }


def register_steps() -> dict[str, Pipeline]:
    """Return the pipelines that a person thinks in; each dataset that is made is made by one of them."""
    return {
        "demo_data": demo_data.create_pipeline(),
        **{name: sum(parts.values(), start=Pipeline([])) for name, parts in _training_steps().items()},
        "learning_curve": sum(_learning_curve_parts().values(), start=Pipeline([])),
        "train_speech": train_speech.create_pipeline(),
        "predict": predict.create_pipeline(),
        "predict_out_of_scope": predict.create_out_of_scope_pipeline(),
    }


def _training_steps() -> dict[str, dict[str, Pipeline]]:
    """Return the steps of training in their order, each by its parts: what one modality does concerns no other."""
    return {
        "clean": {
            "check": clean.create_check_pipeline(),
            **{f"clean_{name}": clean.create_modality_pipeline(name) for name in MODALITIES},
            "assemble": clean.create_assembly_pipeline(),
        },
        "augment": {f"augment_{name}": augment.create_pipeline(name) for name in MODALITIES},
        "features": {f"features_{name}": features.create_pipeline(name) for name in MODALITIES},
        "pretrain": {"pretrain": pretrain.create_pipeline()},
        **{f"train_{name}": {f"train_{name}": train.create_pipeline(name)} for name in MODALITIES},
        "fuse": {"fuse": fuse.create_pipeline()},
        "evaluate": {
            "score": evaluate.create_scoring_pipeline(),
            "analyse": evaluate.create_analysis_pipeline(),
            "report": evaluate.create_report_pipeline(),
        },
    }


def _learning_curve_parts() -> dict[str, Pipeline]:
    """Return the parts of the learning curve, which trains anew: no part of training, but of what may be reported."""
    return {
        **{f"learning_curve_{name}": learning_curve.create_modality_pipeline(name) for name in MODALITIES},
        "data_size": learning_curve.create_pipeline(),
    }
