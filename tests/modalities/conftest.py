import pytest
import torch
from safetensors.torch import load, save


def _check(build, features):
    """Hold an encoder to what is asked of every one of them, on features of at least three rows of different length."""
    torch.manual_seed(0)
    encoder = build()
    learned = {name: parameter for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    size = len(next(iter(features.values())))
    dim = encoder.embedding_dim

    encoder.train()
    torch.manual_seed(0)
    embedding = encoder(features)
    assert embedding.shape == (size, dim)
    (embedding * torch.randn(size, dim)).sum().backward()
    for name, parameter in learned.items():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert name.endswith("bias") or parameter.grad.abs().sum() > 0, name

    encoder.eval()
    with torch.inference_mode():
        expected = encoder(features)
        assert torch.equal(encoder(features), expected)
        for row in range(size):
            alone = encoder({name: array[row : row + 1] for name, array in features.items()})
            torch.testing.assert_close(alone[0], expected[row], atol=1e-5, rtol=1e-4)
        assert not torch.allclose(expected[0], expected[1], atol=1e-4)

    again = build().eval()
    again.load_state_dict(load(save({name: value.contiguous() for name, value in encoder.state_dict().items()})))
    with torch.inference_mode():
        assert torch.equal(again(features), expected)

    encoder.train()
    encoder.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        rough = encoder(features)
    rough.float().sum().backward()
    assert torch.isfinite(rough).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in learned.values())
    encoder.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert (encoder(features).float() - again(features).float()).abs().max() < 1
    return encoder


@pytest.fixture
def check_encoder():
    return _check
