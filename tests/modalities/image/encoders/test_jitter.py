import pytest
import torch

from kefu.modalities.image.encoders import EncoderParameters, Jitter, MirrorAveraging, build_encoder, jitter
from kefu.modalities.image.encoders.jitter import cover, move, recolour

PARAMS = EncoderParameters.model_validate(
    {"architecture": "cnn", "jitter": 1.0, "cnn": {"channels": [4, 6], "dropout": 0.0}}
)


def squares(size=64, height=40, width=60):
    """Black pictures with a white square in the middle."""
    pixels = torch.zeros(size, 3, height, width)
    pixels[:, :, 15:25, 25:35] = 255
    return pixels


def test_the_contract_is_kept(check_encoder, pictures, preprocessor):
    encoder = check_encoder(lambda: build_encoder(PARAMS, preprocessor()), pictures())
    assert isinstance(encoder, Jitter)
    assert encoder.embedding_dim == 6


def test_a_mirrored_one_is_changed_as_well(preprocessor):
    encoder = build_encoder(PARAMS.model_copy(update={"average_mirrored": True}), preprocessor())
    assert isinstance(encoder, MirrorAveraging)
    assert isinstance(encoder.encoder, Jitter)
    assert not isinstance(build_encoder(PARAMS.model_copy(update={"jitter": 0.0}), preprocessor()), Jitter)


@torch.no_grad()
def test_pictures_differ_every_time_in_training_and_never_outside(pictures, preprocessor):
    encoder = build_encoder(PARAMS, preprocessor())
    given = pictures()
    before = given["pixels"].clone()
    for module in encoder.modules():  # which else differs between the two by itself
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.0
    assert not torch.equal(encoder.train()(given), encoder(given))
    assert not torch.equal(encoder.tokens(given)[0], encoder.tokens(given)[0])
    torch.manual_seed(1)
    first = encoder(given)
    torch.manual_seed(1)
    assert torch.equal(first, encoder(given))
    encoder.eval()
    assert torch.equal(encoder(given), encoder(given))
    assert torch.equal(encoder(given), encoder.encoder(given))
    assert torch.equal(given["pixels"], before)


@pytest.mark.parametrize("change", [move, recolour])
def test_without_strength_nothing_is_changed(change):
    pixels = torch.randint(0, 256, (4, 3, 40, 60), generator=torch.Generator().manual_seed(0)).float()
    torch.testing.assert_close(change(pixels, 0.0), pixels, atol=1e-2, rtol=0)


def test_what_is_moved_keeps_its_size_and_stays_in_the_picture():
    area = (move(squares(), 1.0) > 127).float().mean(dim=(1, 2, 3)) / (10 * 10 / (40 * 60))
    assert 0.6 < area.min() < 0.85
    assert 1.2 < area.max() < 1.7
    assert 0.9 < area.mean() < 1.15


def test_a_turned_square_stays_a_square(monkeypatch):
    # in a picture that is wider than high, a rotation of its coordinates alone would shear
    for name in ("_SCALE", "_SHIFT"):
        monkeypatch.setattr(jitter, name, 0.0)
    pixels = torch.zeros(50, 3, 40, 120)
    pixels[:, :, 10:30, 50:70] = 255
    moved = move(pixels, 2.0)[:, 0] / 255
    assert not torch.allclose(moved, pixels[:, 0] / 255)
    rows, columns = torch.arange(40.0)[None, :, None] - 19.5, torch.arange(120.0)[None, None, :] - 59.5
    spread = [(moved * distance**2).sum(dim=(1, 2)) / moved.sum(dim=(1, 2)) for distance in (rows, columns)]
    slant = (moved * rows * columns).sum(dim=(1, 2)) / moved.sum(dim=(1, 2))
    for found in spread:
        torch.testing.assert_close(found, torch.full((50,), 400 / 12), atol=1.5, rtol=0)
    torch.testing.assert_close(slant, torch.zeros(50), atol=1.0, rtol=0)


def test_colours_change_within_white_and_black():
    torch.manual_seed(0)
    pixels = torch.full((100, 3, 8, 8), 128.0)
    pixels[:, 0] = 200.0
    changed = recolour(pixels, 1.0)
    assert changed.min() >= 0
    assert changed.max() <= 255
    redder = changed[:, 0] - changed[:, 1]
    assert redder.min() < 45 < 72 < 100 < redder.max()


def test_most_pictures_are_partly_covered():
    torch.manual_seed(0)
    covered = (cover(torch.zeros(400, 3, 40, 60), 1.0) == 127.5).float().mean(dim=(1, 2, 3))
    assert 0.6 < (covered > 0).float().mean() < 0.8
    assert covered.max() < 0.2
