"""What the catalog tells DVC of a dataset, in its metadata below ``dvc``."""

from collections.abc import Mapping
from typing import Any


def told_to_dvc(dataset: Any) -> Mapping[str, Any]:
    """Return what the catalog tells of a dataset, of which any may be missing.

    - ``metric: true``: a file of metrics;
    - ``cache: false``: git keeps the file, not DVC's cache;
    - ``plot``: how the file is drawn, by the names of ``dvc.yaml``;
    - ``live``: the folder in which DVCLive keeps a learning curve while it grows.
    """
    told: Mapping[str, Any] = (getattr(dataset, "metadata", None) or {}).get("dvc") or {}
    return told
