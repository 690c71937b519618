"""Show how far a long loop is: a bar in a terminal, a line every so often in a log."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

logger = logging.getLogger(__name__)
Item = TypeVar("Item")


def show_progress(items: Iterable[Item], *, total: int, what: str, every_seconds: float = 10.0) -> Iterator[Item]:
    """Yield the items while telling a person how many of ``total`` are done."""
    if sys.stderr.isatty():
        yield from track(items, description=what, total=total, console=Console(stderr=True), transient=True)
        return
    started = told = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - told >= every_seconds and done < total:
            told = now
            logger.info("%s: %d of %d, about %.0f s left", what, done, total, (now - started) / done * (total - done))
