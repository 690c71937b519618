import json
import tracemalloc

import numpy as np
import pytest

from kefu.modalities.image.features import Features, ImagePreprocessor, fit, load_preprocessor

SMALL = Features(height_px=24, width_px=32)


@pytest.fixture
def photos(make_photo):
    return [make_photo(seed, *size) for seed, size in enumerate([(96, 128), (128, 60), (20, 20), (24, 32), (1, 128)])]


@pytest.mark.parametrize("how", ["stretch", "pad"])
def test_features_are_pictures_of_one_size(how, photos):
    features = fit(photos, SMALL.model_copy(update={"fit": how})).extract(photos)
    assert features.keys() == {"pixels"}
    assert features["pixels"].shape == (5, 3, 24, 32)
    assert features["pixels"].dtype == np.uint8
    assert features["pixels"].flags.c_contiguous
    np.testing.assert_array_equal(features["pixels"][3].transpose(1, 2, 0), photos[3])


@pytest.mark.parametrize("how", ["stretch", "pad"])
def test_a_picture_gives_the_same_row_in_any_batch(how, photos):
    preprocessor = fit(photos, SMALL.model_copy(update={"fit": how}))
    together = preprocessor.extract(photos)["pixels"]
    for row, photo in zip(together, photos, strict=True):
        np.testing.assert_array_equal(preprocessor.extract([photo])["pixels"][0], row)
    np.testing.assert_array_equal(preprocessor.extract(photos[::-1])["pixels"], together[::-1])
    assert preprocessor.extract([])["pixels"].shape == (0, 3, 24, 32)


def test_stretch_fills_the_frame_and_pad_keeps_proportions():
    tall = np.full((40, 10, 3), 250, np.uint8)
    mean = (0.2, 0.4, 0.6)
    stretched = ImagePreprocessor(SMALL, mean, mean).extract([tall])["pixels"][0]
    assert (stretched == 250).all()
    padded = ImagePreprocessor(Features(height_px=24, width_px=32, fit="pad"), mean, mean).extract([tall])["pixels"][0]
    assert (padded[:, :, 13:19] == 250).all()
    for channel, value in enumerate((51, 102, 153)):
        assert (padded[channel, :, :13] == value).all()
        assert (padded[channel, :, 19:] == value).all()


def test_statistics_are_those_of_the_training_pixels(photos):
    preprocessor = fit(iter(photos), SMALL)
    pixels = preprocessor.extract(photos)["pixels"] / 255
    np.testing.assert_allclose(preprocessor.mean, pixels.mean(axis=(0, 2, 3)), atol=1e-9)
    np.testing.assert_allclose(preprocessor.std, pixels.std(axis=(0, 2, 3)), atol=1e-9)


def test_padding_does_not_count():
    bars = [np.full((100, 4, 3), (10, 100, 200), np.uint8)] * 3
    preprocessor = fit(bars, Features(fit="pad"))
    np.testing.assert_allclose(preprocessor.mean, np.array([10, 100, 200]) / 255)


def test_statistics_are_usable_whatever_the_pictures():
    assert (fit([], SMALL).mean, fit([], SMALL).std) == ((0.5,) * 3, (0.5,) * 3)
    black = fit([np.zeros((9, 9, 3), np.uint8)], SMALL)
    assert black.mean == (0, 0, 0)
    assert min(black.std) == pytest.approx(1 / 255)


def test_fitting_needs_the_memory_of_one_picture(make_photo):
    def peak(count):
        tracemalloc.start()
        fit((make_photo(seed, 96, 128) for seed in range(count)), SMALL)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak(1)
    assert peak(200) < 1.5 * peak(5)


def test_a_preprocessor_travels_as_json(photos):
    preprocessor = fit(photos, Features(height_px=40, width_px=30, fit="pad"))
    files = preprocessor.to_files()
    assert all(isinstance(json.loads(content), dict) for content in files.values())
    assert load_preprocessor(files) == preprocessor


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema_version": 2, "params": {}, "mean": [0, 0, 0], "std": [1, 1, 1]}',
        b'{"schema_version": 1, "params": {"height": 3}, "mean": [0, 0, 0], "std": [1, 1, 1]}',
        b'{"schema_version": 1, "params": {}, "mean": [0, 0], "std": [1, 1]}',
    ],
)
def test_a_damaged_preprocessor_is_refused_by_name(content):
    with pytest.raises(ValueError, match=r"preprocessor\.json: not an image preprocessor"):
        load_preprocessor({"preprocessor.json": content})
    with pytest.raises(ValueError, match=r"preprocessor\.json"):
        load_preprocessor({})
