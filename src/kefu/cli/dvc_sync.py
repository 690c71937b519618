"""``kefu dvc-sync``: ``dvc.yaml`` and ``params.yaml`` as the project says them."""

import io
from pathlib import Path
from typing import Any

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project, require_project

STAGES = "dvc.yaml"
PARAMETERS = "params.yaml"
_HEAD = "# Written by `kefu dvc-sync` from pipelines, catalog, parameters and code: change those, and write it anew.\n"


@click.command("dvc-sync", short_help="Write dvc.yaml and params.yaml, or see whether they are in step.")
@click.option("--env", "environment", help="The data set: an environment of conf/.")
@click.option("--preset", help="The models: a file of conf/presets.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is not as it would be written.")
@tell_mistakes
def dvc_sync(environment: str | None, preset: str | None, check: bool) -> None:
    """Write dvc.yaml, a stage for every pipeline, and params.yaml, every parameter with its value.

    \b
    kefu dvc-sync                            the demo tickets
    kefu dvc-sync --env retail --preset best
    kefu dvc-sync --check                    are both as this project says? environment and preset are taken from them

    `dvc repro` then runs what has changed. To try a value, type it into params.yaml; to keep it, write it into
    conf/ and run this command again.
    """  # noqa: D301 - click wants the backspace itself
    from kefu.tickets.errors import KefuError

    project = require_project()
    if environment is None and preset is None and (project / PARAMETERS).exists():
        environment, preset = _said(project / PARAMETERS)
    written = _render(environment, preset)
    drifted = [name for name, text in written.items() if _read(project / name) != text]
    if check and drifted:
        raise KefuError(f"{' and '.join(drifted)}: not what the project says; run `kefu dvc-sync`")
    for name in drifted:
        (project / name).write_text(written[name], "utf-8")
        click.echo(f"{name} written")
    if not drifted:
        click.echo(f"{' and '.join(written)}: in step")


def _said(path: Path) -> tuple[str | None, str | None]:
    """Return environment and preset that were written down last."""
    import yaml  # type: ignore[import-untyped]

    values = yaml.safe_load(path.read_text("utf-8")) or {}
    return values.get("environment"), values.get("preset")


def _render(environment: str | None, preset: str | None) -> dict[str, str]:
    """Return what both files should hold."""
    from kedro.inspection import get_project_snapshot

    from kefu.cli.parameters import parameter_types
    from kefu.experiments.parameters_file import resolve_parameters
    from kefu.experiments.stages import derive_stages
    from kefu.pipeline_registry import register_pipelines

    registered = register_pipelines()
    modules = {node.name: node.func.__module__ for pipeline in registered.values() for node in pipeline.nodes}
    given: dict[str, Any] = {"versioned": False, **({"preset": preset} if preset else {})}
    with open_project(environment, given) as context:
        root = context.project_path
        options = f"--params versioned=false,parameters_file={PARAMETERS}"
        if environment:
            options = f"--env {environment} {options}"
        snapshot = get_project_snapshot(root, env=environment, runtime_params=given)
        stages = derive_stages(snapshot.pipelines, modules, context.catalog, root, options=options)
        values = resolve_parameters(parameter_types(registered), context.config_loader["parameters"])
    return {
        STAGES: _yaml(
            {
                "stages": {stage.name: stage.to_yaml() for stage in stages},
                "plots": [{name: dict(plot)} for stage in stages for name, plot in stage.plots.items()],
            }
        ),
        PARAMETERS: _yaml({"environment": environment, **values}),
    }


def _yaml(content: dict[str, Any]) -> str:
    import yaml

    text = io.StringIO(_HEAD)
    text.seek(0, io.SEEK_END)
    yaml.safe_dump(content, text, sort_keys=False, allow_unicode=True, width=120)
    return text.getvalue()


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
