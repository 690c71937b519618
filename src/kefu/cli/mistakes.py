"""A user's mistake ends in one line, an interruption in another; only defects of kefu show a traceback."""

import errno
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from pydantic import BaseModel, ValidationError

from kefu.tickets.errors import KefuError, did_you_mean

MISTAKE = 2
INTERRUPTED = 130

P = ParamSpec("P")
R = TypeVar("R")


def tell_mistakes(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command print one line and exit with 2 on a user's mistake, with 130 on Ctrl-C."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            _exit("Interrupted", INTERRUPTED)
        except SystemExit as error:
            # Lightning answers Ctrl-C with an exit of its own
            if isinstance(error.__context__, KeyboardInterrupt):
                _exit("Interrupted", INTERRUPTED)
            raise
        except Exception as error:
            line = explain(error)
            if line is None:
                raise
            _exit(f"Error: {line}", MISTAKE)

    return wrapped


def explain(error: BaseException) -> str | None:
    """Return the line that tells a user what to mend, or None where it is a defect.

    The cause is looked for along ``__cause__``, since Kedro wraps what a dataset raises in a ``DatasetError``.
    """
    for cause in _causes(error):
        if isinstance(cause, KefuError):
            return _one_line(str(cause))
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            return _one_line(f"cannot write {cause.filename or 'the results'}: {cause.strerror}")
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
    if "kedro.io.core.DatasetError" in kinds:
        first = next(
            (cause for cause in _causes(error) if isinstance(cause, FileNotFoundError | PermissionError)), None
        )
        if first is not None and first.filename:
            return _one_line(f"{first.filename}: {first.strerror}")
        return _one_line(str(error)) if error.__cause__ is None else None
    if "kedro.validation.exceptions.ParameterValidationError" in kinds:
        return _one_line(str(error))
    return None


def explain_parameters(error: ValidationError, group: str, model: type[BaseModel]) -> str:
    """Turn pydantic's report into ``parameter image.training.max_epochs: … (got 'x')``."""
    return "; ".join(_explain_parameter(found, group, model) for found in error.errors())


def _explain_parameter(found: Any, group: str, model: type[BaseModel]) -> str:
    name = ".".join([group, *(str(part) for part in found["loc"])])
    if found["type"] == "extra_forbidden":
        siblings = _fields(model, found["loc"][:-1])
        hint = did_you_mean(str(found["loc"][-1]), siblings) or f" (there are: {', '.join(siblings)})"
        return f"parameter {name}: there is no such parameter{hint}"
    message = found["msg"].removeprefix("Value error, ").removeprefix("Input ").strip()
    got = f" (got {found['input']!r})" if found["loc"] and found["type"] != "missing" else ""
    return f"parameter {name}: {message}{got}"


def _fields(model: Any, path: tuple[int | str, ...]) -> list[str]:
    """Return the names of the fields of the group at ``path`` below ``model``."""
    for name in path:
        model = model.model_fields[name].annotation
    return list(model.model_fields)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _exit(line: str, status: int) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(status)
