"""What a model rests on: code, data, parameters and the machine's libraries."""

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from kefu import __version__

WATCHED = ("src", "conf", "pyproject.toml")
"""A change to these since the commit makes another model; data and what DVC writes are told apart by other means."""
_HASHED = ("ticket_id", "customer_id", "label", "split", "content_hash")


def describe_run(project: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``code`` (see :func:`describe_code`), ``environment`` and ``parameters``, fit for JSON.

    Nothing in it tells the time: two runs of one commit on one machine say the same.

    Args:
        project: the folder of the project.
        parameters: every parameter with its value.
    """
    return {
        "code": describe_code(project),
        "environment": {
            "kefu": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy")},
            "platform": f"{platform.system()} {platform.machine()}",
        },
        "parameters": dict(parameters),
    }


def describe_code(project: Path) -> dict[str, Any] | None:
    """Return the ``commit`` that is checked out and whether code or configuration have changed since (``dirty``).

    None outside of a git repository, or where git cannot be called.
    """
    commit = _git(project, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    changes = _git(project, "--no-optional-locks", "status", "--porcelain", "--", *WATCHED)
    return {"commit": commit, "dirty": changes != ""}


def hash_tickets(tickets: pd.DataFrame) -> str:
    """Return a SHA-256 of what is learned from tickets: ids, customers, labels, splits and contents, in their order.

    Columns that ride along make no difference. A column that is missing, as of customers, is as an empty one.
    """
    digest = hashlib.sha256()
    columns = [tickets[name] if name in tickets else pd.Series("", index=tickets.index) for name in _HASHED]
    for row in zip(*(column.fillna("").astype(str) for column in columns), strict=True):
        digest.update("\x1f".join(row).encode() + b"\n")
    return digest.hexdigest()


def _git(project: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
