"""Nodes of the feature pipeline."""

from collections.abc import Callable, Mapping
from hashlib import blake2b

import pandas as pd

from kefu import modalities
from kefu.datasets.shards import PayloadShards
from kefu.engines import ShardPlan, recipe
from kefu.engines.local import Carried
from kefu.engines.shards import ExtractTask, FeatureShard, MeasureTask, extract_shard, measure_shard
from kefu.experiments.code import code_digest
from kefu.modalities.contract import FeatureParameters, Preprocessor
from kefu.training.hardware import HardwareParameters


def measure_shards_of(modality: str) -> Callable[..., ShardPlan[MeasureTask, FeatureShard]]:
    """Return the node function that measures one modality, shard by shard."""
    module = modalities.get(modality)

    def measure_shards(
        tickets: pd.DataFrame, cleaned: PayloadShards, params: FeatureParameters, hardware: HardwareParameters
    ) -> ShardPlan[MeasureTask, FeatureShard]:
        """Measure what a preprocessor is fitted to: of the training tickets, and of no other."""
        training = tickets.loc[(tickets["split"] == "train") & tickets[f"has_{modality}"], "ticket_id"].to_list()
        if params.max_fit is not None and len(training) > params.max_fit:
            # by hash, so that a ticket that comes or goes changes one of those drawn at most
            training = sorted(training, key=_place)[: params.max_fit]
        wanted = frozenset(training)
        names = list(cleaned)
        kept = [wanted.intersection(cleaned.ticket_ids(name)) for name in names]
        code = code_digest("kefu.engines.shards", module.measure.__module__, module.unpack.__module__)
        values = params.model_dump(mode="json", exclude={"max_fit"})
        return ShardPlan(
            f"{modality}: measure",
            [
                recipe(code=code, params=values, kept=sorted(some), cleaned=cleaned.digest(name))
                for name, some in zip(names, kept, strict=True)
            ],
            lambda number: MeasureTask(modality, cleaned[names[number]], kept[number], params),
            measure_shard,
            hardware.num_workers,
        )

    measure_shards.__annotations__["params"] = module.Features
    return measure_shards


def fit_preprocessor_of(modality: str) -> Callable[..., Preprocessor]:
    """Return the node function that learns one modality's preprocessor."""
    module = modalities.get(modality)

    def fit_preprocessor(measured: Mapping[str, FeatureShard], params: FeatureParameters) -> Preprocessor:
        """Learn vocabulary or statistics from what was measured."""
        return module.fit_measured((shard.features for shard in measured.values()), params)

    fit_preprocessor.__annotations__["params"] = module.Features
    return fit_preprocessor


def extract_shards_of(modality: str) -> Callable[..., ShardPlan[ExtractTask, FeatureShard]]:
    """Return the node function that extracts one modality's features, shard by shard."""
    module = modalities.get(modality)

    def extract_shards(
        tickets: pd.DataFrame,
        unlabelled_tickets: pd.DataFrame,
        shards: PayloadShards,
        preprocessor: Preprocessor,
        hardware: HardwareParameters,
    ) -> ShardPlan[ExtractTask, FeatureShard]:
        """Extract the features of every kept ticket, or of every copy."""
        present = frozenset(
            ticket_id
            for frame in (tickets, unlabelled_tickets)
            for ticket_id in frame.loc[frame[f"has_{modality}"].astype(bool), "ticket_id"].tolist()
        )
        names = list(shards)
        kept = [present.intersection(shards.ticket_ids(name)) for name in names]
        code = code_digest("kefu.engines.shards", module.fit.__module__, module.unpack.__module__)
        carried = Carried(preprocessor)
        learned = blake2b(preprocessor.used_by_extract()).hexdigest()
        return ShardPlan(
            f"{modality}: features",
            [
                recipe(code=code, preprocessor=learned, kept=sorted(some), shard=shards.digest(name))
                for name, some in zip(names, kept, strict=True)
            ],
            lambda number: ExtractTask(modality, shards[names[number]], kept[number], carried),
            extract_shard,
            hardware.num_workers,
        )

    return extract_shards


def _place(ticket_id: str) -> bytes:
    """Return where a ticket stands in the draw."""
    return blake2b(ticket_id.encode(), digest_size=8, person=b"max_fit").digest()
