import pytest
import torch

from kefu.modalities.image.encoders import EncoderParameters, MirrorAveraging, build_encoder

PARAMS = EncoderParameters.model_validate(
    {"architecture": "cnn", "average_mirrored": True, "cnn": {"channels": [4, 6], "dropout": 0.0}}
)


def test_the_contract_is_kept(check_encoder, pictures, preprocessor):
    encoder = check_encoder(lambda: build_encoder(PARAMS, preprocessor()), pictures())
    assert isinstance(encoder, MirrorAveraging)
    assert encoder.embedding_dim == 6


@pytest.mark.parametrize("training", [False, True])
@torch.no_grad()
def test_a_picture_and_its_mirror_image_are_one_outside_training(pictures, preprocessor, training):
    encoder = build_encoder(PARAMS, preprocessor()).train(training)
    given = pictures()
    mirrored = {"pixels": given["pixels"].flip(3)}
    assert torch.allclose(encoder(given), encoder(mirrored), atol=1e-6) != training
    if training:
        assert torch.equal(encoder(given), encoder.encoder(given))
    else:
        torch.testing.assert_close(encoder(given), (encoder.encoder(given) + encoder.encoder(mirrored)) / 2)


@torch.inference_mode()
def test_a_bundle_gives_the_same_outputs(pictures, through_bundle):
    before, after = through_bundle(PARAMS)
    assert torch.equal(after(pictures()).logits, before(pictures()).logits)
