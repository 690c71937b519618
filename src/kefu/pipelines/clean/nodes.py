"""Nodes of the cleaning pipeline."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kefu import modalities
from kefu.datasets.shards import PayloadShards
from kefu.engines import EngineParameters, ShardPlan, recipe
from kefu.engines.shards import CleanTask, clean_shard, split_rows
from kefu.experiments.code import code_digest
from kefu.tickets.assemble import assemble_tickets, spread_facts
from kefu.tickets.check import check_tickets
from kefu.tickets.media import MediaDigests
from kefu.tickets.parameters import TicketParameters
from kefu.tickets.table import TicketTable
from kefu.training.hardware import HardwareParameters


def check_raw_tickets(raw_tickets: TicketTable, params: TicketParameters) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sieve out tickets without id or label, and those that stand twice.

    Returns:
        Valid tickets, and the quarantine rows of the others.
    """
    return check_tickets(raw_tickets.frame, params)


def clean_shards_of(modality: str) -> Callable[..., ShardPlan[CleanTask, pa.Table]]:
    """Return the node function that cleans one modality, shard by shard."""
    module = modalities.get(modality)

    def clean_shards(
        valid_tickets: pd.DataFrame,
        media: Path,
        params: Any,
        engine: EngineParameters,
        hardware: HardwareParameters,
    ) -> ShardPlan[CleanTask, pa.Table]:
        """Clean every value of the modality; a value that is lost keeps a row that says why."""
        given = valid_tickets.reindex(columns=["ticket_id", modality]).dropna(subset=modality)
        parts = split_rows(given, engine.tickets_per_shard)
        tasks = [
            CleanTask(modality, rows["ticket_id"].tolist(), rows[modality].tolist(), media, params) for rows in parts
        ]
        code = code_digest("kefu.engines.shards", module.clean.__module__, module.pack.__module__)
        cleaning = params.model_dump(mode="json")

        def recipe_of(task: CleanTask, file: Callable[[str], str] | None) -> str:
            return recipe(
                code=code,
                params=cleaning,
                ticket_ids=task.ticket_ids,
                values=task.values,
                files=[file(path) for path in task.values] if file else [],  # noqa: PD011
            )

        files = MediaDigests(media, params.max_bytes) if module.HOLDS_FILES else None
        return ShardPlan(
            f"{modality}: clean",
            [recipe_of(task, files.state if files else None) for task in tasks],
            tasks.__getitem__,
            clean_shard,
            hardware.num_workers,
            by_content=(lambda number: recipe_of(tasks[number], files.digest)) if files else None,
        )

    # Kedro reads the annotation to validate the parameters before anything runs
    clean_shards.__annotations__["params"] = module.Cleaning
    return clean_shards


def assemble(
    valid_tickets: pd.DataFrame, rejected_tickets: pd.DataFrame, params: TicketParameters, **cleaned: PayloadShards
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


def _verdicts(shards: PayloadShards) -> pd.DataFrame:
    """Return what cleaning said of each ticket, without the payloads: they are there where there is no reason."""
    parts = [shards.columns(name, ["ticket_id", "reason", "detail", "facts"]) for name in shards]
    found = pa.concat_tables(parts)
    return spread_facts(found.append_column("ok", pc.is_null(found["reason"])).to_pandas())
