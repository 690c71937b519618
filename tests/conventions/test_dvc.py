"""``dvc.yaml`` and ``params.yaml`` say what the project says."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from kefu.cli.dvc_sync import dvc_sync

ROOT = Path(__file__).parents[2]


def test_stages_and_parameters_are_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(dvc_sync, ["--check"])
    assert result.exit_code == 0, result.output
