"""``kefu parameters``: everything that can be set, told by the types that check it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import signature
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import click
from pydantic import BeforeValidator

from kefu.cli.mistakes import tell_mistakes

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

_PLAIN = {
    "preset": "The models: a file of conf/presets, as cnn_rnn, transformer or best; null: those of the environment.",
    "seed": "Of starting weights, shuffling and augmentation.",
    "dataset": "Name of the data set: the folder of its results; set it in conf/<environment>/globals.yml.",
    "given_params": "What was typed after --params, for the report; fills itself.",
    "checkpoints": "Folder of unfinished trainings, which a second run resumes.",
}
_LIMITS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Parameter:
    """What a user can set."""

    name: str
    """as in ``--params`` and, indented, in ``conf/*/parameters``"""
    kind: str
    default: str
    description: str


@click.command(short_help="Tell what can be set in conf/ and with --params.")
@click.argument("group", required=False)
@tell_mistakes
def parameters(group: str | None) -> None:
    """Tell what can be set: name, type, default and meaning of every parameter, or of those of GROUP.

    \b
    kefu parameters
    kefu parameters image.training
    kedro run --params image.training.max_epochs=5,seed=1

    A data set's own settings stand in conf/<environment>/parameters/; those of conf/base hold for all.
    """  # noqa: D301 - click wants the backspace itself
    from kefu.pipeline_registry import register_pipelines
    from kefu.tickets.errors import KefuError, did_you_mean

    known = list(list_parameters(parameter_types(register_pipelines())))
    shown = [p for p in known if group is None or p.name == group or p.name.startswith(f"{group}.")]
    if not shown:
        groups = sorted({p.name.rpartition(".")[0] or p.name for p in known})
        raise KefuError(f"no parameters '{group}'{did_you_mean(str(group), groups)} (there are: {', '.join(groups)})")
    for parameter in shown:
        default = f", default {parameter.default}" if parameter.default else ""
        click.echo(f"{click.style(parameter.name, bold=True)}: {parameter.kind}{default}")
        if parameter.description:
            click.echo(f"    {parameter.description}")


def parameter_types(pipelines: "Mapping[str, Pipeline]") -> dict[str, Any]:
    """Return the type of every parameter that a node of the pipelines takes, by its name below ``params:``.

    A single parameter of a group that is taken whole as well is told by the group.
    """
    types: dict[str, Any] = {}
    for pipeline in pipelines.values():
        for node in pipeline.nodes:
            hints = get_type_hints(node.func)
            # by position, as Kedro's own validation does
            for dataset, argument in zip(node.inputs, signature(node.func).parameters, strict=False):
                if dataset.startswith("params:"):
                    types[dataset.removeprefix("params:")] = hints.get(argument, Any)
    groups = tuple(f"{name}." for name, kind in types.items() if hasattr(kind, "model_fields"))
    return {name: kind for name, kind in types.items() if not name.startswith(groups)}


def list_parameters(types: Mapping[str, Any]) -> Iterator[Parameter]:
    """Yield every single parameter of the groups, plain ones first."""
    for name in sorted(types, key=lambda name: (name not in _PLAIN, name)):
        if hasattr(types[name], "model_fields"):
            yield from _fields(types[name], name)
        else:
            yield Parameter(name, _kind(types[name]), "", _PLAIN.get(name, ""))


def _fields(model: Any, prefix: str) -> Iterator[Parameter]:
    for name, field in model.model_fields.items():
        if hasattr(field.annotation, "model_fields"):
            yield from _fields(field.annotation, f"{prefix}.{name}")
            continue
        limits = [
            f"{sign} {getattr(m, key)}" for m in field.metadata for key, sign in _LIMITS.items() if hasattr(m, key)
        ]
        written = next((m.json_schema_input_type for m in field.metadata if isinstance(m, BeforeValidator)), Any)
        kind = ", ".join([_kind(field.annotation if written is Any else written), *limits])
        default = (
            ""
            if field.is_required()
            else json.dumps(_plain(field.get_default(call_default_factory=True)), ensure_ascii=False)
        )
        yield Parameter(f"{prefix}.{name}", kind, default, field.description or "")


def _kind(annotation: Any) -> str:
    """Return a type as a user would write it: ``auto | cpu | gpu``, ``int | null``."""
    if annotation in (None, type(None)):
        return "null"
    if get_origin(annotation) is Literal:
        return " | ".join(str(value) for value in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(_kind(part) for part in get_args(annotation))
    return getattr(annotation, "__name__", "any") if get_origin(annotation) is None else str(annotation)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
