"""Nodes of the fusion pipeline."""

import logging
from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from kefu.confidence import ConfidenceParameters
from kefu.engines.shards import FeatureShard
from kefu.evaluation.bootstrap import Resampling
from kefu.evaluation.selection import select_strategy
from kefu.fusion.joint import JointFusion, calibrate
from kefu.fusion.rows import gather
from kefu.fusion.strategies import (
    ENSEMBLE,
    STRATEGIES,
    FusionParameters,
    build_fusion,
    fit_ensemble,
    fit_fusion,
)
from kefu.modalities.tokens import TokenEncoder
from kefu.model import FusedModel, heads_of
from kefu.model_card import write_card
from kefu.pipelines.fuse.candidates import Candidates, predictions_of, table_of
from kefu.pipelines.fuse.confidence import fit_confidence
from kefu.pipelines.fuse.rows import Shards, prior_of, rows_of, rows_to_fit_on
from kefu.pipelines.fuse.scores import score_rows
from kefu.registry.provenance import hash_tickets
from kefu.tickets.errors import KefuError
from kefu.training.classifier import Classifier
from kefu.training.data import collect_rows
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.joint import TrainedJoint, train_joint
from kefu.training.joint_data import JointRows
from kefu.training.modality_model import ModalityModel, build_classifier
from kefu.training.run_facts import Meter
from kefu.training.trainer import HISTORY_COLUMNS

logger = logging.getLogger(__name__)


def train_joint_fusions(
    tickets: pd.DataFrame,
    params: FusionParameters,
    bagging: BaggingParameters,
    seed: int,
    hardware: HardwareParameters,
    checkpoints: str,
    **modalities: Any,
) -> tuple[dict[str, FusedModel], pd.DataFrame, dict[str, Any]]:
    """Train the strategies whose encoders are trained with the fusion, a model for each fold of customers.

    Args:
        tickets: all kept tickets.
        params: settings of each strategy.
        bagging: how many members there are.
        seed: of starting weights, shuffling and hiding.
        hardware: device, precision, threads.
        checkpoints: folder in which an interrupted training is found again.
        modalities: ``<modality>_model``, ``<modality>_features`` and ``<modality>_augmented`` of each modality.

    Returns:
        A model for each strategy, with encoders of its own, the learning curve of each member, and how the run of each
        strategy went, below ``run`` and its name; none where no modality could be trained.
    """
    parts = _models(modalities)
    folder = Path(checkpoints) / "train_joint_fusions"
    columns = ["strategy", "member", *HISTORY_COLUMNS]
    trained = sum(part.is_trained for part in parts.values())
    if not trained:
        return {}, pd.DataFrame(columns=columns), {}
    params = params.for_modalities(trained)
    machine = choose_hardware(hardware)
    folds = make_folds(tickets, bagging, seed)
    prior = prior_of(tickets, next(iter(parts.values())).labels)
    models, histories, facts = {}, [], {}
    for strategy in params.end_to_end:
        members: list[TrainedJoint] = []
        meter, trainings = Meter(machine), []
        for number, fold in enumerate(folds):
            name = strategy if len(folds) == 1 else f"{strategy} {number + 1}/{len(folds)}"
            classifiers = _starting_classifiers(parts, number, params, strategy, seed + number)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed + number)
                heads = {modality: classifier.head for modality, classifier in classifiers.items()}
                fusion = cast(JointFusion, build_fusion(strategy, heads, prior, params))
            training = _joint_rows(fold.training, parts, modalities, copies=True)
            validation = _joint_rows(fold.validation, parts, modalities, copies=False)
            with meter:
                member = train_joint(
                    name, classifiers, fusion, training, validation, params.joint(strategy),
                    hardware=machine, seed=seed + number, checkpoints=folder,
                )  # fmt: skip
            members.append(member)
            trainings.append((len(training), member.history))
            histories.append(member.history.assign(strategy=strategy, member=number))
        facts[strategy] = meter.facts(trainings)
        own = {
            modality: part
            if not part.is_trained
            else replace(
                part,
                classifiers=tuple(member.classifiers[modality] for member in members),
                metrics={},
                num_tokens=params.num_tokens(strategy),
            )
            for modality, part in parts.items()
        }
        labels = next(iter(parts.values())).labels
        model = FusedModel(own, tuple(member.fusion for member in members), strategy, params, labels)
        held_out = [
            rows_of(model, fold.validation, {}, _shards(modalities, "features"), machine).member(member)
            for member, fold in enumerate(folds)
        ]
        calibrate([member.fusion for member in members], held_out)
        models[strategy] = model
    history = pd.concat(histories, ignore_index=True) if histories else pd.DataFrame(columns=columns)
    return models, history[columns], {"run": facts} if facts else {}


