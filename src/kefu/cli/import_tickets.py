"""``kefu import``: a user's own tickets, brought into the project."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project, require_project, say_to_stderr

if TYPE_CHECKING:
    from kefu.importers.layouts import Layout

RAW = Path("data/01_raw")
_TAKEN = ("base", "local", "presets", "demo")
"""What is no data set of the user's in ``conf/``."""


@click.command("import", short_help="Bring your own tickets into the project.")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--name", help="What to call the data set; the folder's or the table's name if left out.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="A column that is called otherwise in the table, as label=category; may be repeated.",
)
@click.option("--force", is_flag=True, help="Replace what was imported under this name before.")
@click.option("--no-dvc", is_flag=True, help="Do not let DVC track it.")
@tell_mistakes
def import_tickets(source: Path, name: str | None, columns: Sequence[str], force: bool, no_dvc: bool) -> None:
    """Copy tickets from SOURCE to data/01_raw/NAME, let DVC track them, and tell what was found.

    SOURCE is a table of tickets, a folder with one, folders of classes, or a data set that is known here (BANKING77,
    CLINC150, Free Spoken Digits). The table is copied and the files that it names, nothing else, and no path is
    followed out of its folder. The environment conf/NAME is written where there is none. What lies in data/01_raw/NAME
    already stays as it is.

    \b
    kefu import ~/shop/tickets.csv
    kefu import ~/shop --name shop
    kefu import complaints.csv --column label=category --column text=message
    kefu import photos/                        photos/<class>/<picture>
    """  # noqa: D301 - click wants the backspace itself
    from kefu.experiments.tracking import track
    from kefu.importers.layouts import recognise, require_source
    from kefu.importers.place import place_tickets
    from kefu.tickets.errors import KefuError

    project = require_project()
    require_source(source)
    name = _checked(name) if name else _default_name(source, project)
    target = RAW / name
    folder = source if source.is_dir() else source.parent
    in_place = folder.resolve() == (project / target).resolve()
    _require_room(project / target, folder, in_place=in_place, force=force)
    say_to_stderr()
    layout = recognise(source, _pairs(columns))
    if in_place and set(layout.files) != set(layout.tables):
        raise KefuError(f"{source}: this is {layout.what}, which is copied to {target}; move it out of there first")
    table = target / _table_of(layout, in_place=in_place)
    written = _write_environment(project, name, table, force=force)
    try:
        if in_place:
            click.echo(f"{layout.what}: {table} stays where it is")
        else:
            placed = place_tickets(layout, project / target)
            size = f"{placed.num_bytes / 1e6:.1f} MB"
            click.echo(
                f"{layout.what}: tickets {placed.tickets:,}, files {placed.files:,} ({size}), copied to {target}"
            )
            if placed.left_out:
                reasons = ", ".join(f"{reason.value} {count:,}" for reason, count in placed.left_out.items())
                click.echo(f"named in the table and not copied: {reasons}")
    except BaseException:
        if written:
            _take_back(project / "conf" / name)
        raise
    if written:
        click.echo(f"conf/{name}/globals.yml written: the environment {name}")
    marker = None
    if not no_dvc:
        tracking = track(target, project)
        marker = tracking.marker
        click.echo(f"tracked by DVC: {marker}" if marker else f"not tracked: {tracking.why_not}")
    _tell_findings(project / table, name)
    _tell_what_is_next(name, marker)


def _default_name(source: Path, project: Path) -> str:
    own = source.resolve()
    folder = own if source.is_dir() else own.parent
    is_there = folder.parent == (project / RAW).resolve()
    return _sane(folder.name if source.is_dir() or is_there or own.stem.lower() == "tickets" else own.stem)


def _sane(name: str) -> str:
    """Return a name fit for a folder and an environment: letters of any language, digits, ``_`` and ``-``."""
    return re.sub(r"[^\w-]+", "_", unicodedata.normalize("NFKC", name)).strip("_-").lower()


def _checked(name: str) -> str:
    from kefu.tickets.errors import KefuError

    if _sane(name) != name:
        raise KefuError(f"--name {name}: use small letters, digits, _ and -, as in '{_sane(name) or 'mine'}'")
    return name


def _require_room(target: Path, folder: Path, *, in_place: bool, force: bool) -> None:
    from kefu.tickets.errors import KefuError

    name = target.name
    if not name or name in _TAKEN:
        raise KefuError(f"a data set cannot be called '{name}'; give another name with --name")
    if not in_place and folder.resolve().is_relative_to(target.resolve()):
        raise KefuError(f"{folder}: lies within {RAW / name}, which would be replaced; give another name with --name")
    if target.exists() and not in_place and not force:
        raise KefuError(f"{RAW / name} is there already; --force replaces it, --name gives the new one another name")


def _pairs(columns: Sequence[str]) -> dict[str, str]:
    from kefu.tickets.errors import KefuError

    pairs = [column.partition("=") for column in columns]
    for (ours, _, theirs), column in zip(pairs, columns, strict=True):
        if not ours or not theirs:
            raise KefuError(f"--column {column}: write kefu's name and the table's, as label=category")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _table_of(layout: "Layout", *, in_place: bool) -> str:
    name = next(iter(layout.tables))
    return layout.files[name].name if in_place else name


def _write_environment(project: Path, name: str, table: Path, *, force: bool) -> bool:
    """Write conf/NAME/globals.yml unless it says so already; return whether it was written.

    Raises:
        KefuError: the environment is there and its tickets are others.
    """
    import yaml  # type: ignore[import-untyped]

    from kefu.tickets.errors import KefuError

    path = project / "conf" / name / "globals.yml"
    wanted = {"dataset": name, "tickets_path": table.as_posix()}
    there: Any = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else None
    if there == wanted:
        return False
    replaceable = force and isinstance(there, Mapping) and _lies_in(str(there.get("tickets_path")), table.parent)
    if there is not None and not replaceable:
        raise KefuError(
            f"conf/{name}/globals.yml is there and its tickets are others than {table}; give another name with --name"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True), "utf-8")
    return there is None


def _lies_in(path: str, folder: Path) -> bool:
    return Path(path).parent == folder


def _take_back(environment: Path) -> None:
    (environment / "globals.yml").unlink(missing_ok=True)
    if not any(environment.iterdir()):
        environment.rmdir()


def _tell_findings(table: Path, name: str) -> None:
    from kefu.cli.check import read_settings, tell_findings
    from kefu.tickets.table import read_tickets

    with open_project(name) as context:
        settings = read_settings(context.config_loader["parameters"])
    say_to_stderr()
    tell_findings(read_tickets(table), settings)


def _tell_what_is_next(name: str, marker: Path | None) -> None:
    kept = f"git add conf/{name} {marker}" if marker else f"git add conf/{name}"
    click.echo("Next:")
    for command, meaning in (
        (kept, "what git keeps of it"),
        *([("dvc push", "the data themselves, where a remote is set: docs/own_data.md")] if marker else []),
        (f"kefu check --env {name} --out losses.csv", "every loss with its mend"),
        (f"kedro run --pipeline train_fusion --env {name}", "train"),
    ):
        click.echo(f"  {command:<52}  # {meaning}")
