"""What a training took: time, energy, and on which device. Apart from its scores, which another run repeats exactly."""

import platform
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol, Self

import pandas as pd
import torch

from kefu.training.hardware import Hardware

_POWERCAP = Path("/sys/class/powercap")
_SECONDS_BETWEEN_READINGS = 60.0


class EnergyCounter(Protocol):
    """Counts what a device takes, whoever uses it."""

    def joules(self) -> float | None:
        """Return the energy since some moment, of all calls the same one; None if the device does not tell."""


class Meter:
    """Measures wall time and energy of what happens within its ``with``, of several ones the sum.

    Args:
        hardware: which device is at work.
    """

    def __init__(self, hardware: Hardware) -> None:
        self.hardware = hardware
        self.seconds = 0.0
        self.joules: float | None = None
        self._counter: EnergyCounter = GpuEnergy() if hardware.accelerator == "gpu" else CpuEnergy()

    def __enter__(self) -> Self:
        """Start."""
        self._ended = Event()
        self._reader = Thread(target=self._keep_reading, args=(self._ended,), daemon=True)
        self._reader.start()
        self._energy = self._counter.joules()
        self._started = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.seconds += time.monotonic() - self._started
        self._ended.set()
        self._reader.join()
        energy = self._counter.joules()
        if self._energy is not None and energy is not None:
            self.joules = (self.joules or 0.0) + energy - self._energy

    def facts(self, trainings: Sequence[tuple[int, pd.DataFrame]], at_a_time: int = 1) -> dict[str, Any]:
        """Return ``device``, ``precision``, ``seconds``, ``samples_per_second`` and ``joules``, for JSON.

        Seconds and joules are of this run; samples a second are counted within epochs, those before an interruption
        included, in all trainings that run side by side.

        Args:
            trainings: of each how many tickets it learns from in an epoch, and its learning curve.
            at_a_time: how many of them run side by side.
        """
        samples = sum(tickets * len(history) for tickets, history in trainings)
        busy = sum(float(history["seconds"].sum()) for _, history in trainings)
        return {
            "device": device_name(self.hardware),
            "precision": self.hardware.precision,
            "seconds": round(self.seconds, 3),
            "samples_per_second": round(samples / busy * at_a_time, 1) if busy > 0 else None,
            "joules": None if self.joules is None else round(self.joules, 1),
        }

    def _keep_reading(self, ended: Event) -> None:
        """Read the counter before it has run over twice."""
        while not ended.wait(_SECONDS_BETWEEN_READINGS):
            self._counter.joules()


class GpuEnergy:
    """The counter of an NVIDIA GPU, from Volta on, by NVML."""

    def joules(self) -> float | None:
        """Return the energy since the driver was loaded."""
        try:
            import pynvml  # type: ignore[import-untyped]
        except ImportError:
            return None
        try:
            pynvml.nvmlInit()
            handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties().uuid}")
            return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3
        except pynvml.NVMLError:
            return None


class CpuEnergy:
    """The counters of all processor packages, by Intel's RAPL, which AMD has as well; mostly only root may read them.

    Args:
        root: where Linux shows them.
    """

    def __init__(self, root: Path = _POWERCAP) -> None:
        self._packages = [name.parent for name in sorted(root.glob("intel-rapl:*/name")) if _is_package(name)]
        self._last: dict[Path, int] = {}
        self._microjoules = 0

    def joules(self) -> float | None:
        """Return the energy since the first call; a counter that has run over in between once is no matter."""
        try:
            for zone in self._packages:
                now = int((zone / "energy_uj").read_text())
                span = int((zone / "max_energy_range_uj").read_text()) + 1
                self._microjoules += (now - self._last.get(zone, now)) % span
                self._last[zone] = now
        except (OSError, ValueError):
            return None
        return self._microjoules / 1e6 if self._packages else None


def _is_package(name: Path) -> bool:
    """Tell a processor package from its parts and from the platform, which count the same energy."""
    try:
        return name.read_text(encoding="utf-8").startswith("package")
    except OSError:
        return False


def device_name(hardware: Hardware) -> str:
    """Return what the GPU or the processor calls itself."""
    if hardware.accelerator == "gpu":
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
