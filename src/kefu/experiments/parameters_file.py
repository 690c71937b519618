"""``params.yaml``: every parameter of an environment with its value, for DVC to compare and to change."""

from collections.abc import Mapping
from typing import Any

from kefu.experiments.stages import UNTRACKED


def resolve_parameters(types: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter that a pipeline takes, defaults included, nested as their names are.

    Args:
        types: the type of each by its dotted name, a pydantic model for a group.
        values: what ``conf`` says.

    Raises:
        pydantic.ValidationError: a value does not fit its type.
    """
    resolved: dict[str, Any] = {}
    for name in sorted(types.keys() - UNTRACKED, key=lambda name: (hasattr(types[name], "model_validate"), name)):
        value = _value(values, name)
        if hasattr(types[name], "model_validate"):
            value = types[name].model_validate(value or {}).model_dump(mode="json")
        *groups, last = name.split(".")
        place = resolved
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return resolved


def _value(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree
