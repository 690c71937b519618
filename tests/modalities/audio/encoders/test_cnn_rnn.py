import pytest
import torch

from kefu.modalities.audio.encoders import EncoderParameters, build_encoder


def params(time_strides=(2, 2), **changes):
    sizes = {"channels": [4, 6], "time_strides": list(time_strides), "hidden_dim": 5, "mask_bands": 4}
    return EncoderParameters.model_validate({"cnn_rnn": sizes | changes})


@pytest.fixture
def make(preprocessor):
    def build(*args, **changes):
        torch.manual_seed(0)
        encoder = build_encoder(params(*args, **changes), preprocessor)
        for layer in encoder.convolutions:
            if isinstance(layer, torch.nn.BatchNorm2d):  # as after training: nothing is 0 by itself
                layer.running_mean.normal_()
                torch.nn.init.normal_(layer.bias)
        return encoder

    return build


def test_the_encoder_keeps_its_contract(check_encoder, make, clips):
    assert check_encoder(make, clips([20, 13, 7, 1], 24)).embedding_dim == 20


@pytest.mark.parametrize("time_strides", [(1, 1), (2, 1), (2, 3)])
def test_padding_is_without_effect(check_padding, make, time_strides):
    check_padding(lambda: make(time_strides), most=40)


def test_masks_are_drawn_in_training_only_and_by_torchs_seed(make, clips):
    encoder = make(dropout=0.0)
    features = clips([20, 13, 7], 24)
    outputs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        outputs.append(encoder(features))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])
    encoder = make(dropout=0.0, num_masks=0)
    assert torch.equal(encoder(features), encoder(features))


def test_strides_must_match_channels(make):
    with pytest.raises(ValueError, match="give as many time_strides as channels"):
        make(time_strides=(2,))


def test_a_bundle_holds_it(through_a_bundle, clips):
    before, after = through_a_bundle(params())
    assert torch.equal(before(clips([20, 3], 24)).logits, after(clips([20, 3], 24)).logits)
