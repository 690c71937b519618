"""Which device trains and predicts, and in which precision."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    compile: Literal["auto"] | bool = Field(
        "auto",
        description="Networks are compiled before they are trained, which costs a minute at the start; auto: on a GPU.",
    )
    batch_factor: int | None = Field(
        None,
        ge=1,
        description="Training batches are so many times larger, with the learning rate times its square root; "
        "null takes 4 on a GPU and 1 elsewhere.",
    )
    threads: int | None = Field(
        None,
        ge=1,
        description="Threads of one training, or of all members trained side by side, which share them; "
        "null takes every core.",
    )
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
    compiled: bool = False
    """Whether networks are compiled before they are trained."""
    batch_factor: int = 1
    """How many times larger than their parameters say training batches are."""

    @property
    def device(self) -> torch.device:
        """The torch device."""
        return torch.device("cuda" if self.accelerator == "gpu" else "cpu")

    def divide(self, trainings: int) -> tuple[int, "Hardware"]:
        """Return how many of some trainings run at a time, and what each of them gets.

        On a CPU one thread learns nearly as fast as two, so threads are better given to trainings of their own; a GPU
        is used by one training at a time.
        """
        processes = 1 if self.accelerator == "gpu" else max(1, min(trainings, self.threads))
        return processes, replace(self, threads=self.threads // processes)


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_hardware(params: HardwareParameters) -> Hardware:
    """Choose device, precision, threads, compilation and the size of batches.

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
    on_gpu = accelerator == "gpu"
    return Hardware(
        accelerator,
        "bf16-mixed" if native else "32-true",
        params.threads or available_cores(),
        on_gpu if params.compile == "auto" else params.compile,
        params.batch_factor or (4 if on_gpu else 1),
    )


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
