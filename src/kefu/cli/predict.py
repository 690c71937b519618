"""``kefu predict``: labels for tickets that nobody has looked at."""

import math
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project, say_to_stderr

if TYPE_CHECKING:
    from kefu.explanation import Explanation
    from kefu.predictor import Predictor

_BATCH_SIZE = 64
_EXPLAINED_BATCH_SIZE = 8


@click.command(short_help="Predict a label for every ticket of a table.")
@click.argument("tickets", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The table to write: .csv, .jsonl or .parquet."
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="The folder of a model bundle; if left out, the promoted model of the project's environment, else the newest.",
)
@click.option("--env", "environment", help="Take the promoted or else the newest model of this environment.")
@click.option(
    "--coverage",
    type=float,
    help="Share of tickets whose label_set is to hold the true label, such as 0.95; that of the training if left out.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Also say how much each modality counted and what in it; takes ten times as long or more.",
)
@tell_mistakes
def predict(
    tickets: Path, out: Path, model: Path | None, environment: str | None, coverage: float | None, explain: bool
) -> None:
    """Predict a label for every ticket of the table TICKETS.

    Any of text, image and audio may be missing or broken: the label comes from what is left, and the columns used and
    not_used say of what, and why not of the rest. A ticket with nothing left gets the most frequent label.

    \b
    kefu predict new.csv --out labels.csv
    kefu predict new.csv --out labels.jsonl --env retail
    kefu predict new.csv --out labels.parquet --model models/tickets
    kefu predict new.csv --out labels.csv --coverage 0.95
    kefu predict new.csv --out labels.csv --explain

    Columns written: ticket_id, label, confidence, label_set (the labels that may be true, joined by |), out_of_scope
    (whether it seems to belong to no label), out_of_scope_score, probability_<label> for each label, weight_<modality>
    (with adaptive fusion), used, not_used.

    With --explain also share_<modality> and evidence_<modality> (how much it counted, and for or against the label),
    parts_<modality> (the words, cells of the picture or times that spoke most for the label, joined by |), and beside
    the table a file that ends in .explained.jsonl with all parts of every ticket.
    """  # noqa: D301 - click wants the backspace itself
    import pandas as pd

    from kefu.cli.output import require_writable
    from kefu.engines import show_progress
    from kefu.explanation import explanation_columns, write_explanations
    from kefu.tickets.table import read_tickets, write_table

    require_writable(out, tickets)
    full = out.with_suffix(".explained.jsonl")
    if explain:
        require_writable(full, tickets)
    table = read_tickets(tickets, require_ids=False)
    predictor = _load(model, environment)
    say_to_stderr()
    size = _EXPLAINED_BATCH_SIZE if explain else _BATCH_SIZE
    explanations: Iterator[list[Explanation]] = (
        predictor.explain_batches(table, batch_size=size) if explain else repeat([])
    )
    frames, explained = [], []
    for frame, why in show_progress(
        zip(predictor.predict_batches(table, batch_size=size, coverage=coverage), explanations, strict=False),
        total=math.ceil(len(table.frame) / size),
        what=f"predict{' and explain' if explain else ''}, batches of {size} tickets",
    ):
        frames.append(frame.join(explanation_columns(why)))
        explained += why
    predictions = pd.concat(frames, ignore_index=True)
    write_table(predictions, out)
    if explain:
        write_explanations(explained, full)
    blind = int((predictions["used"] == "").sum())
    told = f"; {blind} with nothing to go by got the most frequent label" if blind else ""
    foreign = int(predictions["out_of_scope"].sum())
    told += f"; {foreign} seem to belong to no label (out_of_scope)" if foreign else ""
    click.echo(f"{len(predictions)} tickets labelled{told}: {out}")
    if explain:
        click.echo(f"explained in full: {full}")


def _load(model: Path | None, environment: str | None) -> "Predictor":
    from kefu.predictor import Predictor
    from kefu.registry.promotion import promoted_folder
    from kefu.tickets.errors import KefuError

    if model is not None:
        if environment:
            raise KefuError("--model and --env each name a model; leave one of them out")
        return Predictor.load(newest_version(model))
    with open_project(environment) as project:
        if project is None:
            raise KefuError(f"there is no kefu project around {Path.cwd()}; name a model with --model")
        dataset = project.catalog["model"]
        promoted = promoted_folder(Path(str(dataset._filepath)).parents[1])
        if promoted is not None:
            click.echo(f"with the promoted model {promoted.parent.name}", err=True)
            return Predictor.load(promoted)
        if not dataset.exists():
            chosen = f" --env {environment}" if environment else ""
            raise KefuError(f"no model was trained yet; run `kedro run{chosen}` first, or name one with --model")
        return Predictor(dataset.load())


def newest_version(folder: Path) -> Path:
    """Return the newest version where Kedro keeps several in the folder, else the folder itself."""
    if (folder / "config.json").exists():
        return folder
    return max((path.parent for path in folder.glob(f"*/{folder.name}/config.json")), default=folder)
