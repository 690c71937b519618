"""Kedro's configuration loader, and presets: settings of the models that go with any environment."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf import OmegaConf

from kefu.tickets.errors import KefuError, did_you_mean

PRESETS = "presets"
"""The folder of ``conf`` that holds them, a file each; it is not an environment."""

SHOPS = "assistant"
"""The folder of ``conf`` that holds shops for the assistant, a folder each; it is not an environment, either."""


class PresetConfigLoader(OmegaConfigLoader):
    """Adds the preset that the parameter ``preset`` names, ``conf/presets/<name>.yml``, to the parameters.

    A preset lies right below the values of whoever names it. Named in ``conf/<environment>`` (or in ``conf/base``):
    base, preset, environment, ``--params``; a later one wins. Named in ``--params``: base, environment, preset, the
    other ``--params``. Nothing is lost from groups that several of them set, only single values are overridden.

    With ``--params parameters_file=params.yaml``, as DVC runs its stages, that file says all parameters, ``conf`` none.

    The resolver ``${given_params:}`` stands for what was typed after ``--params``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        OmegaConf.register_new_resolver("given_params", lambda: format_params(self.runtime_params), replace=True)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return the configuration of a kind, as Kedro does.

        Raises:
            KefuError: there is no such preset.
        """
        if key == "parameters" and key not in self and self.runtime_params.get("parameters_file"):
            return self._written_down(Path(self.runtime_params["parameters_file"]))
        values = super().__getitem__(key)
        if key != "parameters" or key in self or values.get("preset") is None:
            return values
        layers = [values, self._read(PRESETS, [f"{self._existing(str(values['preset']))}.yml"])]
        if "preset" not in self.runtime_params:
            layers.append(self._read(self.env or self.default_run_env, self.config_patterns[key]))
        return OmegaConf.to_container(OmegaConf.unsafe_merge(*layers))  # type: ignore[return-value]

    def presets(self) -> list[str]:
        """Return the names of all presets."""
        files = self._fs.glob(f"{PurePosixPath(self._get_conf_env_path(PRESETS))}/*.yml")
        return sorted(PurePosixPath(file).stem for file in files)

    def _written_down(self, path: Path) -> dict[str, Any]:
        if not path.is_absolute():
            path = Path(self.conf_source).absolute().parent / path
        if not path.is_file():
            raise KefuError(f"{path}: no such file of parameters; run `kefu dvc-sync`")
        given = {name: value for name, value in self.runtime_params.items() if name != "parameters_file"}
        layers = [OmegaConf.load(path), given, {"given_params": format_params(given)}]
        return OmegaConf.to_container(OmegaConf.unsafe_merge(*layers))  # type: ignore[return-value]

    def _existing(self, name: str) -> str:
        there = self.presets()
        if name not in there:
            listed = ", ".join(there) or f"none in {Path(self.conf_source) / PRESETS}"
            raise KefuError(f"there is no preset '{name}'{did_you_mean(name, there)} (there are: {listed})")
        return name

    def _read(self, folder: str, patterns: list[str]) -> dict[str, Any]:
        """Return the parameters of one folder of ``conf``, those of ``--params`` over them."""
        if folder == self.base_env:
            return {}
        values: dict[str, Any] = self.load_and_merge_dir_config(
            self._get_conf_env_path(folder), patterns, "parameters", set()
        )
        return values


def format_params(values: Mapping[str, Any]) -> str:
    """Return parameters as a shell takes them after ``--params``: ``preset=best,text.training.max_epochs=2``."""
    return shlex.quote(",".join(_assignments(values))) if values else ""


def _assignments(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _assignments(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={_written(value)}"


def _written(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
