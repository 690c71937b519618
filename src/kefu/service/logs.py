"""Logs: a line of JSON each, with the id of the request and nothing of what customers say."""

import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO

import structlog

from kefu.tickets.errors import KefuError

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
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
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
