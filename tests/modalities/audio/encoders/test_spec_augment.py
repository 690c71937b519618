import pytest
import torch

from kefu.modalities.audio.encoders.spec_augment import (
    SpecAugmentParameters,
    TimeMaskParameters,
    mask_bands,
    mask_frames,
)

ONES = torch.ones(300, 16, 40)


def spans(hidden):
    """Return the number of spans in each row of truth values."""
    starts = hidden & ~torch.roll(hidden, 1, dims=1)
    starts[:, 0] = hidden[:, 0]
    return starts.sum(dim=1)


@pytest.mark.parametrize("num_masks", [0, 1, 2])
def test_bands(num_masks):
    torch.manual_seed(0)
    masked = mask_bands(ONES, SpecAugmentParameters(mask_bands=5, num_masks=num_masks))
    hidden = (masked == 0).all(dim=2)
    assert torch.equal(masked, ONES.masked_fill(hidden[:, :, None], 0))
    assert spans(hidden).max() == num_masks
    assert hidden.sum(dim=1).max() <= 5 * num_masks
    assert hidden.any(dim=0).all() == (num_masks > 0)


@pytest.mark.parametrize("num_masks", [0, 1, 3])
def test_frames(num_masks):
    torch.manual_seed(0)
    num_frames = torch.full((300,), 20)
    masked = mask_frames(ONES, num_frames, TimeMaskParameters(mask_share=0.2, num_masks=num_masks))
    hidden = (masked == 0).all(dim=1)
    assert torch.equal(masked, ONES.masked_fill(hidden[:, None, :], 0))
    assert spans(hidden).max() == num_masks
    assert hidden.sum(dim=1).max() <= 4 * num_masks
    assert hidden[:, :20].any(dim=0).all() == (num_masks > 0)
    assert not hidden[:, 20:].any()


def test_clips_are_masked_differently_and_by_torchs_seed():
    params = SpecAugmentParameters()
    torch.manual_seed(1)
    first, second = mask_bands(ONES, params), mask_bands(ONES, params)
    torch.manual_seed(1)
    assert torch.equal(mask_bands(ONES, params), first)
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def test_more_bands_than_there_are():
    torch.manual_seed(0)
    hidden = (mask_bands(ONES, SpecAugmentParameters(mask_bands=99)) == 0).all(dim=2)
    assert spans(hidden).max() == 1
    assert hidden.sum(dim=1).max() == 16
