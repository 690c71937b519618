import pytest
import torch
from pydantic import ValidationError

from kefu.modalities.image.encoders import EncoderParameters, build_encoder

SMALL = {"hidden_dim": 8, "num_layers": 2, "num_heads": 2, "intermediate_dim": 12}


def vit(preprocessor, **changes):
    params = EncoderParameters.model_validate({"architecture": "vit", "vit": SMALL | changes})
    return build_encoder(params, preprocessor)


@pytest.mark.parametrize("stem", ["convolutions", "patches"])
@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("patch_px", [4, 16])
def test_a_vit_keeps_its_contract(check_encoder, pictures, preprocessor, stem, pooling, patch_px):
    encoder = check_encoder(
        lambda: vit(preprocessor(), stem=stem, pooling=pooling, patch_px=patch_px, dropout=0.2), pictures()
    )
    assert encoder.embedding_dim == 8


@pytest.mark.parametrize("stem", ["convolutions", "patches"])
def test_pictures_need_be_neither_square_nor_whole_patches(preprocessor, stem):
    encoder = vit(preprocessor(96, 75), stem=stem, patch_px=16)
    assert encoder.size == (96, 80)
    assert encoder.network.embeddings.position_embeddings.shape == (1, 1 + 6 * 5, 8)


@torch.inference_mode()
def test_every_pixel_counts(pictures, preprocessor):
    encoder = vit(preprocessor(), stem="patches", patch_px=8).eval()
    given = pictures(1)
    changed = {"pixels": given["pixels"].clone()}
    changed["pixels"][0, :, -1, -1] ^= 255  # in a patch that is not whole
    assert not torch.allclose(encoder(given), encoder(changed), atol=1e-6)


@torch.inference_mode()
def test_the_position_of_a_patch_counts(pictures, preprocessor):
    encoder = vit(preprocessor(16, 16), stem="patches", patch_px=8).eval()
    given = pictures(1, 16, 16)
    rolled = {"pixels": given["pixels"].roll(8, dims=3)}
    assert not torch.allclose(encoder(given), encoder(rolled), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_heads": 3}, r"hidden_dim \(8\) must be a multiple of num_heads \(3\)"),
        ({"patch_px": 12}, "patch_px 12: stem: convolutions needs a power of two"),
        ({"patch_px": 1}, "patch_px 1: stem: convolutions needs a power of two"),
        ({"tuning": "frozen"}, "tuning is frozen, but without pretrained weights everything must learn: full"),
    ],
)
def test_parameters_that_contradict_each_other_are_told(changes, message):
    with pytest.raises(ValidationError, match=message):
        EncoderParameters.model_validate({"vit": SMALL | changes})