def _starting_classifiers(
    parts: Mapping[str, ModalityModel], member: int, params: FusionParameters, strategy: str, seed: int
) -> dict[str, Classifier]:
    """Return an untrained classifier a modality, its encoder as it was trained on its own where that is asked for."""
    classifiers = {}
    for name, part in parts.items():
        if not part.is_trained:
            continue
        tokens = params.num_tokens(strategy)
        classifier = build_classifier(name, part.encoder, part.preprocessor, len(part.labels), seed, tokens)
        if params.joint(strategy).warm_start:
            trained = part.classifiers[member]
            whole = classifier.encoder if tokens is None else cast(TokenEncoder, classifier.encoder).encoder
            whole.load_state_dict(trained.encoder.state_dict())
            if tokens is None:
                classifier.head.load_state_dict(trained.head.state_dict())
        classifiers[name] = classifier
    return classifiers


def _joint_rows(
    tickets: pd.DataFrame, parts: Mapping[str, ModalityModel], modalities: Mapping[str, Any], *, copies: bool
) -> JointRows:
    """Gather the features of the tickets that have any trained modality."""
    trained = [name for name, part in parts.items() if part.is_trained]
    some = tickets[tickets[[f"has_{name}" for name in trained]].any(axis=1)]
    labels = parts[trained[0]].labels
    numbers = {label: number for number, label in enumerate(labels)}
    features = {
        name: collect_rows(
            [modalities[f"{name}_features"], *([modalities[f"{name}_augmented"]] if copies else [])], some, labels
        )
        for name in trained
    }
    targets = np.array([numbers[label] for label in some["label"]], dtype=np.int64)
    return JointRows(list(some["ticket_id"]), targets, features)


def fit_fusions(
    tickets: pd.DataFrame,
    joint: Mapping[str, FusedModel],
    params: FusionParameters,
    bagging: BaggingParameters,
    seed: int,
    hardware: HardwareParameters,
    **modalities: Any,
) -> tuple[dict[str, FusedModel], dict[str, Any], pd.DataFrame]:
    """Fit every strategy on what the trained modalities say, and choose the one that becomes the model.

    They are fitted on tickets that the classifiers have not seen. Without any, the opinions are multiplied as they are,
    at temperature 1, and ``auto`` takes the simplest strategy.

    Args:
        tickets: all kept tickets.
        joint: the strategies that were trained end to end.
        params: settings of each strategy.
        bagging: how many members there are of each modality.
        seed: of starting weights and shuffling.
        hardware: for the number of threads.
        modalities: ``<modality>_model``, ``<modality>_outputs``, ``<modality>_noisy`` (outputs of noisy copies) and
            ``<modality>_features`` of each modality.

    Returns:
        A model for each strategy, which share their modalities' parts where they were not trained end to end; the
        selection: ``chosen`` and its ``evidence``, a record for each candidate, empty where the parameters name the
        strategy; and what the chosen one says of tickets that neither it nor its classifiers have learned from, as
        :func:`kefu.pipelines.fuse.candidates.table_of` makes it.

    Raises:
        KefuError: no modality could be trained.
    """
    machine = choose_hardware(hardware)
    torch.set_num_threads(machine.threads)
    parts = _models(modalities)
    trained = sum(part.is_trained for part in parts.values())
    if not trained:
        raise KefuError(
            "no modality has enough training tickets of two labels; bring more tickets (`kefu check` counts)"
        )
    params = params.for_modalities(trained)
    labels = next(iter(parts.values())).labels
    folds = make_folds(tickets, bagging, seed)
    judged = [fold.validation for fold in folds]
    heads = [heads_of(parts, member) for member in range(len(folds))]
    outputs = {name: shards for name, shards in _shards(modalities, "outputs").items() if parts[name].is_trained}
    held_out = [gather(frame, outputs, labels).member(member) for member, frame in enumerate(judged)]
    learned_from = rows_to_fit_on(held_out, judged, _noisy(modalities, parts, params), labels)
    prior = prior_of(tickets, labels)
    fitted = {
        name: fit_fusion(name, heads, prior, learned_from, params=params, seed=seed) for name in params.on_shared_parts
    }
    own = {
        name: [
            rows_of(model, frame, {}, _shards(modalities, "features"), machine).member(member)
            for member, frame in enumerate(judged)
        ]
        for name, model in joint.items()
        if params.strategy in ("auto", name)
    }
    candidates = Candidates(heads, prior, held_out, learned_from, own, joint, params, seed)
    chosen: str = params.strategy
    evidence: list[dict[Hashable, Any]] = []
    said: dict[str, NDArray[np.float64]] = {}
    if not any(len(rows) for rows in held_out):
        logger.warning("fusion: no validation tickets to fit on; opinions are multiplied as they are, uncalibrated")
        if chosen == "auto":
            chosen = next(name for name in STRATEGIES if name in params.strategies)
            logger.warning("fusion: no validation tickets to choose by; %s, the simplest, is taken", chosen)
    elif chosen != "auto":
        said = {chosen: candidates.predict(chosen)}
    else:
        said, weights = candidates.predict_all()
        singles, fusions = predictions_of(said, pd.concat(judged), labels, candidates.singles)
        selection = select_strategy(singles, fusions, Resampling())
        chosen, evidence = selection.chosen, _records(selection.evidence)
        logger.info("fusion: %s is chosen of %d candidates", chosen, len(evidence))
        if weights:
            fitted[ENSEMBLE] = fit_ensemble(fitted, heads, prior, weights)
        if chosen in candidates.singles:
            fitted[chosen] = fit_fusion(chosen, heads, prior, learned_from, params=params, seed=seed)
    models = {name: FusedModel(parts, members, name, params, labels) for name, members in fitted.items()}
    return (
        models | dict(joint),
        {"chosen": chosen, "evidence": evidence},
        table_of(pd.concat(judged), labels, said.get(chosen)),
    )


