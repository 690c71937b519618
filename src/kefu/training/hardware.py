"""Which device trains and predicts, and in which precision."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import Field

from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError


class HardwareParameters(Parameters):
    """What the machine may be asked for; ``auto`` takes what is there."""

    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="Where networks run.")
    precision: Literal["auto", "32", "bf16"] = Field(
        "auto", description="bf16 is mixed precision; auto takes it where the device computes it natively."
    )
    threads: int | None = Field(None, ge=1, description="Threads of one training; null takes every core.")
    workers: int | None = Field(None, ge=1, description="Processes that map shards; null takes every core.")

    @property
    def num_workers(self) -> int:
        """Processes that map shards."""
        return self.workers or available_cores()


@dataclass(frozen=True, slots=True)
class Hardware:
    """A choice that Lightning understands."""

    accelerator: Literal["cpu", "gpu"]
    precision: Literal["32-true", "bf16-mixed"]
    threads: int

    @property
    def device(self) -> torch.device:
        """The torch device."""
        return torch.device("cuda" if self.accelerator == "gpu" else "cpu")


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_hardware(params: HardwareParameters) -> Hardware:
    """Choose device, precision and threads.

    Raises:
        KefuError: a GPU was asked for and there is none.
    """
    has_gpu = torch.cuda.is_available()
    if params.device == "gpu" and not has_gpu:
        raise KefuError("hardware.device is 'gpu' but torch finds no CUDA device; set it to 'auto' or 'cpu'")
    accelerator: Literal["cpu", "gpu"] = "gpu" if has_gpu and params.device != "cpu" else "cpu"
    if params.precision == "auto":
        native = torch.cuda.is_bf16_supported() if accelerator == "gpu" else _cpu_computes_bf16()
    else:
        native = params.precision == "bf16"
    return Hardware(accelerator, "bf16-mixed" if native else "32-true", params.threads or available_cores())


@contextmanager
def limit_threads(threads: int) -> Iterator[None]:
    """Let torch compute with so many threads inside, and with as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _cpu_computes_bf16() -> bool:
    capabilities = torch.backends.cpu.get_cpu_capability()
    return (
        bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
        and "AVX512" in capabilities
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )
