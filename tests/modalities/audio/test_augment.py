import numpy as np
import pytest

from kefu.modalities.audio import Augmentation, augment, pack, unpack
from kefu.modalities.audio.augment import add_noise, mask_time
from kefu.modalities.audio.payload import quantise
from kefu.modalities.audio.stretch import change_speed, shift_pitch, stretch

CHANGES = ("speed", "stretch", "pitch", "mask", "shift", "noise", "gain")
RATE = 8_000


def only(*names, **amounts):
    probabilities = {f"{name}_probability": float(name in names) for name in CHANGES}
    return Augmentation(sample_rate_hz=RATE, max_seconds=2.0, **probabilities | amounts)


def tone(seconds=1.0, rate=RATE, hz=220.0, amplitude=0.3):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def rng(seed=0):
    return np.random.default_rng(seed)


def rms(samples):
    return np.sqrt(np.mean(np.square(samples, dtype=np.float64)))


def frequency(samples, rate=RATE):
    return np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples))).argmax() * rate / len(samples) / 8


class TestAugment:
    @pytest.mark.parametrize("names", [*[(name,) for name in CHANGES], CHANGES])
    @pytest.mark.parametrize("seconds", [0.1, 0.77, 2.0])
    def test_every_change_changes_and_keeps_the_contract(self, names, seconds):
        waveform = tone(seconds, amplitude=0.99)
        before = waveform.copy()
        for seed in range(5):
            changed = augment(waveform, only(*names), rng(seed))
            assert changed.dtype == np.float32
            assert changed.ndim == 1
            assert 0 < len(changed) <= 2 * RATE
            assert np.abs(changed).max() <= 1.0
            assert len(changed) != len(before) or np.abs(changed - before).max() > 1e-3
            np.testing.assert_array_equal(unpack(pack(changed, Augmentation(sample_rate_hz=RATE))), changed)
            np.testing.assert_array_equal(waveform, before)

    def test_deterministic_given_the_generator(self):
        one, same, other = (augment(tone(), only(*CHANGES), rng(seed)) for seed in (3, 3, 4))
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)

    def test_a_copy_is_never_identical_while_a_change_is_allowed(self):
        params = only(noise_probability=0.01, gain_probability=0.01)
        waveform = quantise(tone())
        for seed in range(30):
            assert not np.array_equal(augment(waveform, params, rng(seed)), waveform)

    def test_nothing_is_allowed(self):
        np.testing.assert_array_equal(augment(quantise(tone()), only(), rng()), quantise(tone()))

    def test_a_clip_at_full_scale_can_only_become_quieter(self):
        for seed in range(20):
            assert np.abs(augment(tone(amplitude=1.0), only("gain"), rng(seed))).max() < 0.999

    def test_probability(self):
        params = only("noise", gain_probability=0.4, max_gain_db=20.0, min_snr_db=70.0, max_snr_db=70.0)
        level = [rms(augment(tone(), params, rng(seed))) / rms(tone()) for seed in range(300)]
        assert np.mean(np.abs(np.array(level) - 1) > 0.002) == pytest.approx(0.4, abs=0.09)

    def test_gain_is_bounded(self):
        levels = [20 * np.log10(rms(augment(tone(), only("gain"), rng(s))) / rms(tone())) for s in range(100)]
        assert -6.01 < min(levels) < -4
        assert 4 < max(levels) < 6.01

    def test_speed_and_stretch_are_bounded(self):
        for name, most in (("speed", 1 / 0.9), ("stretch", 1.15)):
            lengths = [len(augment(tone(), only(name), rng(seed))) / RATE for seed in range(60)]
            assert 1.05 < max(lengths) <= most + 0.001
            assert 0.84 < min(lengths) < 0.95

    def test_a_shift_loses_nothing(self):
        shifted = augment(tone(), only("shift"), rng())
        lead = len(shifted) - RATE
        assert 0 < lead <= 0.2 * RATE
        assert (shifted[:lead] == 0).all()
        np.testing.assert_allclose(shifted[lead:], tone(), atol=1e-4)

    def test_silence_stays_finite(self):
        assert (augment(np.zeros(RATE, dtype=np.float32), only(*CHANGES), rng()) == 0).all()

    def test_contradictory_ratios(self):
        with pytest.raises(ValueError, match="min_snr_db"):
            Augmentation(min_snr_db=20, max_snr_db=10)


