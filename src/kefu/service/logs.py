"""Logs: a line of JSON each, with the id of the request and nothing of what customers say."""

import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO

import structlog

from kefu.privacy import mask_json
from kefu.tickets.errors import KefuError

_OWN_FIELDS = frozenset({"timestamp", "level"})
_LEVELS = logging.getLevelNamesMapping()


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Send the logs of the service and of its libraries to a stream, the standard output if left out.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        stream: where the lines go.
    """
    stream = stream or sys.stdout
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    structlog.configure(
        processors=[*shared, _without_personal_data, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_personal_data,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=[*shared, _without_traceback],
        )
    )
    # libraries tell each step at the level info
    logging.basicConfig(level=max(_LEVELS[level.upper()], logging.WARNING), handlers=[handler], force=True)


def describe_error(error: BaseException) -> str:
    """Return a line that says what went wrong and where, without what a message may quote of a customer.

    The messages of kefu's own errors are about files and settings, and stay.
    """
    if isinstance(error, KefuError):
        return " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno} ({frames[-1].name})" if frames else ""
    return f"{type(error).__name__}{place}"


def _without_traceback(
    logger: logging.Logger, name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Put one line in the place of a traceback, which may quote what a customer said."""
    record = event.get("_record")
    if record is not None and record.exc_info and record.exc_info[1] is not None:
        event["error"] = describe_error(record.exc_info[1])
        record.exc_info = record.exc_text = None
    event.pop("exc_info", None)
    return event


def _without_personal_data(
    logger: logging.Logger, name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Mask every string: no line should quote a customer, and one that does quotes no number of theirs."""
    return {
        key: value if key in _OWN_FIELDS else mask_json(value if _is_json(value) else repr(value))
        for key, value in event.items()
    }


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, dict, list, tuple))
