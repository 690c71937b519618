import pytest
import torch
from pydantic import ValidationError

from kefu.modalities.image.encoders import EncoderParameters, build_encoder


@torch.inference_mode()
def test_each_convolution_halves_the_picture(pictures, preprocessor):
    params = EncoderParameters.model_validate({"architecture": "cnn", "cnn": {"channels": [4, 5, 6]}})
    encoder = build_encoder(params, preprocessor(24, 17)).eval()
    maps = encoder.network(encoder.normalise(pictures(2, 24, 17)))
    assert maps.shape == (2, 6, 3, 3)
    torch.testing.assert_close(encoder(pictures(2, 24, 17)), maps.mean(dim=(2, 3)))


@pytest.mark.parametrize("channels", [[], [4, 0]])
def test_channels_that_make_no_network_are_told(channels):
    with pytest.raises(ValidationError, match=r"cnn.channels"):
        EncoderParameters.model_validate({"cnn": {"channels": channels}})
