import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from kefu.registry.provenance import describe_code, describe_run, hash_tickets

TICKETS = pd.DataFrame(
    {
        "ticket_id": ["1", "2"],
        "label": ["refund", "发票"],
        "split": ["train", "test"],
        "customer_id": ["c", None],
        "content_hash": ["aa", "bb"],
        "note": ["x", "y"],
    }
)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/code.py").write_text("one = 1\n")
    (tmp_path / "dvc.lock").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_the_commit_and_whether_code_has_changed_since(repository: Path) -> None:
    code = describe_code(repository)
    assert code is not None
    assert len(code["commit"]) == 40
    assert not code["dirty"]
    (repository / "dvc.lock").write_text("what a stage wrote")
    assert describe_code(repository) == code
    (repository / "src/code.py").write_text("one = 2\n")
    assert describe_code(repository) == code | {"dirty": True}
    git(repository, "checkout", "src")
    (repository / "src/more.py").touch()
    assert describe_code(repository) == code | {"dirty": True}


def test_outside_of_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_code(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert describe_code(tmp_path) is None  # nothing is committed yet
    monkeypatch.setitem(os.environ, "PATH", "")
    assert describe_code(tmp_path) is None


def test_a_run_says_the_same_twice(repository: Path) -> None:
    said = describe_run(repository, {"seed": 3})
    assert said == describe_run(repository, {"seed": 3})
    assert said["parameters"] == {"seed": 3}
    assert said["environment"].keys() == {"kefu", "python", "torch", "numpy", "platform"}


@pytest.mark.parametrize("column", ["ticket_id", "label", "split", "customer_id", "content_hash"])
def test_the_hash_of_data_changes_with_what_is_learned_from(column: str) -> None:
    other = TICKETS.copy()
    other.loc[1, column] = "other"
    assert hash_tickets(other) != hash_tickets(TICKETS)


def test_the_hash_of_data_leaves_out_what_rides_along() -> None:
    assert hash_tickets(TICKETS.drop(columns="note")) == hash_tickets(TICKETS)
    assert hash_tickets(TICKETS[::-1]) != hash_tickets(TICKETS)
    nameless = TICKETS.assign(customer_id=None)
    assert hash_tickets(nameless.drop(columns="customer_id")) == hash_tickets(nameless)
