import json

import librosa
import numpy as np
import pytest

from kefu.modalities.audio import Features, fit, load_preprocessor
from kefu.modalities.audio.features import mel_filters

SETTINGS = [
    {"sample_rate_hz": 8_000, "n_fft": 256, "hop_length": 80, "n_mels": 40, "f_min_hz": 0.0},
    {"sample_rate_hz": 8_000, "n_fft": 512, "hop_length": 128, "n_mels": 64, "f_max_hz": 3_800.0},
    {"sample_rate_hz": 16_000, "n_fft": 512, "hop_length": 160, "n_mels": 64},
    {"sample_rate_hz": 16_000, "n_fft": 400, "hop_length": 160, "n_mels": 80, "f_min_hz": 60.0, "n_mfcc": 13},
    {"sample_rate_hz": 22_050, "n_fft": 1_024, "hop_length": 256, "n_mels": 128, "floor_db": -80.0},
]


def params(**changes):
    return Features(
        **{"sample_rate_hz": 8_000, "n_fft": 256, "hop_length": 80, "n_mels": 40, "max_seconds": 1.0} | changes
    )


def speech_like(samples, rate, seed=0):
    """Gliding harmonics with pauses, in a little noise: a wide range of levels."""
    rng = np.random.default_rng(seed)
    at = np.arange(samples) / rate
    pitch = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * at + seed)) / rate
    voice = sum(np.sin(k * pitch) / k for k in range(1, 15)) * np.clip(np.sin(7 * at + seed), 0, 1)
    return (0.2 * voice + 1e-3 * rng.standard_normal(samples)).astype(np.float32)


def librosa_log_mel(waveform, p):
    power = librosa.feature.melspectrogram(
        y=waveform, sr=p.sample_rate_hz, n_fft=p.n_fft, hop_length=p.hop_length, n_mels=p.n_mels,
        fmin=p.f_min_hz, fmax=p.f_max_hz, power=2.0, htk=False, norm="slaney", center=True, pad_mode="constant",
    )  # fmt: skip
    return librosa.power_to_db(power, ref=1.0, amin=10 ** (p.floor_db / 10), top_db=None)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("seconds", [0.03, 0.3, 1.0, 2.9])
@pytest.mark.filterwarnings("ignore:n_fft=.* is too large")
class TestAgreementWithLibrosa:
    def test_log_mel(self, setting, seconds):
        p = Features(**setting, max_seconds=3.0)
        waveform = speech_like(round(seconds * p.sample_rate_hz), p.sample_rate_hz)
        features = fit([], p).extract([waveform])
        expected = librosa_log_mel(waveform, p)
        valid = features["num_frames"][0]
        assert valid == expected.shape[1]
        np.testing.assert_allclose(features["log_mel"][0, :, :valid], expected, atol=0.01, rtol=0)
        np.testing.assert_allclose(features["log_mel"][0, :, valid:], p.floor_db, rtol=1e-6)

    def test_mfcc(self, setting, seconds):
        p = Features(**setting, max_seconds=3.0)
        waveform = speech_like(round(seconds * p.sample_rate_hz), p.sample_rate_hz)
        features = fit([], p).extract([waveform])
        valid = features["num_frames"][0]
        mfcc = librosa.feature.mfcc(S=librosa_log_mel(waveform, p), n_mfcc=p.n_mfcc)
        mode = "interp" if valid >= 9 else "nearest"
        deltas = [librosa.feature.delta(mfcc, width=9, order=order, mode=mode) for order in (1, 2)]
        np.testing.assert_allclose(features["mfcc"][0, :, :valid], np.concatenate([mfcc, *deltas]), atol=0.01, rtol=0)
        assert (features["mfcc"][0, p.n_mfcc :, valid:] == 0).all()


@pytest.mark.parametrize("waveform", [np.zeros(8_000), np.eye(1, 8_000, 4_000)[0], np.sin(np.arange(8_000) * 0.7)])
def test_silence_click_and_tone_agree_with_librosa(waveform):
    features = fit([], params()).extract([waveform.astype(np.float32)])
    expected = librosa_log_mel(waveform.astype(np.float32), params())
    np.testing.assert_allclose(features["log_mel"][0], expected, atol=0.01, rtol=0)


@pytest.mark.parametrize("setting", SETTINGS)
def test_filters_are_librosas(setting):
    p = Features(**setting)
    expected = librosa.filters.mel(
        sr=p.sample_rate_hz, n_fft=p.n_fft, n_mels=p.n_mels, fmin=p.f_min_hz, fmax=p.f_max_hz
    )
    np.testing.assert_allclose(mel_filters(p), expected.T, atol=1e-7)


