"""Node that fuses what the modalities learned from growing subsets of the tickets, and says what more would bring."""

import logging
from collections import defaultdict
from collections.abc import Mapping

import pandas as pd
from torch import nn

from kefu.datasets.shards import Shards
from kefu.engines.shards import FeatureShard, shard_name
from kefu.evaluation.analysis import Analysis
from kefu.evaluation.data_size import analyse_data_size
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.predictions import Predictions
from kefu.fusion.rows import gather
from kefu.fusion.strategies import FusionParameters, fit_fusion
from kefu.model import average_members
from kefu.pipelines.evaluate.nodes import normalised, predictions_of_modalities, tickets_to_score
from kefu.pipelines.fuse.rows import prior_of
from kefu.tickets.errors import KefuError
from kefu.training.folds import BaggingParameters, make_folds
from kefu.training.hardware import HardwareParameters, choose_hardware, limit_threads
from kefu.training.subsets import DataSizeParameters, Subset, draw_subsets

logger = logging.getLogger(__name__)

STRATEGY = "late"
"""The fusion whose curve is drawn: fitted in seconds, on few tickets, and on logits alone."""


def measure_data_size(
    tickets: pd.DataFrame,
    params: DataSizeParameters,
    evaluation: EvaluationParameters,
    bagging: BaggingParameters,
    fusion: FusionParameters,
    seed: int,
    hardware: HardwareParameters,
    **logits: Shards[FeatureShard],
) -> Analysis:
    """Fit late fusion on what the modalities say after each subset, and score it and them on the evaluated split.

    Args:
        tickets: all kept tickets.
        params: which shares, how often.
        evaluation: which split is scored, how intervals are made.
        bagging: how many members there are.
        fusion: settings of late fusion.
        seed: of the first repetition.
        hardware: for the number of threads.
        logits: for each modality a shard of logits (N, K, C) a subset.

    Raises:
        KefuError: a modality was trained on other subsets; too few tickets for every one.
    """
    found: dict[int, list[dict[str, Predictions]]] = defaultdict(list)
    subsets = draw_subsets(tickets, params, evaluation.split, seed)
    for name, shards in logits.items():
        if len(shards) != len(subsets):
            raise KefuError(
                f"{name} was trained on {len(shards)} subsets of the tickets, data_size asks for {len(subsets)}; "
                "run the pipeline learning_curve again"
            )
    with limit_threads(choose_hardware(hardware).threads):
        for number, subset in enumerate(subsets):
            said = {}
            for name, shards in logits.items():
                shard = shards[shard_name(number, len(subsets))]
                if shard.ticket_ids:
                    _check_tickets(name, shard, subset, bagging)
                    said[name] = shard
            if not said:
                logger.warning("learning curve: %.0f%% of the tickets are left out, too few", 100 * subset.share)
                continue
            predictions = _predictions(subset, said, evaluation, bagging, fusion)
            found[subset.size].append({one.name: one for one in predictions})
    if not found:
        raise KefuError(
            f"{len(tickets)} tickets are too few for a learning curve; bring more, or raise data_size.shares"
        )
    return analyse_data_size(found, STRATEGY, evaluation.resampling)


def _predictions(
    subset: Subset,
    said: Mapping[str, FeatureShard],
    evaluation: EvaluationParameters,
    bagging: BaggingParameters,
    fusion: FusionParameters,
) -> list[Predictions]:
    """Return what late fusion and each modality say of the scored tickets.

    Late fusion looks at logits alone, so they stand in the place of embeddings, below heads that change nothing.
    """
    labels, outputs = subset.labels, {name: {"": shard} for name, shard in said.items()}
    held_out = [
        gather(fold.validation, outputs, labels, kind="logits").member(member)
        for member, fold in enumerate(make_folds(subset.tickets, bagging, subset.seed))
    ]
    heads = {name: _unchanged(len(labels)) for name in said}
    prior = prior_of(subset.tickets, labels)
    fusions = fit_fusion(STRATEGY, [heads] * len(held_out), prior, held_out, params=fusion, seed=subset.seed)
    scored, frame = tickets_to_score(subset.tickets, evaluation)
    rows = gather(scored, outputs, labels, kind="logits")
    probabilities = normalised(average_members(fusions, rows.embeddings, rows.present))
    fused = Predictions(STRATEGY, "fusion", labels, probabilities, rows.targets, frame)
    return [fused, *predictions_of_modalities(rows, labels, frame)]


def _unchanged(num_classes: int) -> nn.Linear:
    """Return a head that gives what it gets."""
    head = nn.Linear(num_classes, num_classes)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def _check_tickets(name: str, shard: FeatureShard, subset: Subset, bagging: BaggingParameters) -> None:
    """Check that what a modality says is of the tickets of a subset: those that it has not learned from."""
    judged = subset.tickets["split"].isin(bagging.judging_splits) & subset.tickets[f"has_{name}"]
    if set(shard.ticket_ids) != set(subset.tickets.loc[judged, "ticket_id"]):
        raise KefuError(
            f"{name} was trained on other tickets than {subset.share:.0%} of those there are now; "
            "run the pipeline learning_curve again"
        )
