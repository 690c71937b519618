"""The trained models of a data set on disk, with what was found when they were evaluated."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from kefu.evaluation.analysis import Analysis, read_analysis
from kefu.registry.promotion import PROMOTED, read_promotions
from kefu.registry.scored import model_of
from kefu.tickets.errors import KefuError, did_you_mean

LATEST, CURRENT = "latest", "current"
"""The newest version, and the model of the stages of DVC, which there is one of."""
_VERSIONS, _FUSED = "versions", "fused"
_SCORED, _METRICS, _EVALUATION = "scored_tickets.parquet", "metrics.json", "evaluation.json"


@dataclass(frozen=True)
class TrainedModel:
    """A bundle and what is known of it, without its weights."""

    name: str
    """Its version, ``current``, or a path."""
    folder: Path
    config: Mapping[str, Any]
    """What ``config.json`` says."""
    scored: Path | None
    """What it said of the tickets that it was scored on, if that was kept."""
    metrics: Mapping[str, Any]
    """The metrics of its evaluation, else of its training; may be empty."""

    @property
    def strategy(self) -> str:
        """Of its fusion."""
        return str(self.config.get("strategy", ""))

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What it rests on; little of it in models of earlier versions of kefu."""
        return self.config.get("provenance") or {}

    @property
    def weights(self) -> str | None:
        """The hash of its weights."""
        return self.provenance.get("weights")


class ModelStore:
    """The models of one data set.

    Args:
        models: ``data/06_models/<dataset>``.
        reports: ``data/08_reporting/<dataset>``.
    """

    def __init__(self, models: Path, reports: Path) -> None:
        self.models = models
        self.reports = reports

    @property
    def versions(self) -> list[str]:
        """The versions that are there, the newest first."""
        folders = (path.parent for path in (self.models / _VERSIONS / _FUSED).glob(f"*/{_FUSED}/config.json"))
        return sorted((folder.parent.name for folder in folders), reverse=True)

    @property
    def names(self) -> list[str]:
        """All models that are there, the newest first, that of DVC before them."""
        current = [CURRENT] if (self._folder(CURRENT) / "config.json").is_file() else []
        return [*current, *self.versions]

    def find(self, name: str) -> TrainedModel:
        """Return a model by its version or the beginning of it, ``latest``, ``promoted``, ``current``, or its folder.

        Raises:
            KefuError: there is none, several begin so, or its configuration cannot be read.
        """
        if name == PROMOTED:
            promoted = read_promotions(self.models).promoted
            if promoted is None:
                raise KefuError("no model was promoted yet; `kefu models promote latest` does")
            return self._read(promoted, self._folder(promoted))
        versions = self.versions
        if name == LATEST:
            if not versions:
                raise KefuError(f"there is no version of a model in {self.models / _VERSIONS}; train one: `kedro run`")
            name = versions[0]
        begin_so = [version for version in versions if version.startswith(name)]
        if name == CURRENT or name in versions:
            return self._read(name, self._folder(name))
        if len(begin_so) == 1:
            return self._read(begin_so[0], self._folder(begin_so[0]))
        if begin_so:
            raise KefuError(
                f"'{name}': {len(begin_so)} versions begin so ({', '.join(begin_so[:3])} …); write more of it"
            )
        if (Path(name) / "config.json").is_file():
            return self._read(name, Path(name))
        raise KefuError(
            f"there is no model '{name}'{did_you_mean(name, self.names)} "
            f"(there are: {', '.join(self.names[:5]) or 'none'}; `kefu models list` shows all)"
        )

    def keep(self, model: TrainedModel) -> TrainedModel:
        """Return a model as a version: itself, one of equal weights, or a copy of it that is made now.

        Raises:
            KefuError: it was made by an earlier kefu, which did not write down what tells models apart.
        """
        if model.name in self.versions:
            return model
        if model.weights is None:
            raise KefuError(f"{model.folder}: its configuration lacks the hash of its weights; train it again")
        for version in self.versions:
            if (same := self.find(version)).weights == model.weights:
                return same
        now = datetime.now(UTC)
        version = f"{now:%Y-%m-%dT%H.%M.%S}.{now.microsecond // 1000:03d}Z"
        if model.scored is not None:
            _copy(model.scored, self.reports / _VERSIONS / _SCORED / version / _SCORED)
            for file in (_METRICS, _EVALUATION):
                found = self._beside(model.scored, file)
                if found.is_file():
                    _copy(found, self.reports / _VERSIONS / file / version / file)
        target = self._folder(version)
        part = target.with_name(f".{_FUSED}.part")
        try:
            shutil.copytree(model.folder, part)
            part.rename(target)
        except BaseException:
            shutil.rmtree(target.parent, ignore_errors=True)
            raise
        vars(self).pop("_scored_by_weights", None)
        return self.find(version)

    def _folder(self, name: str) -> Path:
        return self.models / CURRENT / _FUSED if name == CURRENT else self.models / _VERSIONS / _FUSED / name / _FUSED

    def _read(self, name: str, folder: Path) -> TrainedModel:
        if not (folder / "config.json").is_file():
            raise KefuError(f"{folder}: no model is there; `kefu models list` shows those there are")
        config, own = (_read_json(folder / file) for file in ("config.json", _METRICS))
        if config.get("kind") != _FUSED:
            raise KefuError(f"{folder}: this is a bundle of kind '{config.get('kind')}', not of a fused model")
        scored = self._scored(name, (config.get("provenance") or {}).get("weights"))
        metrics = own.get("test") or {}
        if scored is not None:
            metrics = _read_json(self._metrics_of(scored)) or metrics
        return TrainedModel(name, folder, config, scored, metrics)

    def _scored(self, version: str, weights: str | None) -> Path | None:
        """Return the table of the same run, else the newest one of the same weights."""
        if weights is None:
            return None
        own = self.reports / _VERSIONS / _SCORED / version / _SCORED
        return own if own.is_file() and model_of(own) == weights else self._scored_by_weights.get(weights)

    @cached_property
    def _scored_by_weights(self) -> dict[str, Path]:
        kept = sorted((self.reports / _VERSIONS / _SCORED).glob(f"*/{_SCORED}"))
        found = [self.reports / CURRENT / _SCORED, *kept]
        return {weights: path for path in found if (weights := model_of(path)) is not None}

    def evaluation_of(self, model: TrainedModel) -> Analysis | None:
        """Return all that its evaluation found; None where it was not kept.

        Raises:
            KefuError: it is damaged.
        """
        path = None if model.scored is None else self._beside(model.scored, _EVALUATION)
        return None if path is None or not path.is_file() else read_analysis(path)

    def _metrics_of(self, scored: Path) -> Path:
        return self._beside(scored, _METRICS)

    def _beside(self, scored: Path, file: str) -> Path:
        """Return where a file of the same run lies."""
        if scored.parent.name == CURRENT:
            return scored.with_name(file)
        return self.reports / _VERSIONS / file / scored.parent.name / file


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise KefuError(f"{path}: cannot be read ({error})") from None
    return value if isinstance(value, dict) else {}
