"""``kedro run`` with a user's mistakes found before anything runs, and told in one line."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.utils import find_kedro_project

from kefu.cli.mistakes import explain, explain_parameters, tell_mistakes
from kefu.cli.project import require_environment
from kefu.tickets.errors import KefuError, did_you_mean

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline


@tell_mistakes
def _run(pipeline: str | None, pipelines: list[str], **options: Any) -> Any:
    """Run pipelines: `kedro run`, `kedro run --pipelines clean,augment`, `kedro run --env retail`."""
    names = [*([pipeline] if pipeline else []), *pipelines]
    chosen = _require_pipelines(names)
    _require_nodes(chosen, options)
    if options["conf_source"]:
        options["conf_source"] = str(Path(options["conf_source"]).absolute())
    # paths in parameters are relative to the project, wherever in it the command was typed
    with chdir(find_kedro_project(Path.cwd()) or Path.cwd()), _without_reports_of_mistakes():
        conf = Path(options["conf_source"] or "conf")
        require_environment(conf, options["env"])
        _require_parameters(chosen, conf, options["env"], options["params"])
        # Kedro warns of the singular, which this project keeps
        return kedro_run.callback(pipeline=None, pipelines=names, **options)  # type: ignore[misc]


run = click.Command("run", params=kedro_run.params, callback=_run, help=_run.__doc__)


def _require_pipelines(names: list[str]) -> "dict[str, Pipeline]":
    """Return the pipelines of these names, the default one if there are none."""
    from kefu.pipeline_registry import register_pipelines

    registered = register_pipelines()
    for name in names:
        if name not in registered:
            there = [known for known in registered if known != "__default__"]
            raise KefuError(f"there is no pipeline '{name}'{did_you_mean(name, there)} (there are: {', '.join(there)})")
    return {name: registered[name] for name in names or ["__default__"]}


def _require_nodes(chosen: "Mapping[str, Pipeline]", options: Mapping[str, Any]) -> None:
    """Check that the nodes, tags, namespaces and datasets that were named are there."""
    from kedro.pipeline import Pipeline

    whole = sum(chosen.values(), start=Pipeline([]))
    try:
        whole.filter(
            tags=options["tags"] or None,
            from_nodes=options["from_nodes"],
            to_nodes=options["to_nodes"],
            node_names=options["node_names"],
            from_inputs=options["from_inputs"],
            to_outputs=options["to_outputs"],
            node_namespaces=options["namespaces"],
        )
    except ValueError as error:
        names = ", ".join(node.name for node in whole.nodes)
        raise KefuError(f"{error} (the nodes of {', '.join(chosen)}: {names})") from None


def _require_parameters(
    chosen: "Mapping[str, Pipeline]", conf: Path, environment: str | None, given: Mapping[str, Any]
) -> None:
    """Check every parameter of the pipelines, and that nothing in ``--params`` is misspelt."""
    from kedro.config import MissingConfigException
    from kedro.framework.project import settings
    from omegaconf.errors import OmegaConfBaseException
    from pydantic import ValidationError
    from yaml import YAMLError  # type: ignore[import-untyped]

    from kefu.cli.parameters import parameter_types
    from kefu.pipeline_registry import register_pipelines

    known = [*parameter_types(register_pipelines()), *_catalog_parameters(conf), "parameters_file"]
    for name in _names(given):
        if not any(name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.") for other in known):
            hint = did_you_mean(name, known) or did_you_mean(name.rpartition(".")[0], known)
            raise KefuError(f"--params {name}: there is no such parameter{hint}; `kefu parameters` lists them all")
    try:
        loader = settings.CONFIG_LOADER_CLASS(
            str(conf), env=environment, runtime_params=dict(given), **settings.CONFIG_LOADER_ARGS
        )
        values = loader["parameters"]
    except (MissingConfigException, OmegaConfBaseException, YAMLError) as error:
        raise KefuError(f"{conf}: the parameters cannot be read: {error}") from None
    found = []
    for group, model in parameter_types(chosen).items():
        if hasattr(model, "model_validate"):
            try:
                model.model_validate(_value(values, group))
            except ValidationError as error:
                found.append(explain_parameters(error, group, model))
    if found:
        raise KefuError("; ".join(dict.fromkeys(found)))


def _catalog_parameters(conf: Path) -> list[str]:
    """Return the names that the catalog takes from ``--params``."""
    files = sorted(conf.glob("*/**/*.yml"))
    return [name for file in files for name in re.findall(r"\$\{runtime_params:\s*([\w.]+)", file.read_text("utf-8"))]


def _names(tree: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _names(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _value(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree.get(name, {}) if isinstance(tree, Mapping) else tree
    return tree


@contextmanager
def _without_reports_of_mistakes() -> Iterator[None]:
    """Keep Kedro from logging what :func:`kefu.cli.mistakes.tell_mistakes` is about to say in one line."""

    def is_news(record: logging.LogRecord) -> bool:
        error = sys.exc_info()[1]
        return not record.name.startswith("kedro.") or error is None or explain(error) is None

    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(is_news)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_news)
