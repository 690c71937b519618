import time

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from kefu.modalities.image.augment import Augmentation, augment

STILL = {
    "rotate_degrees": 0,
    "shear_degrees": 0,
    "min_crop_area": 1,
    "max_stretch": 1,
    "brightness": 0,
    "contrast": 0,
    "saturation": 0,
    "hue_degrees": 0,
    "blur_probability": 0,
    "noise_probability": 0,
    "jpeg_probability": 0,
    "erase_probability": 0,
}
CHANGES = {
    "rotate_degrees": 20,
    "shear_degrees": 20,
    "min_crop_area": 0.4,
    "max_stretch": 2,
    "brightness": 0.3,
    "contrast": 0.5,
    "saturation": 0.9,
    "hue_degrees": 60,
    "blur_probability": 1,
    "noise_probability": 1,
    "jpeg_probability": 1,
    "erase_probability": 1,
}


def only(**changes) -> Augmentation:
    return Augmentation(**STILL | changes)


def copies(pixels: np.ndarray, params: Augmentation, count: int = 8) -> list[np.ndarray]:
    return [augment(pixels, params, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize("size", [(96, 128), (128, 96), (16, 16), (128, 3)])
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_alters_pixels_and_keeps_what_they_are(change, size, make_photo):
    grain = np.random.default_rng(0).integers(0, 30, (*size, 3), dtype=np.uint8)
    pixels = make_photo(0, *size) // 2 + grain
    before = pixels.copy()
    altered = copies(pixels, only(**{change: CHANGES[change]}))
    assert all(copy.shape == pixels.shape and copy.dtype == np.uint8 for copy in altered)
    assert all((copy != pixels).any() for copy in altered)
    assert any((copy != altered[0]).any() for copy in altered[1:])
    np.testing.assert_array_equal(pixels, before)


def test_without_amounts_the_copy_equals_the_picture_and_is_its_own(photo):
    for copy in copies(photo, only()):
        np.testing.assert_array_equal(copy, photo)
        assert not np.shares_memory(copy, photo)


def test_an_equal_generator_gives_an_equal_copy(photo):
    params = Augmentation(flip=True)
    first, second = copies(photo, params, 20), copies(photo, params, 20)
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert len({copy.tobytes() for copy in first}) == 20


def test_the_global_generators_play_no_part(photo):
    np.random.seed(1)  # noqa: NPY002
    cv2.setRNGSeed(1)
    first = copies(photo, Augmentation(noise_probability=1))
    np.random.seed(2)  # noqa: NPY002
    cv2.setRNGSeed(2)
    assert all((a == b).all() for a, b in zip(first, copies(photo, Augmentation(noise_probability=1)), strict=True))


def test_flip_mirrors_half_of_the_copies_exactly(photo):
    mirrored = [(copy == photo[:, ::-1]).all() for copy in copies(photo, only(flip=True), 200)]
    kept = [(copy == photo).all() for copy in copies(photo, only(flip=True), 200)]
    assert sum(mirrored) + sum(kept) == 200
    assert 70 < sum(mirrored) < 130


def test_without_flip_nothing_is_ever_mirrored():
    # Left half black, right half white: no other change can carry the light to the left.
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, 32:] = 255
    params = Augmentation(flip=False, erase_probability=0, brightness=0)
    assert all(copy[:, 40:].mean() > copy[:, :24].mean() for copy in copies(pixels, params, 200))
    flipped = copies(pixels, params.model_copy(update={"flip": True}), 200)
    assert any(copy[:, 40:].mean() < copy[:, :24].mean() for copy in flipped)


def test_rotation_turns_about_the_centre_within_its_limit():
    pixels = np.zeros((101, 101, 3), np.uint8)
    pixels[49:52, 50:96] = 255  # a hand that points to the right
    angles = []
    for copy in copies(pixels, only(rotate_degrees=15), 60):
        assert copy[50, 50].min() > 200
        ys, xs = np.nonzero(copy[:, 60:, 0] > 128)
        angles.append(np.degrees(np.arctan2(ys.mean() - 50, xs.mean() + 10)))
    assert max(np.abs(angles)) < 15.5
    assert min(angles) < -8
    assert max(angles) > 8


def test_a_crop_keeps_at_least_its_area():
    # Columns and rows are numbered by their colour, so the kept part can be read off the copy.
    ramp = np.linspace(0, 200, 101).astype(np.uint8)
    pixels = np.dstack([np.tile(ramp, (101, 1)), np.tile(ramp[:, None], (1, 101)), np.zeros((101, 101), np.uint8)])
    for copy in copies(pixels, only(min_crop_area=0.5), 60):
        width, height = (np.ptp(copy[:, :, channel].astype(float)) / 200 for channel in (0, 1))
        assert 0.48 < width * height <= 1
        assert width == pytest.approx(height, abs=0.03)


def test_colour_changes_are_the_ones_named(photo):
    grey = np.dstack([photo[:, :, 0]] * 3)
    for change in ("saturation", "hue_degrees"):  # grey has no colour to change
        assert all(np.abs(copy.astype(int) - grey).max() <= 1 for copy in copies(grey, only(**{change: 0.9})))
    flat = np.full((32, 32, 3), 120, np.uint8)
    assert all((copy == 120).all() for copy in copies(flat, only(contrast=0.9)))
    levels = [int(copy[0, 0, 0]) for copy in copies(flat, only(brightness=0.2), 50)]
    assert min(levels) >= 120 - 51
    assert max(levels) <= 120 + 51
    assert max(levels) - min(levels) > 60


def test_erasing_stays_within_its_area(make_photo):
    flat = np.full((100, 100, 3), 7, np.uint8)
    params = only(erase_probability=1, min_erase_area=0.1, max_erase_area=0.3)
    for copy in copies(flat, params, 50):
        erased = (copy != 7).any(axis=2)
        rows, columns = erased.any(axis=1).sum(), erased.any(axis=0).sum()
        assert 0.09 < rows * columns / 1e4 < 0.32
        assert erased.sum() == pytest.approx(rows * columns, rel=0.01)


def test_areas_out_of_order_are_refused():
    with pytest.raises(ValidationError, match=r"min_erase_area 0.5 is larger than max_erase_area 0.2"):
        Augmentation(min_erase_area=0.5)


@pytest.mark.slow
def test_a_copy_takes_less_than_one_and_a_half_milliseconds(make_photo):
    pixels = make_photo(0, 128, 128)
    rng, seconds = np.random.default_rng(0), []
    for _ in range(200):
        start = time.thread_time()
        augment(pixels, Augmentation(), rng)
        seconds.append(time.thread_time() - start)
    assert np.mean(seconds) < 1.5e-3