class TestNoise:
    @pytest.mark.parametrize("colour", ["white", "pink", "brown"])
    @pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
    @pytest.mark.parametrize("length", [801, 7_919])
    def test_ratio_is_as_asked(self, colour, snr_db, length):
        waveform = tone()[:length]
        noise = add_noise(waveform, snr_db, colour, rng()) - waveform
        assert 20 * np.log10(rms(waveform) / rms(noise)) == pytest.approx(snr_db, abs=0.01)

    def test_ratio_survives_augment(self):
        waveform = tone(amplitude=0.9)
        noisy = augment(waveform, only("noise", min_snr_db=6.0, max_snr_db=6.0, noise_colours=("white",)), rng())
        # noise and scale are told apart by projection on the clean waveform
        scale = np.dot(noisy, waveform) / np.dot(waveform, waveform)
        assert scale < 0.9
        assert 20 * np.log10(rms(scale * waveform) / rms(noisy - scale * waveform)) == pytest.approx(6.0, abs=0.2)

    @pytest.mark.parametrize(("colour", "slope"), [("white", 0), ("pink", -1), ("brown", -2)])
    def test_colour(self, colour, slope):
        carrier = tone(8.0)
        power = np.abs(np.fft.rfft(add_noise(carrier, 0.0, colour, rng()) - carrier)) ** 2
        octaves = [np.log2(power[2**k : 2 ** (k + 1)].mean()) for k in range(6, 14)]
        assert np.polyfit(range(6, 14), octaves, 1)[0] == pytest.approx(slope, abs=0.15)


class TestMask:
    def test_one_segment_is_blotted_out(self):
        levels = set()
        for seed in range(20):
            masked = mask_time(np.ones(1_000, dtype=np.float32), 0.1, rng(seed))
            touched = np.flatnonzero(masked != 1)
            assert len(touched) == 100
            assert touched[-1] - touched[0] == 99
            levels.add(rms(masked[touched]) > 0)
            assert rms(masked[touched]) < 0.15
        assert levels == {True, False}


class TestStretch:
    @pytest.mark.parametrize("rate", [8_000, 16_000])
    @pytest.mark.parametrize("factor", [0.8, 0.93, 1.07, 1.3])
    def test_duration_changes_and_pitch_and_level_stay(self, rate, factor):
        stretched = stretch(tone(rate=rate), factor, rate)
        assert stretched.dtype == np.float32
        assert len(stretched) == round(rate * factor)
        assert frequency(stretched, rate) == pytest.approx(220, abs=1.5)
        inner = stretched[rate // 10 : -rate // 10]
        assert rms(inner) == pytest.approx(rms(tone()), rel=0.05)

    def test_time_is_mapped_evenly(self):
        click = 1e-3 * rng().standard_normal(RATE).astype(np.float32)
        for at in (2_000, 4_000, 6_000):
            click[at : at + 40] += tone(0.005)
        stretched = np.abs(stretch(click, 1.25, RATE))
        for at in (2_500, 5_000, 7_500):
            # the middle of the click; a frame is 100 samples later than the one before
            strength = np.convolve(stretched[at - 400 : at + 400] ** 2, np.ones(40), mode="same")
            assert abs(int(strength.argmax()) - 400 - 25) < 60

    def test_what_is_too_short_stays(self):
        short = tone(0.03)
        np.testing.assert_array_equal(stretch(short, 1.2, RATE), short)

    @pytest.mark.parametrize("semitones", [-3.0, -0.5, 2.0])
    def test_pitch_changes_and_duration_stays(self, semitones):
        shifted = shift_pitch(tone(), semitones, RATE)
        assert len(shifted) == pytest.approx(RATE, abs=2)
        assert frequency(shifted) == pytest.approx(220 * 2 ** (semitones / 12), abs=1.5)

    @pytest.mark.parametrize("factor", [0.9, 1.1])
    def test_speed_moves_pitch_and_duration(self, factor):
        faster = change_speed(tone(), factor)
        assert len(faster) == pytest.approx(RATE / factor, abs=2)
        assert frequency(faster) == pytest.approx(220 * factor, abs=1.0)
