"""Where in a recording somebody speaks."""

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from kefu.parameters import Parameters
from kefu.speech.contract import SAMPLE_RATE_HZ, Samples, SpeechUnavailableError

if TYPE_CHECKING:
    from pocketsphinx import Vad

_JUDGED_PEAK = 0.5


class VoiceActivity(Parameters):
    """What counts as speech.

    Each frame of 30 ms is judged by WebRTC's detector (Gaussian mixtures over six bands), which pocketsphinx brings.
    """

    aggressiveness: int = Field(2, ge=0, le=3, description="0 takes more for speech, 3 less.")
    min_speech_seconds: float = Field(0.2, gt=0, description="Shorter sounds, such as clicks, are not speech.")
    min_level_dbfs: float = Field(-60.0, lt=0, description="Frames below this are silence.")
    max_pause_seconds: float = Field(0.7, ge=0, description="A longer pause ends a stretch of speech.")
    max_gain_db: float = Field(20.0, ge=0, description="How much quiet recordings are raised before they are judged.")
    margin_seconds: float = Field(0.2, ge=0, description="What is left before and after, at most half a pause.")


def find_speech(samples: Samples, params: VoiceActivity | None = None) -> list[slice]:
    """Find the stretches of a recording in which somebody speaks, one after the other.

    Args:
        samples: (T,) at :data:`SAMPLE_RATE_HZ`.
        params: What counts as speech.

    Raises:
        SpeechUnavailableError: The extra ``speech`` is not installed.
    """
    params = params or VoiceActivity()
    frame, is_speech = _judge_frames(samples, params)
    longest_pause = params.max_pause_seconds * SAMPLE_RATE_HZ
    stretches: list[tuple[int, int]] = []
    for start, end in _long_runs(is_speech, max(1, round(params.min_speech_seconds * SAMPLE_RATE_HZ / frame))):
        if stretches and (start * frame - stretches[-1][1]) <= longest_pause:
            stretches[-1] = (stretches[-1][0], end * frame)
        else:
            stretches.append((start * frame, end * frame))
    margin = round(min(params.margin_seconds, params.max_pause_seconds / 2) * SAMPLE_RATE_HZ)
    return [slice(max(0, start - margin), min(len(samples), end + margin)) for start, end in stretches]


def trim_to_speech(samples: Samples, params: VoiceActivity | None = None) -> Samples:
    """Cut a recording down to what lies between the first and the last word.

    Args:
        samples: (T,) at :data:`SAMPLE_RATE_HZ`.
        params: What counts as speech.

    Returns:
        A view of ``samples``, empty where nobody speaks.
    """
    stretches = find_speech(samples, params)
    return samples[stretches[0].start : stretches[-1].stop] if stretches else samples[:0]


def has_speech(samples: Samples, params: VoiceActivity | None = None) -> bool:
    """Tell whether somebody speaks in samples (T,) at :data:`SAMPLE_RATE_HZ`."""
    return len(trim_to_speech(samples, params)) > 0


def _judge_frames(samples: Samples, params: VoiceActivity) -> tuple[int, list[bool]]:
    """Return the samples of a frame, and whether each frame is speech; the rest that fills no frame is left out."""
    detector = _detector(params.aggressiveness)
    frame = detector.frame_bytes // 2
    blocks = samples[: len(samples) // frame * frame].reshape(-1, frame)
    gain = min(10 ** (params.max_gain_db / 20), _JUDGED_PEAK / max(float(np.abs(blocks).max(initial=0.0)), 1e-9))
    steps = np.round(blocks * gain * 32767).astype("<i2")
    is_loud = np.mean(np.square(blocks), axis=1) > 10 ** (params.min_level_dbfs / 10)
    return frame, [
        detector.is_speech(block.tobytes()) and bool(loud) for block, loud in zip(steps, is_loud, strict=True)
    ]


def _long_runs(flags: list[bool], shortest: int) -> list[tuple[int, int]]:
    """Return start and end of every run of true flags that is at least ``shortest`` long."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(flags, dtype=np.int8), [0]))))
    return [
        (int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start >= shortest
    ]


def _detector(aggressiveness: int) -> "Vad":
    try:
        from pocketsphinx import Vad
    except ImportError as error:
        raise SpeechUnavailableError(
            f"finding speech needs pocketsphinx ({error}): pip install 'kefu[speech]'"
        ) from error
    return Vad(mode=aggressiveness, sample_rate=SAMPLE_RATE_HZ, frame_length=0.03)
