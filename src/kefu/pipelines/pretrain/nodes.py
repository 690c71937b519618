"""Nodes of the pretraining pipeline."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from kefu.modalities import MODALITIES
from kefu.tickets.splits import group_keys
from kefu.training.callbacks import history_columns
from kefu.training.contrastive import PretrainingParameters, find_modalities, pretrain_encoders
from kefu.training.data import collect_rows
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.joint_data import JointRows
from kefu.training.modality_model import build_encoder
from kefu.training.run_facts import Meter

logger = logging.getLogger(__name__)

_COLUMNS = ["member", *history_columns("retrieval_auc")]
_UNLABELLED = ""


def pretrain(
    tickets: pd.DataFrame,
    unlabelled_tickets: pd.DataFrame,
    params: PretrainingParameters,
    bagging: BaggingParameters,
    seed: int,
    hardware: HardwareParameters,
    checkpoints: str,
    **modalities: Any,
) -> dict[str, Any]:
    """Pretrain the encoders of all modalities on what belongs together, once for each fold of customers.

    The folds are those that the encoders are then trained on, so that no member has seen the customers it is judged by.

    Args:
        tickets: all kept tickets; their labels are not looked at.
        unlabelled_tickets: tickets that have no label; those of a member's held-out customers are left out.
        params: epochs, batch size, temperature …
        bagging: how many members there are.
        seed: of starting weights and shuffling.
        hardware: device, precision, threads.
        checkpoints: folder in which an interrupted pretraining is found again.
        modalities: ``<modality>_features``, ``<modality>_augmented``, ``<modality>_preprocessor`` and
            ``<modality>_encoder`` of each modality.

    Returns:
        For each modality the weights of its encoder, names prefixed by the number of the member, or nothing where it
        was not pretrained; ``history``, the learning curve of each member; and ``run_facts``, how the run went.
    """
    weights: dict[str, dict[str, Tensor]] = {modality: {} for modality in MODALITIES}
    histories = [pd.DataFrame(columns=_COLUMNS)]
    folder = Path(checkpoints) / "pretrain"
    folds = make_folds(tickets, bagging, seed) if params.max_epochs else ()
    machine = choose_hardware(hardware)
    meter, trainings = Meter(machine), []
    for number, fold in enumerate(folds):
        more = unlabelled_tickets[
            unlabelled_tickets["split"].isin(bagging.training_splits)
            & ~group_keys(unlabelled_tickets).isin(group_keys(fold.validation))
        ]
        training = _joint_rows(pd.concat([fold.training, more]), modalities, params, copies=True)
        names = find_modalities(training, params)
        if not names:
            logger.warning("pretraining: no two tickets have the same two modalities; encoders start from scratch")
            break
        encoders = {
            name: build_encoder(name, modalities[f"{name}_encoder"], modalities[f"{name}_preprocessor"], seed + number)
            for name in names
        }
        with meter:
            pretrained = pretrain_encoders(
                "pretraining" if len(folds) == 1 else f"pretraining {number + 1}/{len(folds)}",
                encoders,
                training,
                _joint_rows(fold.validation, modalities, params, copies=False),
                params,
                hardware=machine,
                seed=seed + number,
                checkpoints=folder,
            )
        trainings.append((len(training), pretrained.history))
        for name, encoder in pretrained.encoders.items():
            weights[name] |= {f"{number}.{key}": value for key, value in encoder.state_dict().items()}
        histories.append(pretrained.history.assign(member=number))
    history = pd.concat(histories[1:] or histories, ignore_index=True)
    facts = {"run": {"pretraining": meter.facts(trainings)}} if trainings else {}
    return {**weights, "history": history[_COLUMNS], "run_facts": facts}


def _joint_rows(
    tickets: pd.DataFrame, modalities: Mapping[str, Any], params: PretrainingParameters, *, copies: bool
) -> JointRows:
    """Gather the features of the tickets that take part: with two modalities, or with one where variants count."""
    least = 1 if params.variant_weight > 0 else 2
    some = tickets.loc[tickets[[f"has_{name}" for name in MODALITIES]].sum(axis=1) >= least, ["ticket_id"]]
    unlabelled = some.assign(label=_UNLABELLED)
    features = {
        name: collect_rows(
            [modalities[f"{name}_features"], *([modalities[f"{name}_augmented"]] if copies else [])],
            unlabelled,
            (_UNLABELLED,),
        )
        for name in MODALITIES
    }
    return JointRows(list(some["ticket_id"]), np.zeros(len(some), dtype=np.int64), features)
