"""The Makefile explains itself and asks for the Python that the package needs."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WANTED = {"setup", "run", "test", "lint", "viz", "docs", "bench", "clean", "help", "lock", "demo", "check"}
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # without the variables of a make that runs these tests
    clean = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run(
        [shutil.which("make") or "make", *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )


def phony() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return {name for line in re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE) for name in line.split()}


@needs_make
def test_help_is_the_default_and_explains_every_target() -> None:
    shown = make().stdout
    explained = dict(re.findall(r"^  make ([a-z]+) +(\S.*)$", shown, re.MULTILINE))
    assert phony() >= WANTED
    assert phony() <= set(explained)


@needs_make
def test_an_old_python_is_told_so(tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.18\nexit 1\n')
    old.chmod(0o755)
    result = make("setup", f"VENV={tmp_path / 'venv'}", f"PYTHON={old}")
    assert result.returncode != 0
    assert "needs Python 3.11 or newer" in result.stdout
    assert "Python 3.8.18" in result.stdout
    assert not (tmp_path / "venv").exists()


def test_the_python_asked_for_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    major, minor = project["requires-python"].removeprefix(">=").split(".")
    assert f"sys.version_info < ({major}, {minor})" in (ROOT / "Makefile").read_text(encoding="utf-8")
