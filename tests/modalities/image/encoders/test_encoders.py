import pytest
import torch

from kefu.modalities.image.encoders import EncoderParameters, build_encoder

SMALL = {
    "cnn": {"channels": [4, 6], "dropout": 0.1},
    "resnet": {"stem_dim": 4, "stage_dims": [4, 8], "stage_depths": [1, 2], "dropout": 0.1},
    "se_resnet": {"stage_dims": [4, 8], "stage_depths": [1, 2], "squeeze": 2, "stochastic_depth": 0.0},
    "vit": {"patch_px": 8, "hidden_dim": 8, "num_layers": 2, "num_heads": 2, "intermediate_dim": 12},
}
DIMS = {"cnn": 6, "resnet": 8, "se_resnet": 16, "vit": 8}


def small(architecture):
    return EncoderParameters.model_validate({"architecture": architecture, **SMALL})


@pytest.fixture(params=SMALL)
def architecture(request):
    return request.param


@pytest.mark.parametrize(("height", "width"), [(8, 8), (24, 17), (9, 40)])
def test_an_encoder_keeps_its_contract(check_encoder, pictures, preprocessor, architecture, height, width):
    encoder = check_encoder(
        lambda: build_encoder(small(architecture), preprocessor(height, width)), pictures(3, height, width)
    )
    assert encoder.embedding_dim == DIMS[architecture]


@torch.inference_mode()
def test_the_smallest_picture_passes_the_default_networks(architecture, pictures, preprocessor):
    encoder = build_encoder(EncoderParameters(architecture=architecture), preprocessor(8, 8)).eval()
    assert torch.isfinite(encoder(pictures(1, 8, 8))).all()


@torch.inference_mode()
def test_pixels_are_normalised_as_in_training(architecture, preprocessor):
    encoder = build_encoder(small(architecture), preprocessor(8, 8)).eval()
    seen = []
    first = encoder.stem if architecture == "vit" else encoder.network
    first.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    encoder({"pixels": torch.full((1, 3, 8, 8), 255, dtype=torch.uint8)})
    assert seen[0][0, :, 0, 0].tolist() == pytest.approx([3.0, 5 / 3, 1.6])


@torch.inference_mode()
def test_a_bundle_gives_the_same_outputs(architecture, pictures, through_bundle):
    before, after = through_bundle(small(architecture))
    for expected, output in zip(before(pictures()), after(pictures()), strict=True):
        assert torch.equal(output, expected)
