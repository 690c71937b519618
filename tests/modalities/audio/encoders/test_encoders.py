from types import SimpleNamespace

import pytest
import torch

from kefu.modalities.audio.encoders import EncoderParameters, build_encoder

PREPROCESSOR = SimpleNamespace(mean_db=[-40.0] * 16, std_db=[12.0] * 16)
FLOOR_DB = -100.0


def make(time_strides=(2, 2)):
    params = EncoderParameters.model_validate(
        {"cnn_rnn": {"channels": [4, 6], "time_strides": list(time_strides), "hidden_dim": 5, "mask_bands": 4}}
    )
    torch.manual_seed(0)
    encoder = build_encoder(params, PREPROCESSOR)
    for layer in encoder.convolutions:
        if isinstance(layer, torch.nn.BatchNorm2d):  # as after training: nothing is 0 by itself
            layer.running_mean.normal_()
            torch.nn.init.normal_(layer.bias)
    return encoder


def clips(lengths, frames):
    generator = torch.Generator().manual_seed(0)
    log_mel = torch.full((len(lengths), 16, frames), FLOOR_DB)
    for row, length in enumerate(lengths):
        log_mel[row, :, :length] = -40 + 12 * torch.randn(16, length, generator=generator)
    return {"log_mel": log_mel, "num_frames": torch.tensor(lengths, dtype=torch.int32)}


def test_the_encoder_keeps_its_contract(check_encoder):
    assert check_encoder(make, clips([20, 13, 7, 1], 24)).embedding_dim == 20


@pytest.mark.parametrize("time_strides", [(1, 1), (2, 1), (2, 3)])
@pytest.mark.parametrize("length", [1, 2, 3, 8, 11])
@torch.inference_mode()
def test_padding_is_without_effect(time_strides, length):
    encoder = make(time_strides).eval()
    tight = encoder(clips([length], length))
    for frames, filling in [(length + 1, FLOOR_DB), (length + 9, 30.0), (40, float("nan"))]:
        padded = clips([length, frames], frames)  # beside a clip that fills all frames
        padded["log_mel"][0, :, length:] = filling
        torch.testing.assert_close(encoder(padded)[:1], tight, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_no_frame_and_too_many_are_taken_as_one_and_all():
    encoder = make().eval()
    given = clips([1, 6], 6)
    expected = encoder(given)
    assert torch.equal(encoder({**given, "num_frames": torch.tensor([0, 99])}), expected)


def test_masking_hides_bands_and_frames_in_training_only():
    encoder = make()
    log_mel = torch.ones(200, 16, 40)
    torch.manual_seed(0)
    masked = encoder._mask(log_mel, torch.full((200,), 40))
    hidden_bands = (masked == 0).all(dim=2).sum(dim=1)
    hidden_frames = (masked == 0).all(dim=1).sum(dim=1)
    assert hidden_bands.max() <= 5
    assert hidden_frames.max() <= 0.15 * 40 + 1
    assert hidden_bands.float().mean() > 0.5
    assert hidden_frames.float().mean() > 0.5


def test_strides_must_match_channels():
    with pytest.raises(ValueError, match="give as many time_strides as channels"):
        make(time_strides=(2,))
