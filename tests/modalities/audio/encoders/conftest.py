import pytest
import torch

from kefu.bundle import Bundle
from kefu.modalities.audio import Cleaning, Features, fit
from kefu.modalities.audio.encoders import EncoderParameters
from kefu.training.modality_model import ModalityModel, build_classifier

FLOOR_DB = -100.0


@pytest.fixture(scope="session")
def preprocessor():
    """One of small features, 24 frames at most, as if it had been fitted on voices of 8 kHz."""
    features = Features(
        sample_rate_hz=8_000, n_fft=256, hop_length=80, n_mels=16, n_mfcc=4, max_seconds=0.23, f_max_hz=3_800.0
    )
    fitted = fit([], features)
    fitted.mean_db[:] = -40.0
    fitted.std_db[:] = 12.0
    return fitted


@pytest.fixture(scope="session")
def clips():
    """A function from lengths to features of random clips of these lengths."""

    def make(lengths, frames):
        generator = torch.Generator().manual_seed(0)
        log_mel = torch.full((len(lengths), 16, frames), FLOOR_DB)
        mfcc = torch.zeros(len(lengths), 12, frames)
        for row, length in enumerate(lengths):
            log_mel[row, :, :length] = -40 + 12 * torch.randn(16, length, generator=generator)
            mfcc[row, :, :length] = 30 * torch.randn(12, length, generator=generator)
        return {"log_mel": log_mel, "mfcc": mfcc, "num_frames": torch.tensor(lengths, dtype=torch.int32)}

    return make


@pytest.fixture
def through_a_bundle(tmp_path, preprocessor):
    """A function that builds the classifier of some encoder parameters, and gives it before and after the disk."""

    def save_and_load(params: EncoderParameters, forget=lambda: None):
        classifier = build_classifier("audio", params, preprocessor, num_classes=3, seed=1).eval()
        model = ModalityModel("audio", ("a", "b", "c"), Cleaning(), params, preprocessor, (classifier,))
        model.to_bundle().save(tmp_path / "bundle")
        forget()
        return classifier, ModalityModel.from_bundle(Bundle.load(tmp_path / "bundle")).classifiers[0]

    return save_and_load


def _hold_padding_without_effect(build, clips, most):
    encoder = build().eval()
    with torch.inference_mode():
        for length in (1, 2, 3, 8, 11):
            tight = encoder(clips([length], length))
            for frames, filling in [(length + 1, FLOOR_DB), (length + 9, 30.0), (most, float("nan"))]:
                padded = clips([length, frames], frames)  # beside a clip that fills all frames
                for name in ("log_mel", "mfcc"):
                    padded[name][0, :, length:] = filling
                torch.testing.assert_close(encoder(padded)[:1], tight, atol=1e-5, rtol=1e-4)
        given = clips([1, 6], 6)
        expected = encoder(given)
        assert torch.equal(encoder({**given, "num_frames": torch.tensor([0, 99])}), expected)


@pytest.fixture
def check_padding(clips):
    """Padding is without effect, whatever it holds, and counts of frames out of range are taken as 1 and all."""
    return lambda build, most=24: _hold_padding_without_effect(build, clips, most)
