"""Which model of a data set is the one to use, and how it came to be so: ``promoted.json`` beside the models."""

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu.tickets.errors import KefuError

PROMOTED = "promoted"
_FILE = "promoted.json"


@dataclass(frozen=True)
class Promotions:
    """The version in use, and every promotion, the newest last."""

    promoted: str | None
    history: Sequence[Mapping[str, Any]]


def read_promotions(models: Path) -> Promotions:
    """Read what was promoted among the models of a data set.

    Args:
        models: ``data/06_models/<dataset>``.

    Raises:
        KefuError: the file is damaged.
    """
    path = models / _FILE
    try:
        content = json.loads(path.read_text("utf-8"))
        promoted, history = str(content["promoted"]), list(content["history"])
    except FileNotFoundError:
        return Promotions(None, ())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KefuError(f"{path}: cannot be read ({error}); mend it, or delete it and promote a model again") from None
    if Path(promoted).name != promoted:
        raise KefuError(f"{path}: '{promoted}' is no version; mend it, or delete it and promote a model again")
    return Promotions(promoted, history)


def record_promotion(models: Path, entry: Mapping[str, Any]) -> None:
    """Make ``entry["version"]`` the model in use; readers see the old file or the new one.

    Args:
        models: ``data/06_models/<dataset>``.
        entry: the promotion, for the history.

    Raises:
        KefuError: what was promoted before cannot be read.
    """
    before = read_promotions(models)
    path = models / _FILE
    content = {"promoted": entry["version"], "history": [*before.history, dict(entry)]}
    part = path.with_name(f".{_FILE}.{uuid.uuid4().hex}")
    try:
        part.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def promoted_folder(models: Path) -> Path | None:
    """Return the bundle in use, or None where nothing was promoted.

    Args:
        models: ``data/06_models/<dataset>``.

    Raises:
        KefuError: the version that was promoted is no longer there.
    """
    version = read_promotions(models).promoted
    if version is None:
        return None
    folder = models / "versions" / "fused" / version / "fused"
    if not (folder / "config.json").is_file():
        raise KefuError(f"{folder}: this model was promoted and is no longer there; promote another one")
    return folder
