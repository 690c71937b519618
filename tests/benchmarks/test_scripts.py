"""Benchmarks that take no trained model, from the command line on the smallest of data."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALL = {path.name for path in (ROOT / "benchmarks").glob("*.py")}
# run as docs/results.md tells, by tests/pipelines/test_documented_commands.py
OF_MODELS = {"ablation.py", "learning_curve.py", "robustness.py"}
# run in parts by tests of their own: whole ones start Kedro again and again
OF_RUNS = {"clean_features.py", "one_changed_ticket.py"}
# of a service or a trained model: their parts are tried by tests of their own
OF_SERVICES = {
    "conversation_load.py",
    "crashes.py",
    "distractors.py",
    "full_load.py",
    "hostile_uploads.py",
    "overload.py",
    "retrieval.py",
    "service_load.py",
    "voice_chinese.py",
}
SMALL = {
    "log_mel.py": ["--clips", "2", "--turns", "1"],
    "masking.py": ["--split", "dev", "--per-kind", "2", "--harmless-per-kind", "2", "--turns", "1"],
    "pictures.py": ["--pictures", "1", "--repetitions", "1"],
    "read_pictures.py": ["--pictures", "1", "--repetitions", "2"],
    "text_features.py": ["--shared", "."],
    "voice_english.py": ["--recordings", "2"],
}


def test_every_script_is_run_somewhere() -> None:
    assert OF_MODELS | OF_RUNS | OF_SERVICES | SMALL.keys() == ALL


def make_texts(folder: Path) -> None:
    """Write few texts as the two data sets that TF-IDF is measured on; in half of them a word tells the label."""
    texts = {
        "shirt": "the button of shirt number {} came off on the first day",
        "dress": "please send dress number {} to my new address",
    }
    rows = [(label, text.format(number * 37)) for number in range(40) for label, text in texts.items()]
    for name in ("retail_tickets", "banking77"):
        (folder / name).mkdir()
    lines = [f'{number},c{number},"{text}",{label}' for number, (label, text) in enumerate(rows)]
    (folder / "retail_tickets/tickets.csv").write_text("\n".join(["ticket_id,customer_id,text,label", *lines]))
    for name, part in (("train", rows[:50]), ("test", rows[50:])):
        lines = [f'"{text}",{label}' for label, text in part]
        (folder / f"banking77/{name}.csv").write_text("\n".join(["text,category", *lines]))


@pytest.mark.slow
@pytest.mark.parametrize("script", SMALL)
def test_a_script_runs_and_writes_its_results(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_SHARED", str(tmp_path))  # no pictures of the real data either
    make_texts(tmp_path)
    command = [sys.executable, str(ROOT / "benchmarks" / script), *SMALL[script], "--out", "found/out.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "found/out.json").read_text(encoding="utf-8"))
