"""Nodes of the feature pipeline."""

from collections.abc import Callable, Iterator, Mapping

import pandas as pd
import pyarrow as pa

from kefu import modalities
from kefu.engines import map_in_order, show_progress
from kefu.engines.shards import ExtractTask, FeatureShard, extract_shard, payloads
from kefu.modalities.contract import FeatureParameters, Preprocessor
from kefu.training.hardware import HardwareParameters


def fit_preprocessor_of(modality: str) -> Callable[..., Preprocessor]:
    """Return the node function that learns one modality's preprocessor."""
    module = modalities.get(modality)

    def fit_preprocessor(
        tickets: pd.DataFrame, cleaned: Mapping[str, pa.Table], params: FeatureParameters
    ) -> Preprocessor:
        """Learn vocabulary or statistics from the training tickets, and from no other."""
        training = tickets.loc[(tickets["split"] == "train") & tickets[f"has_{modality}"], "ticket_id"]
        if params.max_fit is not None and len(training) > params.max_fit:
            training = training.sample(params.max_fit, random_state=0)
        wanted = frozenset(training)
        values = (payload for table in cleaned.values() for _, payload in payloads(modality, table, wanted))
        return module.fit(show_progress(values, total=len(wanted), what=f"{modality}: fit"), params)

    fit_preprocessor.__annotations__["params"] = module.Features
    return fit_preprocessor


def extract_shards_of(modality: str) -> Callable[..., Iterator[dict[str, FeatureShard]]]:
    """Return the node function that extracts one modality's features, shard by shard."""

    def extract_shards(
        tickets: pd.DataFrame,
        unlabelled_tickets: pd.DataFrame,
        shards: Mapping[str, pa.Table],
        preprocessor: Preprocessor,
        hardware: HardwareParameters,
    ) -> Iterator[dict[str, FeatureShard]]:
        """Extract the features of every kept ticket, or of every copy."""
        kept = frozenset(
            ticket_id
            for frame in (tickets, unlabelled_tickets)
            for ticket_id in frame.loc[frame[f"has_{modality}"].astype(bool), "ticket_id"]
        )
        tasks = (
            ExtractTask(modality, table, kept.intersection(table["ticket_id"].to_pylist()), preprocessor)
            for table in shards.values()
        )
        results = map_in_order(extract_shard, tasks, workers=hardware.num_workers)
        done = show_progress(results, total=len(shards), what=f"{modality}: features")
        for name, shard in zip(shards, done, strict=True):
            yield {name: shard}

    return extract_shards
