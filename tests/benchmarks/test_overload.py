"""What the benchmark that overloads the service takes for a fault."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def overload(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("overload", BENCHMARKS / "overload.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "overload", module)  # its dataclasses look for it
    spec.loader.exec_module(module)
    return module


def test_refusals_are_timed_and_answers_looked_at(overload: Any) -> None:
    answers = [overload.Answer(503, 0.02, False)] * 3 + [overload.Answer(429, 0.04, False)]
    seen = overload.Seen([*answers, overload.Answer(200, 2.0, True)], broken=0, not_sent=1)
    found = overload.summarise(seen)
    assert (found["sent"], found["accepted"], found["accepted_not_answered"]) == (5, 1, 0)
    assert found["statuses"] == {"200": 1, "429": 1, "503": 3}
    assert 20 <= found["refused_p95_ms"] <= 40
    assert all(overload.judge(found).values())


@pytest.mark.parametrize("fault", [(500, 0.01, False), (200, 0.01, False), (503, 9.0, False), None])
def test_what_is_not_promised_is_a_fault(overload: Any, fault: tuple[int, float, bool] | None) -> None:
    fine = [overload.Answer(503, 0.01, False), overload.Answer(200, 1.0, True)]
    odd = [overload.Answer(*fault)] if fault is not None else []
    seen = overload.Seen([*fine, *odd], broken=fault is None)
    assert list(overload.judge(overload.summarise(seen)).values()).count(False) == 1
