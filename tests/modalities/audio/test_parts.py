import numpy as np
import pytest

from kefu.modalities.audio.clean import Cleaning
from kefu.modalities.audio.parts import Parts, hide_part, split_parts

CLEANING = Cleaning(sample_rate_hz=8_000)


@pytest.mark.parametrize(("seconds", "count"), [(6.0, 12), (0.5, 5), (0.05, 1), (1.0, 10)])
def test_stretches_cover_the_recording_once(seconds, count):
    samples = np.ones(round(seconds * 8_000), np.float32)
    parts = split_parts(samples, CLEANING, Parts())
    assert len(parts) == count
    assert (sum(1 - hide_part(samples, part, CLEANING) for part in parts) == 1).all()
    assert parts[-1].place["end"] == pytest.approx(seconds)
    assert (samples == 1).all(), "the payload itself is left alone"


def test_a_hidden_stretch_is_silent_and_named_in_seconds():
    samples = np.ones(8_000, np.float32)
    part = split_parts(samples, CLEANING, Parts(max_parts=4))[2]
    assert part.name == "0.50-0.75 s"
    hidden = hide_part(samples, part, CLEANING)
    assert np.flatnonzero(hidden == 0).tolist() == list(range(4_000, 6_000))
