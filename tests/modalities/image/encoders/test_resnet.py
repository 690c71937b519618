import pytest
from pydantic import ValidationError

from kefu.modalities.image.encoders import EncoderParameters, build_encoder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stage_dims": [4, 8], "stage_depths": [1]}, "give as many stage_depths as stage_dims"),
        ({"stage_dims": [], "stage_depths": []}, "one at least"),
        ({"stage_dims": [4, 0], "stage_depths": [1, 1]}, "stage_dims must be 1 at least"),
        ({"stage_dims": [4, 8], "stage_depths": [1, 0]}, "and stage_depths 1"),
        ({"stage_dims": [3, 8], "stage_depths": [1, 1], "layer": "bottleneck"}, "stage_dims must be 4 at least"),
    ],
)
def test_sizes_that_make_no_network_are_told(changes, message):
    with pytest.raises(ValidationError, match=message):
        EncoderParameters.model_validate({"resnet": changes})


def test_bottlenecks_pass_the_contract(check_encoder, pictures, preprocessor):
    params = EncoderParameters.model_validate(
        {"resnet": {"stem_dim": 8, "stage_dims": [8, 12], "stage_depths": [1, 1], "layer": "bottleneck"}}
    )
    encoder = check_encoder(lambda: build_encoder(params, preprocessor()), pictures())
    assert encoder.embedding_dim == 12
    assert len(encoder.network.encoder.stages[0].layers[0].layer) == 3