def make_model(
    fusions: Mapping[str, FusedModel],
    tickets: pd.DataFrame,
    selection: Mapping[str, Any],
    held_out_predictions: pd.DataFrame,
    provenance: Mapping[str, Any],
    params: ConfidenceParameters,
    bagging: BaggingParameters,
    seed: int,
    hardware: HardwareParameters,
    **modalities: Any,
) -> FusedModel:
    """Return the model of the chosen strategy, with what it knows of its own knowing, its scores and its card.

    ``provenance`` is what :func:`kefu.registry.provenance.describe_run` says of the run; the hashes of the data and of
    the model's own weights are added to it.
    """
    chosen = fusions[selection["chosen"]]
    test = tickets[tickets["split"] == "test"]
    outputs, features = _shards(modalities, "outputs"), _shards(modalities, "features")
    machine = choose_hardware(hardware)
    torch.set_num_threads(machine.threads)
    folds = make_folds(tickets, bagging, seed)
    confidence = fit_confidence(chosen, folds, held_out_predictions, outputs, features, params, machine)
    metrics = {
        "test": score_rows(chosen, rows_of(chosen, test, outputs, features, machine), test),
        "modalities": {name: dict(part.metrics) for name, part in _models(modalities).items()},
    }
    model = replace(chosen, metrics=metrics, confidence=confidence)
    known = {
        **provenance,
        "tickets": {split: int(count) for split, count in tickets["split"].value_counts().items()},
        "data": hash_tickets(tickets),
        "weights": model.to_bundle().hash_weights(),
    }
    model = replace(model, provenance=known)
    return replace(model, card=write_card(model, tickets))


def _models(modalities: Mapping[str, Any]) -> dict[str, ModalityModel]:
    return {name.removesuffix("_model"): value for name, value in modalities.items() if name.endswith("_model")}


def _shards(modalities: Mapping[str, Any], kind: str) -> dict[str, Mapping[str, FeatureShard]]:
    """Return each modality's shards of ``outputs`` or ``features``."""
    return {name.removesuffix(f"_{kind}"): value for name, value in modalities.items() if name.endswith(f"_{kind}")}


def _noisy(modalities: Mapping[str, Any], parts: Mapping[str, ModalityModel], params: FusionParameters) -> Shards:
    """Return what the trained modalities say of noisy copies, where strategies are fitted on them."""
    if not params.fit_noisy:
        return {}
    return {name: shards for name, shards in _shards(modalities, "noisy").items() if parts[name].is_trained}


def _records(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return rows for a JSON file, which has no NaN."""
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")
