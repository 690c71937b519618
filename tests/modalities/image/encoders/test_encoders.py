from types import SimpleNamespace

import pytest
import torch

from kefu.modalities.image.encoders import EncoderParameters, build_encoder

PREPROCESSOR = SimpleNamespace(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))
PARAMS = EncoderParameters.model_validate(
    {"resnet": {"stem_dim": 4, "stage_dims": [4, 8], "stage_depths": [1, 2], "dropout": 0.1}}
)


def pictures(size, height, width):
    generator = torch.Generator().manual_seed(0)
    return {"pixels": torch.randint(0, 256, (size, 3, height, width), dtype=torch.uint8, generator=generator)}


@pytest.mark.parametrize(("height", "width"), [(8, 8), (24, 17)])
def test_the_encoder_keeps_its_contract(check_encoder, height, width):
    encoder = check_encoder(lambda: build_encoder(PARAMS, PREPROCESSOR), pictures(3, height, width))
    assert encoder.embedding_dim == 8


@torch.inference_mode()
def test_the_smallest_picture_passes_the_default_network():
    encoder = build_encoder(EncoderParameters(), PREPROCESSOR).eval()
    assert torch.isfinite(encoder(pictures(1, 8, 8))).all()


@torch.inference_mode()
def test_pixels_are_normalised_as_in_training():
    encoder = build_encoder(PARAMS, PREPROCESSOR).eval()
    seen = []
    encoder.network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    encoder({"pixels": torch.full((1, 3, 8, 8), 255, dtype=torch.uint8)})
    assert seen[0][0, :, 0, 0].tolist() == pytest.approx([3.0, 5 / 3, 1.6])
