import pytest
import torch
from pydantic import ValidationError

from kefu.modalities.audio.encoders import EncoderParameters, build_encoder


def params(**changes):
    sizes = {"channels": [6, 8, 5], "kernel_sizes": [5, 3, 1], "dilations": [1, 2, 1]}
    return EncoderParameters.model_validate({"architecture": "mfcc_cnn", "mfcc_cnn": sizes | changes})


@pytest.fixture
def make(preprocessor):
    def build(**changes):
        torch.manual_seed(0)
        encoder = build_encoder(params(**changes), preprocessor)
        for layer in encoder.modules():
            if isinstance(layer, torch.nn.BatchNorm1d):  # as after training: nothing is 0 by itself
                layer.running_mean.normal_()
                layer.running_var.uniform_(1.0, 2.0)
                if layer.affine:
                    torch.nn.init.normal_(layer.bias)
        return encoder

    return build


def test_the_encoder_keeps_its_contract(check_encoder, make, clips):
    assert check_encoder(make, clips([20, 13, 7, 1], 24)).embedding_dim == 10


def test_padding_is_without_effect(check_padding, make):
    check_padding(make, most=40)


def test_clips_of_one_frame_train(make, clips):
    encoder = make()
    encoder(clips([1, 1, 1], 1)).sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in encoder.parameters())


def test_masks_are_drawn_in_training_only_and_by_torchs_seed(make, clips):
    features = clips([20, 13, 7], 24)
    encoder = make(dropout=0.0)
    outputs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        outputs.append(encoder(features))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])
    encoder = make(dropout=0.0, num_masks=0)
    assert torch.equal(encoder(features), encoder(features))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dilations": [1, 2]}, "as many kernel_sizes and dilations as channels"),
        ({"kernel_sizes": [4, 3, 1]}, "odd"),
        ({"dilations": [1, 0, 1]}, "at least 1"),
        ({"channels": [], "kernel_sizes": [], "dilations": []}, "at least 1"),
    ],
)
def test_sizes_that_make_no_sense(changes, message):
    with pytest.raises(ValidationError, match=message):
        params(**changes)


def test_a_bundle_holds_it(through_a_bundle, clips):
    before, after = through_a_bundle(params())
    assert torch.equal(before(clips([20, 3], 24)).logits, after(clips([20, 3], 24)).logits)
