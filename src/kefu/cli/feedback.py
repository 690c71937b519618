"""``kefu feedback``: what agents corrected and customers judged, back to where models are trained."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project, require_project, say_to_stderr

if TYPE_CHECKING:
    from kefu.feedback import Added

_UNLABELLED = "without a label"


@click.group(short_help="Bring corrections and thumbs from the service to the tickets.")
def feedback() -> None:
    """Bring what agents corrected and customers judged from the service to the tickets that models learn from."""


@feedback.command(short_help="Write judged messages as labelled tickets.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="A new folder for them, for `kefu import`."
)
@click.option("--env", "environment", help="Append them to the tickets of this environment, and let DVC track these.")
@click.option("--since", type=click.DateTime(), help="Only messages that came then or later, in UTC.")
@click.option(
    "--min-probability",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="How sure a model must have been of a label for a customer's thumb to confirm it.",
)
@click.option(
    "--unlabelled", is_flag=True, help="With --out: also messages that were judged and have no label, to label."
)
@tell_mistakes
def export(
    out: Path | None, environment: str | None, since: datetime | None, min_probability: float, unlabelled: bool
) -> None:
    """Write messages of customers that were judged as tickets with labels, pictures and recordings.

    A label is what an agent corrected it to; else the model's, where the customer gave the reply a thumb up and the
    model was sure. Texts are masked: no names, numbers or addresses of people. The database is that of the service:
    KEFU_STORAGE, KEFU_MEDIA.

    \b
    kefu feedback export --env mine          # appended to data/01_raw/mine, what is there already stays
    kefu dvc-sync --env mine && dvc repro    # the same training as ever
    kefu models promote current --env mine   # if it passes the gate; the service takes it by itself
    kefu feedback export --out feedback      # a folder of its own
    """  # noqa: D301 - click wants the backspace itself
    from kefu.feedback import add_to_table, write_folder
    from kefu.privacy import mask
    from kefu.service.settings import read_settings
    from kefu.service.storage import Database, MediaStore
    from kefu.service.storage.feedback import read_judged
    from kefu.tickets.errors import KefuError

    if (out is None) == (environment is None):
        raise KefuError("say where to: --env appends to the tickets of an environment, --out writes a new folder")
    if unlabelled and out is None:
        raise KefuError("--unlabelled goes with --out: tickets to train on have labels")
    settings = read_settings()
    read_media = MediaStore(settings.media).read
    table = _table_of(environment) if environment is not None else None
    database = Database(settings.storage)
    try:
        messages = read_judged(database, since.replace(tzinfo=UTC) if since is not None else None)
        if table is not None:
            added = add_to_table(messages, read_media, _masking(mask), table, min_probability=min_probability)
        else:
            assert out is not None
            added = write_folder(
                messages, read_media, _masking(mask), out, min_probability=min_probability, with_unlabelled=unlabelled
            )
    finally:
        database.close()
    _tell(added, table if table is not None else out)
    if table is not None and (added.new or added.relabelled):
        _track(table.parent)
        click.echo(
            f"Next:\n  kefu dvc-sync --env {environment} && dvc repro\n"
            f"  kefu models promote current --env {environment}"
        )


def _masking(mask: Any) -> Any:
    return lambda text: mask(text).text


def _table_of(environment: str | None) -> Path:
    """Return the table of an environment's tickets.

    Raises:
        KefuError: there is none that can be appended to.
    """
    from kefu.tickets.errors import KefuError

    project = require_project()
    with open_project(environment) as context:
        path = str(context.config_loader["globals"].get("tickets_path", ""))
    say_to_stderr()
    stage = _stage_that_makes(project, path)
    if stage is not None:
        raise KefuError(
            f"{path} is made by the stage {stage}, which would overwrite what is appended; "
            f"`kefu import {Path(path).parent} --name shop` makes it tickets of your own"
        )
    table = project / path
    if not path or not table.is_file():
        raise KefuError(f"the tickets of '{environment}' are no table that rows can be added to ({path or 'none'})")
    return table


def _stage_that_makes(project: Path, path: str) -> str | None:
    import yaml  # type: ignore[import-untyped]

    file = project / "dvc.yaml"
    stages: Mapping[str, Any] = (
        (yaml.safe_load(file.read_text("utf-8")) or {}).get("stages", {}) if file.exists() else {}
    )
    for name, stage in stages.items():
        outs = (next(iter(out)) if isinstance(out, Mapping) else out for out in stage.get("outs", []))
        if any(Path(path).is_relative_to(out) for out in outs):
            return name
    return None


def _track(folder: Path) -> None:
    from kefu.experiments.tracking import track

    project = require_project()
    if folder.resolve().is_relative_to(project):
        tracking = track(folder.resolve().relative_to(project), project)
        click.echo(f"tracked by DVC: {tracking.marker}" if tracking.marker else f"not tracked: {tracking.why_not}")


def _tell(added: "Added", place: Path | None) -> None:
    click.echo(f"{place}: tickets new {added.new:,}, with another label than before {added.relabelled:,}")
    for label, count in added.labels.items():
        click.echo(f"  {label or _UNLABELLED}: {count:,}")
    if added.media_gone:
        click.echo(f"pictures and recordings that the service keeps no longer: {added.media_gone:,}")
