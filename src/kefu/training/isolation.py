"""Keep Lightning and the compiler to themselves: chatter from the user, settings from the rest of the process."""

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from kefu.training.hardware import Hardware, limit_threads

_LOGGERS = (
    "lightning",
    "lightning.fabric",
    "lightning.pytorch",
    "lightning.pytorch.utilities.rank_zero",
    "torch._dynamo",
)


@contextmanager
def isolated(hardware: Hardware) -> Iterator[None]:
    """Train inside; afterwards log levels, warnings, random numbers, threads and Ctrl-C are as they were.

    Lightning's advice is about its own options, which nobody who trains with kefu can set, so it is not shown. It ends
    with the status 0 when it is told to end (SIGTERM); here it is 143, so that nobody takes it for done.
    """
    from lightning.pytorch.utilities.exceptions import SIGTERMException

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    on_interrupt = signal.getsignal(signal.SIGINT)
    devices = [torch.cuda.current_device()] if hardware.accelerator == "gpu" else []
    with warnings.catch_warnings(), torch.random.fork_rng(devices=devices), limit_threads(hardware.threads):
        for category in (UserWarning, FutureWarning, DeprecationWarning):
            warnings.simplefilter("ignore", category)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        except SIGTERMException as ended:
            raise SystemExit(128 + signal.SIGTERM) from ended
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, on_interrupt)
