"""``kefu models``: the trained models of a data set, compared, and one of them promoted."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project, require_project

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kefu.registry.comparison import Comparison
    from kefu.registry.store import ModelStore, TrainedModel

REFUSED = 1
_WIDE = 160
"""Characters of a line that goes to a file or another program."""

_environment = click.option("--env", "environment", help="The data set: an environment of the project.")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(short_help="List, show and compare trained models, and promote one.")
def models() -> None:
    """List, show and compare the trained models of a data set, and promote one of them.

    \b
    kefu models list --env retail
    kefu models show latest
    kefu models compare promoted latest
    kefu models promote latest

    A model is named by its version or the beginning of it, `latest`, `promoted` (the one that `kefu predict` takes),
    `current` (that of `dvc repro`), or the folder of its bundle.
    """  # noqa: D301 - click wants the backspace itself


@models.command("list", short_help="List the trained models, the newest first.")
@_environment
@_as_json
@tell_mistakes
def list_models(environment: str | None, as_json: bool) -> None:
    """List the trained models of the data set, the newest first: scores, tickets, commit, and which is promoted."""
    from kefu.cli.model_tables import list_table, summary_of
    from kefu.registry.promotion import read_promotions
    from kefu.tickets.errors import KefuError

    store = _open_store(environment)
    promoted = read_promotions(store.models).promoted
    rows = []
    for name in store.names:
        try:
            rows.append(summary_of(store.find(name), promoted))
        except KefuError as error:
            click.echo(f"left out: {error}", err=True)
    if as_json:
        _print_json(rows)
    elif rows:
        _print(list_table(rows))
    else:
        chosen = f" --env {environment}" if environment else ""
        click.echo(f"no model was trained yet; `kedro run{chosen}` trains one")


@models.command(short_help="Show what a model rests on and how well it does.")
@click.argument("name", default="latest")
@_environment
@_as_json
@tell_mistakes
def show(name: str, environment: str | None, as_json: bool) -> None:
    """Show what the model NAME (the newest if left out) rests on and how well it does.

    Commit, data, libraries, the parameters that differ from their defaults, scores, and when it was promoted.
    """
    from kefu.cli.model_tables import details, summary_of
    from kefu.registry.promotion import read_promotions

    store = _open_store(environment)
    model = store.find(name)
    promotions = read_promotions(store.models)
    past = [entry for entry in promotions.history if entry.get("version") == model.name]
    changed = differences(_defaults(), model.provenance.get("parameters") or {}, only_known=True)
    if as_json:
        said = summary_of(model, promotions.promoted)
        _print_json(said | {"config": dict(model.config), "metrics": dict(model.metrics), "promotions": past})
        return
    _print(details(model, promotions.promoted, past, {key: pair[1] for key, pair in changed.items()}))


@models.command(short_help="Compare two models on the tickets that both held out.")
@click.argument("reference")
@click.argument("candidate")
@click.option(
    "--report",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a page with both evaluations side by side.",
)
@_environment
@_as_json
@tell_mistakes
def compare(reference: str, candidate: str, page: Path | None, environment: str | None, as_json: bool) -> None:
    """Compare the model CANDIDATE with the model REFERENCE on the test tickets that both held out.

    Differences are candidate less reference, in pairs over customers. At the end it says whether the candidate would
    pass the gate of `kefu models promote`.
    """
    from kefu.cli.model_tables import comparison_table, verdict

    store = _open_store(environment)
    one, other = store.find(reference), store.find(candidate)
    if page is not None:
        _write_page(page, store, one, other)
        click.echo(f"Written to {page}", err=as_json)
    found = _compare(one, other)
    changed = differences(one.provenance.get("parameters") or {}, other.provenance.get("parameters") or {})
    same_data = one.provenance.get("data") == other.provenance.get("data")
    if as_json:
        figures = _figures(found) | {"groups": json.loads(found.groups.to_json(orient="records"))}
        names = {"reference": one.name, "candidate": other.name, "same_data": same_data}
        _print_json(names | figures | {"parameters": changed, "reasons_against": found.reasons_against})
        return
    _print(comparison_table(one, other, found, changed, same_data))
    click.echo(verdict(found))


@models.command(short_help="Make a model the one that `kefu predict` takes, if it passes the gate.")
@click.argument("name", default="latest")
@click.option("--force", "reason", metavar="REASON", help="Promote it though it fails the gate; the reason is kept.")
@_environment
@tell_mistakes
def promote(name: str, reason: str | None, environment: str | None) -> None:
    """Make the model NAME (the newest if left out) the one that `kefu predict` takes, if it passes the gate.

    On the test tickets that both held out it must not be significantly worse than the one promoted before, and no class
    and no language may lose more than two points of F1. The first one has nothing to pass. If it is refused, the exit
    status is 1 and the reasons are told; who was replaced by whom, and why, is kept in promoted.json.
    """
    from kefu.registry.promotion import read_promotions, record_promotion
    from kefu.tickets.errors import KefuError

    if reason is not None and not reason.strip():
        raise KefuError("--force: say why; the reason is kept")
    store = _open_store(environment)
    promotions, model = read_promotions(store.models), store.find(name)
    before = promotions.promoted
    if before is not None and (model.name == before or promotions.history[-1].get("weights") == model.weights):
        click.echo(f"{before} is promoted already")
        return
    figures, against = _gate(store, before, model)
    if against and reason is None:
        for line in against:
            click.echo(f"  {line}", err=True)
        click.echo(f"Refused: {model.name} does not take the place of {before}", err=True)
        sys.exit(REFUSED)
    kept = store.keep(model)
    record_promotion(
        store.models,
        {
            "version": kept.name,
            "weights": kept.weights,
            "promoted_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "replaced": before,
            "figures": figures,
            "gate": "first" if before is None else "failed" if against else "passed",
            "reasons_against": against,
            "forced": reason if against else None,
        },
    )
    for line in against:
        click.echo(f"  {line}", err=True)
    note = "the first: there was nothing to compare it with" if before is None else f"instead of {before}"
    forced = f"; forced: {reason}" if against else ""
    filed = f" (filed as the version {kept.name})" if kept.name != model.name else ""
    click.echo(f"{model.name} is promoted{filed}, {note}{forced}")


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], *, only_known: bool = False
) -> dict[str, tuple[Any, Any]]:
    """Return the parameters that differ, by their dotted names: the value before and the one after.

    Args:
        before: parameters, nested.
        after: others.
        only_known: leave out what ``before`` does not name.
    """
    one, other = dict(_flat(before)), dict(_flat(after))
    names = [name for name in sorted(one.keys() | other.keys()) if not only_known or (name in one and name in other)]
    return {name: (one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _defaults() -> dict[str, Any]:
    """Return the default of every parameter that has one."""
    from kefu.cli.parameters import parameter_types
    from kefu.experiments.parameters_file import resolve_parameters
    from kefu.pipeline_registry import register_pipelines

    types = {
        name: kind for name, kind in parameter_types(register_pipelines()).items() if hasattr(kind, "model_fields")
    }
    return resolve_parameters(types, {})


def _open_store(environment: str | None) -> "ModelStore":
    from kefu.registry.store import ModelStore

    root = require_project()
    with open_project(environment) as project:
        folders = [root / Path(str(project.catalog[name]._filepath)).parents[1] for name in ("model", "scored_tickets")]
    # left again: a bundle's folder that was typed is relative to where it was typed
    here = Path.cwd()
    return ModelStore(*(path.relative_to(here) if path.is_relative_to(here) else path for path in folders))


def _compare(reference: "TrainedModel", candidate: "TrainedModel") -> "Comparison":
    from kefu.registry.comparison import compare
    from kefu.registry.scored import read_scored
    from kefu.tickets.errors import KefuError

    for model in (reference, candidate):
        if model.scored is None:
            raise KefuError(
                f"{model.name}: what it says of test tickets was not kept; evaluate a model when it is trained"
            )
    one, other = (read_scored(Path(str(model.scored))) for model in (reference, candidate))
    return compare(one, other)


def _write_page(page: Path, store: "ModelStore", reference: "TrainedModel", candidate: "TrainedModel") -> None:
    """Write both evaluations side by side, in pairs where the tickets allow it."""
    from kefu.evaluation.side_by_side import Paired, Side, render_side_by_side
    from kefu.tickets.errors import KefuError

    sides = []
    for model in (reference, candidate):
        evaluation = store.evaluation_of(model)
        if evaluation is None:
            raise KefuError(f"{model.name}: its evaluation was not kept; run `kedro run --pipelines evaluate`")
        code = model.provenance.get("code") or {}
        facts = {"Commit": str(code.get("commit", "–"))[:12], "Data": str(model.provenance.get("data", "–"))[:12]}
        sides.append(Side(model.name, evaluation, facts))
    paired, why = None, ""
    try:
        found = _compare(reference, candidate)
        groups = found.groups.rename(columns={"reference": "first", "candidate": "second"})
        paired = Paired(found.macro_f1, found.accuracy, groups)
    except KefuError as error:
        why = str(error)
    changed = differences(reference.provenance.get("parameters") or {}, candidate.provenance.get("parameters") or {})
    written = render_side_by_side(
        *sides, title=f"kefu · {store.models.name}", paired=paired, why_not_paired=why, parameters=changed
    )
    part = page.with_name(f".{page.name}.part")
    part.write_text(written, encoding="utf-8")
    part.replace(page)


def _gate(store: "ModelStore", before: str | None, model: "TrainedModel") -> tuple[dict[str, Any], list[str]]:
    """Return what the comparison with the promoted model found, and what speaks against the other one."""
    from kefu.registry.promotion import PROMOTED
    from kefu.tickets.errors import KefuError

    if before is None:
        return {"metrics": _headline(model.metrics)}, []
    try:
        found = _compare(store.find(PROMOTED), model)
    except KefuError as error:
        return {"metrics": _headline(model.metrics)}, [str(error)]
    return {"metrics": _headline(model.metrics)} | _figures(found), found.reasons_against


def _headline(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: metrics[name] for name in ("macro_f1", "accuracy", "ece", "n") if name in metrics}


def _figures(found: "Comparison") -> dict[str, Any]:
    from dataclasses import asdict

    named = {"better": "candidate", "worse": "reference", "estimate": "difference"}
    scores = {name: asdict(getattr(found, name)) for name in ("macro_f1", "accuracy")}
    figures: dict[str, Any] = {
        name: {named.get(key, key): value for key, value in score.items() if key not in ("n", "customers")}
        for name, score in scores.items()
    }
    return figures | {
        "tickets": found.macro_f1.n,
        "customers": found.macro_f1.customers,
        "relabelled": found.relabelled,
    }


def _print(content: "RenderableType") -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(content)


def _print_json(content: Any) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))
