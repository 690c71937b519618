"""Node of the learning curve: the nodes of training and fusion, on growing shares of the tickets."""

import logging
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

from kefu.engines import show_progress
from kefu.evaluation.analysis import Analysis
from kefu.evaluation.data_size import DataSizeParameters, analyse_data_size, epochs_of, keep_labels
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.predictions import Predictions
from kefu.fusion.strategies import FusionParameters
from kefu.modalities import MODALITIES, get
from kefu.pipelines.evaluate.nodes import collect_predictions
from kefu.pipelines.fuse.nodes import fit_fusions
from kefu.pipelines.train.nodes import train_of
from kefu.tickets.errors import KefuError
from kefu.training.encoding import encode_shards
from kefu.training.folds import BaggingParameters
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.trainer import TrainingParameters

logger = logging.getLogger(__name__)

KINDS = ("features", "augmented_features", "preprocessor", "pretrained_encoder", "cleaning", "encoder", "training")
"""What the training of a modality needs of it."""

STRATEGY = "late"
"""The fusion whose curve is drawn: it is fitted in seconds, and few tickets are enough for it."""


def measure_data_size(
    tickets: pd.DataFrame,
    params: DataSizeParameters,
    evaluation: EvaluationParameters,
    bagging: BaggingParameters,
    fusion: FusionParameters,
    seed: int,
    hardware: HardwareParameters,
    checkpoints: str,
    **modalities: Any,
) -> Analysis:
    """Train every modality and late fusion on growing shares of the customers, and score each on the evaluated split.

    Smaller shares lie within larger ones. Preprocessors (vocabulary, statistics) and copies are those of all tickets.

    Args:
        tickets: all kept tickets.
        params: which shares, how often, for how long.
        evaluation: which split is scored, how intervals are made.
        bagging: how many members there are.
        fusion: settings of late fusion.
        seed: of the first repetition.
        hardware: device, precision, threads.
        checkpoints: folder in which an interrupted training is found again.
        modalities: ``<modality>_`` and ``features``, ``augmented_features``, ``preprocessor``, ``pretrained_encoder``,
            ``cleaning``, ``encoder``, ``training`` of each modality.

    Raises:
        KefuError: too few tickets for every share.
    """
    scored = tickets[tickets["split"] == evaluation.split]
    rest = tickets[tickets["split"] != evaluation.split]
    found: dict[int, list[dict[str, Predictions]]] = defaultdict(list)
    tasks = [(share, seed + number) for share in sorted(set(params.shares)) for number in range(params.seeds)]
    for share, own_seed in show_progress(tasks, total=len(tasks), what="learning curve"):
        count = round(share * len(rest))
        kept = keep_labels(rest, count, own_seed)
        subset = pd.concat([kept, scored]).sort_index().reset_index(drop=True)
        try:
            said = _predictions(
                subset, share, params, evaluation, bagging, fusion, own_seed, hardware, checkpoints, modalities
            )
        except KefuError as error:
            logger.warning("learning curve: %s of the tickets is left out: %s", f"{share:.0%}", error)
            continue
        found[count].append({one.name: one for one in said})
    if not found:
        raise KefuError(f"{len(rest)} tickets are too few for a learning curve; bring more, or raise data_size.shares")
    return analyse_data_size(found, STRATEGY, evaluation.resampling)


def _predictions(
    tickets: pd.DataFrame,
    share: float,
    params: DataSizeParameters,
    evaluation: EvaluationParameters,
    bagging: BaggingParameters,
    fusion: FusionParameters,
    seed: int,
    hardware: HardwareParameters,
    checkpoints: str,
    modalities: dict[str, Any],
) -> list[Predictions]:
    """Train on some tickets and return what the fusion and each modality say of the evaluated ones."""
    machine = choose_hardware(hardware)
    given: dict[str, Any] = {}
    for name in MODALITIES:
        module, own = get(name), {kind: modalities[f"{name}_{kind}"] for kind in KINDS}
        # of a node with arguments of any name Kedro leaves parameters as they are written
        training = TrainingParameters.model_validate(own["training"])
        trained = train_of(name)(
            tickets=tickets,
            **own
            | {
                "cleaning": module.Cleaning.model_validate(own["cleaning"]),
                "encoder": module.EncoderParameters.model_validate(own["encoder"]),
                "training": training.model_copy(
                    update={"max_epochs": epochs_of(training.max_epochs, params.epoch_factor, share)}
                ),
            },
            bagging=bagging,
            checkpoints=str(Path(checkpoints) / "learning_curve"),
            seed=seed,
            hardware=hardware,
        )
        model, features = trained[0], own["features"]
        wanted = frozenset(tickets["ticket_id"])
        outputs = dict(encode_shards(model, features, machine, wanted)) if model.is_trained else {}
        given |= {f"{name}_model": model, f"{name}_features": features, f"{name}_outputs": outputs}
    # one strategy, fitted on tickets as they came: no noisy copy is needed
    only = fusion.model_copy(update={"strategy": STRATEGY, "strategies": (STRATEGY,), "fit_noisy": False})
    fusions, *_ = fit_fusions(tickets, {}, only, bagging, seed, hardware, **given)
    return collect_predictions({STRATEGY: fusions[STRATEGY]}, tickets, evaluation, hardware, **given)
