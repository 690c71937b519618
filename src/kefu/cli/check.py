"""``kefu check``: the cleaning of the pipeline without training."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kefu.cli.mistakes import explain_parameters, tell_mistakes
from kefu.cli.project import open_project, say_to_stderr

if TYPE_CHECKING:
    import pandas as pd

    from kefu.engines import EngineParameters
    from kefu.parameters import Parameters
    from kefu.tickets.parameters import TicketParameters
    from kefu.tickets.table import TicketTable
    from kefu.training.hardware import HardwareParameters


@click.command(short_help="Tell what is in a table of tickets, and what is wrong with it.")
@click.argument("tickets", required=False, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Write every loss to this table (.csv, .jsonl, .parquet).")
@click.option("--env", "environment", help="Clean as this environment of the project does.")
@tell_mistakes
def check(tickets: Path | None, out: Path | None, environment: str | None) -> None:
    """Tell what is in the table TICKETS, or in the project's own one, and what is wrong with it.

    Ids, labels, splits, texts and every file are looked at just as before a training, with the parameters of the
    project's environment, or with the defaults outside of a project. A table without labels is checked for all else.

    \b
    kefu check tickets.csv
    kefu check tickets.csv --out quarantine.csv
    kefu check ../shop/tickets.jsonl --env retail
    kefu check --env fsdd

    The table of losses has the columns ticket_id, modality, reason and detail; modality is 'ticket' where the whole
    ticket is lost.
    """  # noqa: D301 - click wants the backspace itself
    from kefu.cli.output import require_writable
    from kefu.tickets.errors import KefuError
    from kefu.tickets.table import read_tickets, write_table

    if out is not None:
        require_writable(out, tickets)
    table = read_tickets(tickets) if tickets is not None else None
    with open_project(environment) as project:
        parameters = project.config_loader["parameters"] if project is not None else {}
        if table is None:
            if project is None:
                raise KefuError(f"there is no kefu project around {Path.cwd()}; name the table to check")
            table = project.catalog.load("raw_tickets")
        settings = read_settings(parameters)
    say_to_stderr()
    quarantine = tell_findings(table, settings)
    if out is not None:
        write_table(quarantine, out)
        click.echo(f"{len(quarantine)} losses written to {out}")
    elif len(quarantine):
        click.echo("--out quarantine.csv writes down every loss")


def tell_findings(table: "TicketTable", settings: "Settings") -> "pd.DataFrame":
    """Look at every ticket, print what was found, and return the table of losses.

    Raises:
        KefuError: no ticket is left.
    """
    from rich.console import Console

    from kefu.tickets.summary import render_summary, summarise

    kept, quarantine, note = _sieve(table, settings)
    console = Console()
    console.print(render_summary(summarise(kept, quarantine, len(table.frame))), soft_wrap=not console.is_terminal)
    if note is not None:
        click.echo(f"Labels were left out of the check: {note}", err=True)
    return quarantine


@dataclass(frozen=True)
class Settings:
    """How tickets are cleaned."""

    tickets: "TicketParameters"
    engine: "EngineParameters"
    hardware: "HardwareParameters"
    cleaning: Mapping[str, "Parameters"]


def read_settings(parameters: Mapping[str, Any]) -> Settings:
    """Return the typed parameters of an environment, and the defaults of what it does not name."""
    from kefu import modalities
    from kefu.engines import EngineParameters
    from kefu.tickets.parameters import TicketParameters
    from kefu.training.hardware import HardwareParameters

    return Settings(
        tickets=_validated(TicketParameters, "tickets", parameters.get("tickets", {})),
        engine=_validated(EngineParameters, "engine", parameters.get("engine", {})),
        hardware=_validated(HardwareParameters, "hardware", parameters.get("hardware", {})),
        cleaning={
            name: _validated(
                modalities.get(name).Cleaning, f"{name}.cleaning", parameters.get(name, {}).get("cleaning", {})
            )
            for name in modalities.MODALITIES
        },
    )


def _validated(model: Any, group: str, values: Any) -> Any:
    from pydantic import ValidationError

    from kefu.tickets.errors import KefuError

    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise KefuError(explain_parameters(error, group, model)) from None


def _sieve(table: "TicketTable", settings: Settings) -> "tuple[pd.DataFrame, pd.DataFrame, str | None]":
    """Return the kept tickets, the quarantine, and why labels and splits were left out, if they were."""
    from kefu.tickets.assemble import assemble_tickets
    from kefu.tickets.check import check_tickets
    from kefu.tickets.errors import LabelError, SplitError

    note = None
    try:
        valid, rejected = check_tickets(table.frame, settings.tickets)
    except LabelError as error:
        note = str(error)
        valid, rejected = check_tickets(table.frame, settings.tickets, require_labels=False)
    cleaned = {name: _clean(name, valid, table.root, settings) for name in settings.cleaning}
    if note is None:
        try:
            return (*assemble_tickets(valid, rejected, cleaned, settings.tickets), None)
        except (LabelError, SplitError) as error:
            note = str(error)
    kept, quarantine = assemble_tickets(valid, rejected, cleaned, settings.tickets, require_labels=False)
    return kept, quarantine, note


def _clean(modality: str, valid: "pd.DataFrame", root: Path, settings: Settings) -> "pd.DataFrame":
    """Clean one modality of all tickets and return what was found, without the payloads."""
    import pandas as pd

    from kefu.engines import map_in_order, show_progress
    from kefu.engines.shards import CleanTask, clean_shard, split_rows

    given = valid[valid[modality].notna()] if modality in valid else valid.iloc[:0]
    tasks = [
        CleanTask(modality, list(rows["ticket_id"]), list(rows.get(modality, ())), root, settings.cleaning[modality])
        for rows in split_rows(given, settings.engine.tickets_per_shard)
    ]
    # a worker takes seconds to start: a shard or two are cleaned sooner without
    workers = settings.hardware.num_workers if len(tasks) > 2 else 1
    shards = show_progress(
        map_in_order(clean_shard, tasks, workers=workers), total=len(tasks), what=f"{modality}: check"
    )
    found = [
        shard.append_column("ok", shard["payload"].is_valid()).drop_columns(["payload"]).to_pandas() for shard in shards
    ]
    return pd.concat(found, ignore_index=True)
