import os

import pytest
import torch
from pydantic import ValidationError

from kefu.tickets.errors import KefuError
from kefu.training import hardware
from kefu.training.hardware import Hardware, HardwareParameters, available_cores, choose_hardware, limit_threads


@pytest.fixture
def machine(monkeypatch):
    def make(*, gpu, native_bf16=True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: native_bf16)
        monkeypatch.setattr(hardware, "_cpu_computes_bf16", lambda: native_bf16)

    return make


@pytest.mark.parametrize(
    ("device", "gpu", "accelerator"),
    [("auto", True, "gpu"), ("auto", False, "cpu"), ("cpu", True, "cpu"), ("gpu", True, "gpu")],
)
def test_device(machine, device, gpu, accelerator):
    machine(gpu=gpu)
    chosen = choose_hardware(HardwareParameters(device=device))
    assert chosen.accelerator == accelerator
    assert chosen.device == torch.device("cuda" if accelerator == "gpu" else "cpu")


def test_a_gpu_that_is_not_there_is_refused_in_one_line(machine):
    machine(gpu=False)
    with pytest.raises(
        KefuError, match=r"hardware\.device is 'gpu' but torch finds no CUDA device; set it to"
    ) as error:
        choose_hardware(HardwareParameters(device="gpu"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("gpu", [True, False])
@pytest.mark.parametrize(
    ("precision", "native", "chosen"),
    [("auto", True, "bf16-mixed"), ("auto", False, "32-true"), ("32", True, "32-true"), ("bf16", False, "bf16-mixed")],
)
def test_precision(machine, gpu, precision, native, chosen):
    machine(gpu=gpu, native_bf16=native)
    assert choose_hardware(HardwareParameters(precision=precision)).precision == chosen


@pytest.mark.parametrize(("gpu", "compiled", "batch_factor"), [(True, True, 4), (False, False, 1)])
def test_a_gpu_gets_compiled_networks_and_larger_batches(machine, gpu, compiled, batch_factor):
    machine(gpu=gpu)
    chosen = choose_hardware(HardwareParameters())
    assert (chosen.compiled, chosen.batch_factor) == (compiled, batch_factor)
    asked = choose_hardware(HardwareParameters(compile=not compiled, batch_factor=2))
    assert (asked.compiled, asked.batch_factor) == (not compiled, 2)


def test_threads_and_workers_default_to_the_cores_of_this_process():
    assert choose_hardware(HardwareParameters(device="cpu")).threads == available_cores()
    assert choose_hardware(HardwareParameters(device="cpu", threads=3)).threads == 3
    assert HardwareParameters().num_workers == available_cores()
    assert HardwareParameters(workers=5).num_workers == 5
    assert available_cores() <= (os.cpu_count() or 1)


def test_threads_are_limited_for_a_while():
    before = torch.get_num_threads()
    with limit_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("wrong", [{"device": "tpu"}, {"threads": 0}, {"workers": 0}, {"gpus": 1}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        HardwareParameters(**wrong)


def test_this_machine_says_whether_it_computes_bf16():
    assert hardware._cpu_computes_bf16() in (True, False)


@pytest.mark.parametrize(
    ("accelerator", "threads", "trainings", "processes", "each"),
    [
        ("cpu", 2, 5, 2, 1), ("cpu", 16, 5, 5, 3), ("cpu", 8, 1, 1, 8), ("cpu", 1, 5, 1, 1), ("gpu", 16, 5, 1, 16),
        ("cpu", 4, 0, 1, 4),
    ],
)  # fmt: skip
def test_threads_are_divided_among_trainings(accelerator, threads, trainings, processes, each):
    whole = Hardware(accelerator, "bf16-mixed", threads, compiled=True, batch_factor=4)
    share = Hardware(accelerator, "bf16-mixed", each, compiled=True, batch_factor=4)
    assert whole.divide(trainings) == (processes, share)
