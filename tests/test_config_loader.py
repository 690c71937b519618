"""Presets lie right below the values of whoever names them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kefu.config_loader import PresetConfigLoader, format_params
from kefu.settings import CONFIG_LOADER_ARGS
from kefu.tickets.errors import KefuError

FILES = {
    "base/parameters/image.yml": {"preset": None, "image": {"side": 64, "encoder": "resnet", "rate": 1, "epochs": 9}},
    "base/parameters/project.yml": {"given_params": "${given_params:}", "name": "${globals:name}"},
    "base/globals.yml": {"name": "demo"},
    "local/parameters.yml": {"image": {"side": 32}},
    "shop/parameters/shop.yml": {"image": {"side": 96, "encoder": "cnn", "rate": 2}},
    "shop/globals.yml": {"name": "shop"},
    "tuned/parameters/tuned.yml": {"preset": "large", "image": {"rate": 2}},
    "presets/large.yml": {"image": {"encoder": "vit", "rate": 3}, "made_for": "${globals:name}"},
    "presets/small.yml": {"image": {"encoder": "mlp"}},
}


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    return tmp_path


def parameters(conf: Path, environment: str | None = None, **params: Any) -> dict[str, Any]:
    return PresetConfigLoader(str(conf), environment, params, **CONFIG_LOADER_ARGS)["parameters"]


def test_without_a_preset_nothing_changes(conf: Path) -> None:
    assert parameters(conf, "shop")["image"] == {"side": 96, "encoder": "cnn", "rate": 2, "epochs": 9}


def test_a_preset_named_by_hand_overrides_the_environment_and_keeps_its_sizes(conf: Path) -> None:
    found = parameters(conf, "shop", preset="large", image={"epochs": 1})
    assert found["image"] == {"side": 96, "encoder": "vit", "rate": 3, "epochs": 1}
    assert (found["preset"], found["made_for"]) == ("large", "shop")


def test_a_preset_named_by_the_environment_lies_below_its_values(conf: Path) -> None:
    assert parameters(conf, "tuned")["image"] == {"side": 64, "encoder": "vit", "rate": 2, "epochs": 9}


def test_what_is_typed_overrides_every_preset(conf: Path) -> None:
    assert parameters(conf, "shop", preset="large", image={"rate": 7})["image"]["rate"] == 7
    assert parameters(conf, "tuned", image={"encoder": "gru"})["image"]["encoder"] == "gru"


def test_a_preset_named_by_hand_takes_the_place_of_the_environment_s(conf: Path) -> None:
    assert parameters(conf, "tuned", preset="small")["image"] == {"side": 64, "encoder": "mlp", "rate": 2, "epochs": 9}
    assert parameters(conf, "tuned", preset=None)["image"]["encoder"] == "resnet"


@pytest.mark.parametrize("environment", ["base", None])
def test_presets_go_without_an_environment(conf: Path, environment: str | None) -> None:
    base = conf / "base/parameters/image.yml"
    base.write_text(base.read_text("utf-8").replace("preset: null", "preset: large"), encoding="utf-8")
    assert parameters(conf, environment)["image"]["encoder"] == "vit"
    assert parameters(conf, environment)["image"]["side"] == (64 if environment else 32)


@pytest.mark.parametrize("name", ["lagre", "../shop/globals", 3])
def test_an_unknown_preset_is_told_with_those_there_are(conf: Path, name: Any) -> None:
    with pytest.raises(KefuError, match=r"no preset .*\(there are: large, small\)"):
        parameters(conf, "shop", preset=name)


def test_a_project_without_presets_says_where_they_belong(conf: Path) -> None:
    for path in (conf / "presets").iterdir():
        path.unlink()
    with pytest.raises(KefuError, match=r"none in .*presets"):
        parameters(conf, preset="large")


def test_what_was_typed_can_be_read_as_a_parameter(conf: Path) -> None:
    assert parameters(conf)["given_params"] == ""
    assert parameters(conf, preset="small", image={"rate": 2})["given_params"] == "preset=small,image.rate=2"


def test_params_are_written_as_a_shell_takes_them() -> None:
    assert format_params({"a": {"b": None, "c": True}, "d": 1e-05}) == "a.b=null,a.c=true,d=1e-05"
    assert format_params({"new_tickets": "my table.csv"}) == "'new_tickets=my table.csv'"
