import pytest
import torch

from kefu import modalities
from kefu.bundle import Bundle
from kefu.modalities.image import ImagePreprocessor
from kefu.modalities.image.features import Features
from kefu.training.modality_model import ModalityModel, build_classifier

HEIGHT, WIDTH = 24, 17


def _pictures(size=3, height=HEIGHT, width=WIDTH):
    generator = torch.Generator().manual_seed(0)
    return {"pixels": torch.randint(0, 256, (size, 3, height, width), dtype=torch.uint8, generator=generator)}


def _preprocessor(height=HEIGHT, width=WIDTH):
    return ImagePreprocessor(Features(height_px=height, width_px=width), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))


@pytest.fixture(autouse=True)
def same_weights_every_time():
    torch.manual_seed(0)


@pytest.fixture
def pictures():
    """Noise of a size that no network would choose."""
    return _pictures


@pytest.fixture
def preprocessor():
    return _preprocessor


@pytest.fixture
def through_bundle(tmp_path):
    """Save and load an encoder's classifier, with something to do in between; return both."""

    def through_bundle(params, meanwhile=lambda: None):
        classifier = build_classifier("image", params, _preprocessor(), 3, seed=0).eval()
        cleaning = modalities.get("image").Cleaning()
        model = ModalityModel("image", ("a", "b", "c"), cleaning, params, _preprocessor(), (classifier,))
        model.to_bundle().save(tmp_path / "bundle")
        meanwhile()
        return classifier, ModalityModel.from_bundle(Bundle.load(tmp_path / "bundle")).classifiers[0]

    return through_bundle
