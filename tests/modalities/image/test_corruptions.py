import numpy as np
import pytest

from kefu.modalities.image.corruptions import CORRUPTIONS, blur, cover, noise


@pytest.fixture
def picture():
    rows, columns = np.mgrid[:48, :64]
    pattern = (128 + 60 * np.sin(rows / 3) * np.cos(columns / 5)).astype(np.uint8)
    return np.dstack([pattern, pattern[::-1], 255 - pattern])


def apart(one, other):
    return np.abs(one.astype(int) - other.astype(int)).mean()


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name)
def test_worse_levels_are_further_from_the_picture(picture, corruption):
    before = picture.copy()
    spoilt = [corruption.apply(picture, level, np.random.default_rng(3)) for level in corruption.levels]
    assert all(one.shape == picture.shape and one.dtype == np.uint8 for one in spoilt)
    assert (np.diff([0.0, *(apart(picture, one) for one in spoilt)]) > 0).all()
    assert np.array_equal(picture, before)
    again = corruption.apply(picture, corruption.levels[1], np.random.default_rng(3))
    assert np.array_equal(again, spoilt[1])


@pytest.mark.parametrize("corruption", [one for one in CORRUPTIONS if one.name != "JPEG"], ids=lambda one: one.name)
def test_nothing_is_done_where_nothing_is_asked(picture, corruption):
    assert np.array_equal(corruption.apply(picture, corruption.intact, np.random.default_rng(0)), picture)


def test_the_covered_part_has_the_area_and_grows_around_itself(picture):
    for seed in range(5):
        covered = [
            (cover(picture, percent, np.random.default_rng(seed)) != picture).any(axis=2) for percent in (10, 40, 80)
        ]
        shares = [part.mean() for part in covered]
        assert shares == pytest.approx([0.1, 0.4, 0.8], abs=0.03)
        assert (covered[1] >= covered[0]).all()
        assert (covered[2] >= covered[1]).all()


def test_any_part_may_be_covered(picture):
    generators = map(np.random.default_rng, range(60))
    covered = [(cover(picture, 40, rng) != picture).any(axis=2) for rng in generators]
    assert np.mean(covered, axis=0)[8:-8, 8:-8].min() > 0


def test_noise_is_the_same_only_louder():
    grey = np.full((40, 40, 3), 127, np.uint8)
    faint, loud = (noise(grey, std, np.random.default_rng(1)).astype(int) - 127 for std in (10, 30))
    assert loud.std() == pytest.approx(30, rel=0.05)
    assert np.corrcoef(faint.ravel(), loud.ravel())[0, 1] > 0.99


def test_blur_means_the_same_for_a_larger_picture(picture):
    large = picture.repeat(4, axis=0).repeat(4, axis=1)
    shrunk = blur(large, 5, np.random.default_rng(0))[1::4, 1::4]
    assert apart(shrunk, blur(picture, 5, np.random.default_rng(0))) < 3
