"""Encoders that start from weights in a folder."""

import json
import shutil

import pytest
import torch
from torch.nn.functional import interpolate

from kefu.modalities.frozen import Frozen
from kefu.modalities.image.encoders import EncoderParameters, build_encoder
from kefu.modalities.pretrained import PretrainedError


def resnet(**changes):
    from transformers import ResNetConfig, ResNetForImageClassification

    sizes = {"embedding_size": 4, "hidden_sizes": [4, 6], "depths": [1, 1], "layer_type": "basic"} | changes
    return ResNetForImageClassification(ResNetConfig(**sizes))


def vit(**changes):
    from transformers import ViTConfig, ViTForImageClassification

    sizes = {"image_size": 32, "patch_size": 8, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    return ViTForImageClassification(ViTConfig(**sizes | {"intermediate_size": 12} | changes))


MAKE = {"resnet": resnet, "vit": vit}


@pytest.fixture(params=MAKE)
def architecture(request):
    return request.param


@pytest.fixture
def make_folder(tmp_path):
    def make_folder(architecture, preprocessing=None, **changes):
        folder = tmp_path / architecture
        torch.manual_seed(0)
        MAKE[architecture](**changes).save_pretrained(folder)
        if preprocessing is not None:
            (folder / "preprocessor_config.json").write_text(json.dumps(preprocessing))
        return folder

    return make_folder


def params_of(architecture, folder, **changes):
    group = {"pretrained": str(folder), **changes}
    return EncoderParameters.model_validate({"architecture": architecture, architecture: group})


@torch.inference_mode()
def test_embeddings_are_those_of_the_folder(architecture, make_folder, pictures, preprocessor):
    folder = make_folder(architecture)
    model = type(MAKE[architecture]()).from_pretrained(folder)
    pixels = (pictures(2, 32, 32)["pixels"] / 255 - torch.tensor([0.4, 0.5, 0.6])[:, None, None]) / torch.tensor(
        [0.2, 0.3, 0.25]
    )[:, None, None]
    params = params_of(architecture, folder, **({"pooling": "first"} if architecture == "vit" else {}))
    encoder = build_encoder(params, preprocessor(32, 32)).eval()
    if architecture == "vit":
        expected = model.vit(pixels).last_hidden_state[:, 0]
    else:
        expected = model.resnet(pixels).pooler_output.flatten(1)
    torch.testing.assert_close(encoder(pictures(2, 32, 32)), expected, atol=1e-5, rtol=1e-4)


def test_full_tuning_keeps_the_contract(check_encoder, architecture, make_folder, pictures, preprocessor):
    params = params_of(architecture, make_folder(architecture))
    check_encoder(lambda: build_encoder(params, preprocessor()), pictures())


def test_frozen_tuning_trains_the_projection_alone(architecture, make_folder, pictures, preprocessor):
    params = params_of(architecture, make_folder(architecture), tuning="frozen", projection_dim=5, dropout=0.0)
    encoder = build_encoder(params, preprocessor()).train()
    assert encoder.embedding_dim == encoder(pictures()).shape[1] == 5
    assert isinstance(encoder.network, Frozen)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=0.1, weight_decay=0.1)
    encoder(pictures()).square().sum().backward()
    optimizer.step()
    changed = {name for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"projection.0.weight", "projection.0.bias"}
    with torch.inference_mode():
        embedding = encoder(pictures())
        assert torch.equal(encoder.eval()(pictures()), embedding)


@pytest.mark.parametrize("tuning", ["full", "frozen"])
@torch.inference_mode()
def test_a_bundle_needs_no_folder(architecture, tuning, make_folder, pictures, through_bundle):
    folder = make_folder(architecture, {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.6, 0.7]})
    params = params_of(architecture, folder, tuning=tuning)
    before, after = through_bundle(params, meanwhile=lambda: shutil.rmtree(folder))
    for expected, output in zip(before(pictures()), after(pictures()), strict=True):
        assert torch.equal(output, expected)


@pytest.mark.parametrize(
    ("preprocessing", "mean", "std"),
    [
        ({"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.6, 0.7]}, [0.1, 0.2, 0.3], [0.5, 0.6, 0.7]),
        ({"do_normalize": False, "image_mean": [0.1, 0.2, 0.3]}, [0, 0, 0], [1, 1, 1]),
        ({"size": 224}, [0.4, 0.5, 0.6], [0.2, 0.3, 0.25]),
        (None, [0.4, 0.5, 0.6], [0.2, 0.3, 0.25]),
    ],
)
def test_weights_bring_their_own_normalisation(make_folder, preprocessor, preprocessing, mean, std):
    encoder = build_encoder(params_of("resnet", make_folder("resnet", preprocessing)), preprocessor())
    assert encoder.mean.flatten().tolist() == pytest.approx(mean)
    assert encoder.std.flatten().tolist() == pytest.approx(std)


@pytest.mark.parametrize("broken", [{"image_mean": [0.5]}, {"image_std": [0.5, 0, 0.5]}, {"image_mean": "grey"}])
def test_a_normalisation_that_makes_no_sense_is_told(make_folder, preprocessor, broken):
    params = params_of("resnet", make_folder("resnet", broken))
    with pytest.raises(PretrainedError, match=r"in preprocessor_config.json is .*; three numbers are needed"):
        build_encoder(params, preprocessor())


def test_weights_for_grey_pictures_are_refused(architecture, make_folder, preprocessor):
    params = params_of(architecture, make_folder(architecture, num_channels=1))
    with pytest.raises(PretrainedError, match="its num_channels is 1, but pictures have 3"):
        build_encoder(params, preprocessor())


def test_position_embeddings_are_interpolated_to_the_grid(make_folder, preprocessor):
    params = params_of("vit", make_folder("vit"))
    plain = build_encoder(params, preprocessor(32, 32)).network.embeddings.position_embeddings
    fitted = build_encoder(params, preprocessor(47, 40)).network.embeddings.position_embeddings
    assert fitted.shape == (1, 1 + 6 * 5, 8)
    assert torch.equal(fitted[:, 0], plain[:, 0])
    grid = plain[:, 1:].reshape(1, 4, 4, 8).permute(0, 3, 1, 2)
    expected = interpolate(grid, (6, 5), mode="bicubic", antialias=True)
    assert torch.equal(fitted[0, 1 + 7], expected[0, :, 1, 2])
