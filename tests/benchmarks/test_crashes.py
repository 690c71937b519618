"""What the benchmark that kills the service takes for a fault."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from kefu.service.storage import ConversationStore, Database, NewMessage

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def crashes(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("crashes", BENCHMARKS / "crashes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "crashes", module)  # its dataclasses look for it
    spec.loader.exec_module(module)
    return module


def test_lost_and_unanswered_messages_are_counted(crashes: Any, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/kefu.sqlite")
    store = ConversationStore(database)
    talk = store.begin("en", "owner")
    reply = {"language": "en", "sentences": [{"text": "Well.", "citations": []}], "hand_over": None}
    rows = [store.accept(talk.id, NewMessage(text=str(n), client_key=f"k{n}"))[0] for n in range(3)]
    for row in rows[:2]:
        store.answer(row, {"text": row.text}, reply, {}, remembered=store.conversation(talk.id).state)
    kept = crashes.Kept(accepted={f"k{n}": row.id for n, row in enumerate(rows)})
    found = crashes.count_faults(tmp_path / "kefu.sqlite", kept)
    assert found == {"accepted": 3, "lost": 0, "kept_twice": 0, "answered_twice": 0, "unanswered": 1}
    kept.accepted["k3"] = "was never written"
    assert crashes.count_faults(tmp_path / "kefu.sqlite", kept)["lost"] == 1
    store.accept(talk.id, NewMessage(text="a person, please", client_key="k4"))
    other = store.begin("en", "owner")
    store.accept(other.id, NewMessage(text="0", client_key="k0"))
    assert crashes.count_faults(tmp_path / "kefu.sqlite", kept)["kept_twice"] == 1
    database.close()


def test_what_is_promised_is_judged(crashes: Any) -> None:
    fine = {"lost": 0, "kept_twice": 0, "answered_twice": 0, "unanswered": 0, "ready_seconds": {"max": 15.0}}
    assert all(crashes.judge(fine).values())
    for fault in ("lost", "kept_twice", "answered_twice", "unanswered"):
        assert list(crashes.judge(fine | {fault: 1}).values()).count(False) == 1
    assert not all(crashes.judge(fine | {"ready_seconds": {"max": 15.1}}).values())
