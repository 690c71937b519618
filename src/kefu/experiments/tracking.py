"""Raw data handed to DVC, where there is one."""

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Tracking:
    """Whether DVC tracks a folder now: the file that git keeps instead of it, or why there is none."""

    marker: Path | None
    why_not: str = ""


def track(folder: Path, project: Path) -> Tracking:
    """Let DVC track a folder (``dvc add``).

    Args:
        folder: relative to the project.
        project: its folder.
    """
    if find_spec("dvc") is None:
        return Tracking(None, "DVC is not installed (pip install 'kefu[tracking]')")
    if not (project / ".dvc").is_dir():
        return Tracking(None, "the project is no DVC repository (git init, then dvc init)")
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "add", folder.as_posix()],
        cwd=project,
        env=os.environ | {"DVC_NO_ANALYTICS": "1"},
        stdout=subprocess.PIPE,
        # its progress bar is for a person
        stderr=None if sys.stderr.isatty() else subprocess.PIPE,
        text=True,
        check=False,
    )
    marker = folder.with_name(f"{folder.name}.dvc")
    if done.returncode == 0 and (project / marker).is_file():
        return Tracking(marker)
    lines = (done.stderr or done.stdout or "").strip().splitlines()
    told = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "see above")
    return Tracking(None, f"dvc add failed ({told.removeprefix('ERROR: ')})")
