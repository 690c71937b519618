"""YAML files of a shop: read as plain text, and mistakes told by file, line and field."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from kefu.tickets.errors import KefuError, did_you_mean

T = TypeVar("T")
Place = tuple[int | str, ...]


class ShopError(KefuError):
    """A file of the shop's folder that cannot be used as it stands."""


def read_yaml(path: Path, kind: type[T]) -> T:
    """Read a YAML file as what ``kind`` says.

    Scalars are read as text (so ``- yes`` is the word, not a truth value) and turned into numbers by ``kind``.

    Raises:
        ShopError: it is not there, no UTF-8, no YAML, names something twice, or does not fit ``kind``; the message
            names the file, the line and the field.
    """
    import yaml  # type: ignore[import-untyped]

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ShopError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise ShopError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise ShopError(f"{path}: {error.strerror}") from None
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or error
        raise ShopError(
            f"{path}{line}: {problem}; put sentences that hold any of , : ? # [ ] {{ }} into double quotes"
        ) from None
    lines: dict[Place, int] = {}
    values = _values(path, node, (), lines)
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        raise ShopError("; ".join(_explain(path, kind, found, lines) for found in error.errors()[:5])) from None


def _values(path: Path, node: Any, place: Place, lines: dict[Place, int]) -> Any:
    import yaml

    if node is None:
        return {}
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        values = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ShopError(f"{path} line {key.start_mark.line + 1}: a name must be a word")
            if key.value in values:
                raise ShopError(f"{path} line {key.start_mark.line + 1}: '{key.value}' stands here a second time")
            values[key.value] = _values(path, value, (*place, key.value), lines)
            lines[*place, key.value] = key.start_mark.line + 1
        return values
    if isinstance(node, yaml.SequenceNode):
        return [_values(path, value, (*place, index), lines) for index, value in enumerate(node.value)]
    return node.value


def _explain(path: Path, kind: Any, found: Mapping[str, Any], lines: Mapping[Place, int]) -> str:
    place: Place = tuple(found["loc"])
    near = place
    while near not in lines and near:
        near = near[:-1]
    field = ".".join(str(part) for part in place)
    name = f" {field}" if field else ""
    where = f"{path} line {lines.get(near, 1)}:{name}"
    if found["type"] == "extra_forbidden":
        siblings = list(_fields(kind, place[:-1]))
        hint = did_you_mean(str(place[-1]), siblings) or f" (there are: {', '.join(siblings)})"
        return f"{where}: there is no such field{hint}"
    if found["type"] == "missing":
        return f"{where}: this field is needed"
    message = found["msg"].removeprefix("Value error, ").removeprefix("Input ").strip()
    got = f" (got {found['input']!r})" if isinstance(found["input"], str) else ""
    return f"{where}: {message}{got}"


def _fields(kind: Any, place: Place) -> Iterator[str]:
    """Yield the fields of the model at ``place`` below ``kind``; nothing where that cannot be told."""
    for part in place:
        inner = [one for one in getattr(kind, "__args__", ()) if one is not type(None) and one is not ...]
        if isinstance(part, int) or not hasattr(kind, "model_fields"):
            kind = inner[-1] if inner else kind
        else:
            kind = kind.model_fields[part].annotation if part in kind.model_fields else None
    candidates = [kind, *getattr(kind, "__args__", ())]
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            yield from candidate.model_fields
            return
