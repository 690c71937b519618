"""Time, energy and device of a training."""

import json
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from kefu.training import run_facts
from kefu.training.hardware import Hardware
from kefu.training.run_facts import CpuEnergy, GpuEnergy, Meter, device_name

CPU, GPU = Hardware("cpu", "32-true", 1), Hardware("gpu", "bf16-mixed", 1)
CURVE = pd.DataFrame({"epoch": [1, 2], "seconds": [0.5, 1.5]})


@pytest.fixture
def powercap(tmp_path):
    """A machine of one package of two parts; returns how to set the package's counter."""
    for zone, name in (("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "core"), ("intel-rapl:1", "psys")):
        (tmp_path / zone).mkdir()
        (tmp_path / zone / "name").write_text(f"{name}\n")
        (tmp_path / zone / "energy_uj").write_text("500\n")
        (tmp_path / zone / "max_energy_range_uj").write_text("9999999\n")
    return lambda microjoules: (tmp_path / "intel-rapl:0" / "energy_uj").write_text(f"{microjoules}\n")


class Counter:
    def __init__(self, *readings):
        self.readings = list(readings)

    def joules(self):
        return self.readings.pop(0)


def test_the_processor_counts_its_packages_and_runs_over(powercap, tmp_path):
    counter = CpuEnergy(tmp_path)
    assert counter.joules() == 0.0
    powercap(3_000_500)
    assert counter.joules() == pytest.approx(3.0)
    powercap(1_000_500)  # it began anew at ten million
    assert counter.joules() == pytest.approx(11.0)


def test_a_counter_that_may_not_be_read_tells_nothing(powercap, tmp_path):
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    assert CpuEnergy(tmp_path).joules() is None
    assert CpuEnergy(tmp_path / "nowhere").joules() is None


@pytest.fixture
def nvml(monkeypatch):
    """An NVML that knows one GPU."""

    class NVMLError(Exception):
        pass

    def by_uuid(uuid):
        if uuid != "GPU-1234":
            raise NVMLError
        return uuid

    counter = SimpleNamespace(millijoules=2_500)
    module = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=by_uuid,
        nvmlDeviceGetTotalEnergyConsumption=lambda _: counter.millijoules,
    )
    monkeypatch.setitem(sys.modules, "pynvml", module)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda: SimpleNamespace(uuid="1234"))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    return counter


def test_a_gpu_tells_its_energy_and_name(nvml):
    meter = Meter(GPU)
    with meter:
        nvml.millijoules += 4_000
    facts = meter.facts([(10, CURVE)])
    assert (facts["joules"], facts["device"], facts["precision"]) == (4.0, "NVIDIA H100", "bf16-mixed")


def test_a_gpu_that_nvml_does_not_know_tells_nothing(nvml, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda: SimpleNamespace(uuid="other"))
    assert GpuEnergy().joules() is None
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert GpuEnergy().joules() is None


def test_several_spans_add_up_and_what_lies_between_does_not_count(monkeypatch):
    clock = iter((0.0, 2.0, 100.0, 103.0))
    monkeypatch.setattr(run_facts.time, "monotonic", lambda: next(clock))
    meter = Meter(CPU)
    meter._counter = Counter(1.0, 3.0, 50.0, 51.5)
    for _ in range(2):
        meter._keep_reading = lambda ended: None
        with meter:
            pass
    assert (meter.seconds, meter.joules) == (5.0, 3.5)


def test_samples_a_second_are_counted_within_epochs_of_all_trainings_at_a_time():
    meter = Meter(CPU)
    assert meter.facts([(10, CURVE)])["samples_per_second"] == 10.0  # twice 10 in 2 s
    assert meter.facts([(10, CURVE), (30, CURVE)])["samples_per_second"] == 20.0  # 80 in 4 s, one after the other
    assert meter.facts([(10, CURVE), (30, CURVE)], at_a_time=2)["samples_per_second"] == 40.0
    assert meter.facts([(10, CURVE[:0])])["samples_per_second"] is None


def test_facts_are_json_whatever_the_device_tells():
    meter = Meter(CPU)
    meter._counter = Counter(None, None)
    with meter:
        pass
    facts = json.loads(json.dumps(meter.facts([(1, CURVE)])))
    assert facts["joules"] is None
    assert facts["device"] == device_name(CPU) != ""
