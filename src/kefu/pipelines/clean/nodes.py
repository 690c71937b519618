"""Nodes of the cleaning pipeline."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kefu import modalities
from kefu.engines import EngineParameters, map_in_order, show_progress
from kefu.engines.shards import CleanTask, clean_shard, split_rows
from kefu.tickets.assemble import assemble_tickets, spread_facts
from kefu.tickets.check import check_tickets
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.table import TicketTable
from kefu.training.hardware import HardwareParameters

CleanedShards = Mapping[str, pa.Table]


def check_raw_tickets(raw_tickets: TicketTable, params: TicketParameters) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sieve out tickets without id or label, and those that stand twice.

    Returns:
        Valid tickets, and the quarantine rows of the others.
    """
    return check_tickets(raw_tickets.frame, params)


def clean_shards_of(modality: str) -> Callable[..., Iterator[dict[str, pa.Table]]]:
    """Return the node function that cleans one modality, shard by shard."""

    def clean_shards(
        valid_tickets: pd.DataFrame,
        media: Path,
        params: Any,
        engine: EngineParameters,
        hardware: HardwareParameters,
    ) -> Iterator[dict[str, pa.Table]]:
        """Clean every value of the modality; a value that is lost keeps a row that says why."""
        given = valid_tickets.reindex(columns=["ticket_id", modality]).dropna(subset=modality)
        names = [name for name, _ in split_rows(given, engine.tickets_per_shard)]
        tasks = (
            CleanTask(modality, list(rows["ticket_id"]), list(rows[modality]), media, params)
            for _, rows in split_rows(given, engine.tickets_per_shard)
        )
        results = map_in_order(clean_shard, tasks, workers=hardware.num_workers)
        for name, table in zip(names, show_progress(results, total=len(names), what=f"{modality}: clean"), strict=True):
            yield {name: table}

    # Kedro reads the annotation to validate the parameters before anything runs
    clean_shards.__annotations__["params"] = modalities.get(modality).Cleaning
    return clean_shards


def assemble(
    valid_tickets: pd.DataFrame, rejected_tickets: pd.DataFrame, params: TicketParameters, **cleaned: CleanedShards
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Bring together what cleaning found, drop duplicates, divide the tickets into splits.

    Returns:
        The tickets to train on, those without a label, which serve pretraining alone, and the whole quarantine table;
        together they hold every ticket of the raw table.
    """
    found = {modality: _verdicts(shards) for modality, shards in cleaned.items()}
    kept, quarantine = assemble_tickets(valid_tickets, rejected_tickets, found, params)
    labelled = kept["label"].notna()
    unlabelled = kept[~labelled].drop(columns="label")
    return kept[labelled].reset_index(drop=True), unlabelled.reset_index(drop=True), quarantine


def tickets_of(modality: str) -> Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]:
    """Return the node function that picks what one modality needs to know of the tickets."""

    def pick_tickets(tickets: pd.DataFrame, unlabelled_tickets: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Leave out all that cleaning found in other modalities, so that it makes no difference to this one.

        Returns:
            Every ticket with its customer, split, label and whether it has the modality; those without a label apart.
        """
        wanted = ["ticket_id", "customer_id", "label", "split", f"has_{modality}"]
        picked, unlabelled = (
            frame[[name for name in wanted if name in frame]] for frame in (tickets, unlabelled_tickets)
        )
        return picked, unlabelled

    return pick_tickets


def _verdicts(shards: CleanedShards) -> pd.DataFrame:
    """Return what cleaning said of each ticket, without the payloads."""
    parts = [
        spread_facts(
            shard.select(["ticket_id", "reason", "detail", "facts"])
            .append_column("ok", shard["payload"].is_valid())
            .to_pandas()
        )
        for shard in shards.values()
    ]
    return pd.concat(parts, ignore_index=True)
