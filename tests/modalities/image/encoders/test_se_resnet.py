import pytest
import torch
from pydantic import ValidationError

from kefu.modalities.image.encoders import EncoderParameters, build_encoder
from kefu.modalities.image.encoders.se_resnet import _Block


def se_resnet(preprocessor, **changes):
    sizes = {"stage_dims": [4, 8, 12], "stage_depths": [2, 1, 1]} | changes
    return build_encoder(
        EncoderParameters.model_validate({"architecture": "se_resnet", "se_resnet": sizes}), preprocessor
    )


def test_the_last_block_is_left_out_most(preprocessor):
    encoder = se_resnet(preprocessor(), stochastic_depth=0.3)
    blocks = [layer for layer in encoder.network if isinstance(layer, _Block)]
    assert [block.left_out for block in blocks] == pytest.approx([0, 0.1, 0.2, 0.3])
    assert se_resnet(preprocessor(), stage_dims=[4], stage_depths=[1]).network[-1].left_out == 0


@torch.no_grad()
def test_a_block_is_left_out_picture_by_picture_in_training_only():
    block = _Block(4, 4, stride=1, squeeze=2, left_out=0.25).train()
    block.residual = torch.nn.Identity()
    maps = torch.ones(1000, 4, 3, 3)
    values = block(maps)
    kept = values[:, 0, 0, 0] > 1
    assert kept.float().mean().item() == pytest.approx(0.75, abs=0.05)
    torch.testing.assert_close(values[kept], torch.full_like(values[kept], 1 + 1 / 0.75))
    assert torch.equal(values[~kept], maps[~kept])
    assert torch.equal(block.eval()(maps), 2 * maps)


@torch.inference_mode()
def test_the_embedding_is_average_and_maximum(pictures, preprocessor):
    encoder = se_resnet(preprocessor(24, 17)).eval()
    maps = encoder.network(encoder.normalise(pictures(2, 24, 17)))
    assert maps.shape == (2, 12, 2, 2)
    embedding = encoder(pictures(2, 24, 17))
    torch.testing.assert_close(embedding[:, :12], maps.mean(dim=(2, 3)))
    assert torch.equal(embedding[:, 12:], maps.amax(dim=(2, 3)))


@pytest.mark.parametrize("changes", [{"stage_depths": [1]}, {"stage_dims": [1, 2, 3]}, {"stage_depths": [1, 1, 0]}])
def test_sizes_that_make_no_network_are_told(preprocessor, changes):
    with pytest.raises(ValidationError, match="stage_depths"):
        se_resnet(preprocessor(), **changes)