class TestExtract:
    def test_shapes_and_types(self):
        preprocessor = fit([], params(n_mfcc=5))
        features = preprocessor.extract([speech_like(4_000, 8_000), speech_like(8_000, 8_000)])
        assert preprocessor.num_frames == 101
        assert {name: array.shape[1:] for name, array in features.items()} == preprocessor.feature_shapes
        assert {name: array.dtype for name, array in features.items()} == {
            "log_mel": np.float32,
            "mfcc": np.float32,
            "num_frames": np.int32,
        }
        assert features["num_frames"].tolist() == [51, 101]

    def test_a_row_is_the_same_in_any_batch(self):
        preprocessor = fit([], params(max_seconds=4.0))
        batch = [speech_like(n, 8_000, seed) for seed, n in enumerate([9_000, 700, 32_000, 8_000, 24_321])]
        together = preprocessor.extract(batch)
        reverse = preprocessor.extract(batch[::-1])
        for row, waveform in enumerate(batch):
            alone = preprocessor.extract([waveform])
            for name, array in together.items():
                np.testing.assert_array_equal(array[row], alone[name][0])
                np.testing.assert_array_equal(array[row], reverse[name][len(batch) - 1 - row])

    def test_what_lies_beyond_the_limit_is_not_heard(self):
        preprocessor = fit([], params())
        long = speech_like(20_000, 8_000)
        for name, array in preprocessor.extract([long]).items():
            np.testing.assert_array_equal(array, preprocessor.extract([long[:8_000]])[name])

    def test_empty_batch_and_empty_waveform(self):
        preprocessor = fit([], params())
        assert preprocessor.extract([])["log_mel"].shape == (0, 40, 101)
        nothing = preprocessor.extract([np.zeros(0, dtype=np.float32)])
        assert nothing["num_frames"].tolist() == [1]
        np.testing.assert_allclose(nothing["log_mel"], -100, rtol=1e-6)

    def test_inputs_are_left_as_they_were(self):
        waveform = speech_like(8_000, 8_000)
        before = waveform.copy()
        fit([waveform], params()).extract([waveform])
        np.testing.assert_array_equal(waveform, before)

    def test_stereo_is_refused(self):
        with pytest.raises(ValueError, match="mono waveform"):
            fit([], params()).extract([np.zeros((8_000, 2), dtype=np.float32)])


class TestFit:
    clips = tuple(speech_like(n, 8_000, seed) for seed, n in enumerate([4_000, 8_000, 1_000, 7_777]))

    def test_statistics_are_those_of_the_valid_frames(self):
        preprocessor = fit(iter(self.clips), params())
        features = preprocessor.extract(self.clips)
        frames = np.concatenate(
            [spectrum[:, :n] for spectrum, n in zip(features["log_mel"], features["num_frames"], strict=True)], axis=1
        )
        np.testing.assert_allclose(preprocessor.mean_db, frames.mean(axis=1), rtol=1e-5)
        np.testing.assert_allclose(preprocessor.std_db, frames.std(axis=1), rtol=1e-5)
        normalised = preprocessor.normalise(frames)
        np.testing.assert_allclose(normalised.mean(axis=1), 0, atol=1e-4)
        np.testing.assert_allclose(normalised.std(axis=1), 1, atol=1e-4)

    def test_mean_of_the_coefficients(self):
        preprocessor = fit(iter(self.clips), params())
        features = preprocessor.extract(self.clips)
        frames = np.concatenate(
            [mfcc[:, :n] for mfcc, n in zip(features["mfcc"], features["num_frames"], strict=True)], axis=1
        )
        np.testing.assert_allclose(preprocessor.mean_mfcc[:20], frames[:20].mean(axis=1), atol=1e-3)
        assert preprocessor.mean_mfcc[20:].tolist() == [0.0] * 40

    def test_order_does_not_matter(self):
        one, other = fit(self.clips, params()), fit(self.clips[::-1], params())
        np.testing.assert_allclose(one.mean_db, other.mean_db, rtol=1e-6)
        np.testing.assert_allclose(one.std_db, other.std_db, rtol=1e-6)

    def test_normalise_takes_batches(self):
        preprocessor = fit(self.clips, params())
        log_mel = preprocessor.extract(self.clips)["log_mel"]
        assert preprocessor.normalise(log_mel).dtype == np.float32
        np.testing.assert_array_equal(preprocessor.normalise(log_mel)[1], preprocessor.normalise(log_mel[1]))

    def test_an_empty_band_keeps_a_deviation(self):
        assert (fit([np.zeros(8_000, dtype=np.float32)], params()).std_db == 1.0).all()

    def test_no_recordings_at_all(self):
        preprocessor = fit([], params())
        log_mel = preprocessor.extract([self.clips[0]])["log_mel"]
        np.testing.assert_array_equal(preprocessor.normalise(log_mel), log_mel)


class TestFiles:
    def test_round_trip(self):
        preprocessor = fit([speech_like(8_000, 8_000)], params(n_mfcc=7, f_max_hz=3_500.0))
        restored = load_preprocessor(preprocessor.to_files())
        assert restored.params == preprocessor.params
        np.testing.assert_array_equal(restored.mean_db, preprocessor.mean_db)
        np.testing.assert_array_equal(restored.std_db, preprocessor.std_db)

    @pytest.mark.parametrize(
        "change",
        [{"schema_version": 2}, {"features": {"n_mels": 40, "colour": 1}}, {"mean_db": [1.0]}, {"std_db": ["x"] * 40}],
    )
    def test_unusable_files(self, change):
        (name, data), *_ = fit([], params()).to_files().items()
        with pytest.raises(ValueError, match="audio preprocessor"):
            load_preprocessor({name: json.dumps(json.loads(data) | change).encode()})
        with pytest.raises(ValueError, match="is missing"):
            load_preprocessor({})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"f_max_hz": 5_000.0}, "f_max_hz"),
        ({"f_min_hz": 4_000.0}, "f_min_hz"),
        ({"n_mfcc": 41}, "n_mfcc"),
        ({"hop_length": 300}, "hop_length"),
        ({"n_fft": 255}, "n_fft"),
        ({"n_mels": 200, "n_mfcc": 20}, "n_mels"),
    ],
)
def test_parameters_that_make_no_sense(changes, message):
    with pytest.raises(ValueError, match=message):
        params(**changes)
