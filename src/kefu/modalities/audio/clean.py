"""From the bytes of a recording to a mono waveform at one sample rate and one loudness, or to what is wrong with it."""

import hashlib
import io
import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from pydantic import Field, model_validator

from kefu.modalities.audio.container import Kind, identify, missing_wav_bytes, ogg_is_cut_off
from kefu.modalities.audio.payload import Waveform, quantise
from kefu.modalities.contract import Cleaned, Fact
from kefu.parameters import Parameters
from kefu.tickets.faults import Fault, Reason

_FRAME_SECONDS = 0.02
_BLOCK_FRAMES = 65_536
_MAX_CHANNELS = 8
_MIN_RATE_HZ, _MAX_RATE_HZ = 2_000, 192_000
_SILENCE_DB = -200.0
_FORMATS = "WAV, FLAC, OGG or MP3"


class Cleaning(Parameters):
    """How recordings are checked and normalised. Levels in dBFS are relative to full scale (amplitude 1)."""

    sample_rate_hz: int = Field(16_000, ge=4_000, le=96_000, description="rate of the cleaned waveform")
    min_seconds: float = Field(0.1, gt=0, description="shorter recordings are quarantined")
    max_seconds: float = Field(20.0, gt=0, description="longer recordings are cut, and the fact `cut` says so")
    refuse_beyond_seconds: float = Field(600.0, gt=0, description="longer recordings are quarantined undecoded")
    max_bytes: int = Field(64 * 2**20, gt=0, description="larger files are quarantined undecoded")
    max_missing_share: float = Field(
        0.05, ge=0, lt=1, description="a file that lacks more than this share of what its header promises is truncated"
    )
    silence_dbfs: float = Field(-60.0, lt=0, description="a recording whose loudest 20 ms are below this is silent")
    max_clipped_share: float = Field(0.3, gt=0, le=1, description="more samples at full scale than this are a fault")
    trim_db: float = Field(40.0, gt=0, description="ends this far below the loud part are trimmed")
    trim_margin_seconds: float = Field(0.1, ge=0, description="what trimming leaves before and after the sound")
    loudness_dbfs: float = Field(-20.0, lt=0, description="root mean square of the active part after normalisation")
    peak_dbfs: float = Field(-1.0, le=0, description="highest peak after normalisation; takes precedence over loudness")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min_seconds < self.max_seconds <= self.refuse_beyond_seconds:
            raise ValueError("min_seconds < max_seconds <= refuse_beyond_seconds must hold")
        return self


@dataclass(frozen=True, slots=True)
class _Recording:
    """Decoded mono samples at the file's own rate, and the length that its header promises."""

    samples: Waveform
    rate_hz: int
    promised_seconds: float


class _Rejected(Exception):  # noqa: N818 - carries a finding to `clean`, which returns it
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(reason, detail)


def clean(raw: bytes, params: Cleaning) -> Cleaned | Fault:
    """Decode, check and normalise one recording.

    WAV, FLAC, OGG (Vorbis, Opus), MP3 and what else libsndfile knows are read. The length and the channels that the
    header declares are checked before anything is decoded, so memory is bounded by ``refuse_beyond_seconds``.

    Loudness is the root mean square of the frames that are active, in the spirit of ITU-T P.56; BS.1770 is not used
    since its gating block of 0.4 s is longer than some spoken words.

    Args:
        raw: The bytes of the file.
        params: Limits and targets.

    Returns:
        The waveform float32 (T,) at ``params.sample_rate_hz``, on the 16 bit grid, with the facts
        ``duration_seconds``, ``sample_rate_hz``, ``rms_dbfs``, ``peak_dbfs`` and ``clipped_share`` of the original,
        ``cut`` (whether it was longer than ``max_seconds``) and ``digest`` (BLAKE2b of the bytes, 8 bytes in hex);
        or the fault that makes it useless.
    """
    try:
        _check_file(raw, params)
        _check_container(raw, params)
        recording = _decode(raw, params)
        facts = _facts(raw, recording)
        centred = _centre(recording.samples)
        _check_sound(centred, recording.rate_hz, float(facts["clipped_share"]), params)
    except _Rejected as rejected:
        return rejected.fault

    sound = _trim(centred, recording.rate_hz, params)
    longest = round(params.max_seconds * recording.rate_hz)
    facts["cut"] = len(sound) > longest
    sound = sound[:longest]
    if recording.rate_hz != params.sample_rate_hz:
        sound = soxr.resample(sound, recording.rate_hz, params.sample_rate_hz)
    sound = sound[: round(params.max_seconds * params.sample_rate_hz)]
    return Cleaned(quantise(_normalise_loudness(sound, params)), facts)


def _check_file(raw: object, params: Cleaning) -> None:
    if not isinstance(raw, bytes):
        raise _Rejected(Reason.WRONG_TYPE, f"expected the bytes of an audio file, found {type(raw).__name__}")
    if not raw:
        raise _Rejected(Reason.EMPTY, "the file has no bytes; record or upload it again")
    if len(raw) > params.max_bytes:
        found = f"{len(raw):,} bytes, the limit is {params.max_bytes:,}"
        raise _Rejected(Reason.FILE_TOO_LARGE, f"{found}; shorten or compress it")


def _check_container(raw: bytes, params: Cleaning) -> None:
    kind, name = identify(raw)
    if kind is Kind.NOT_AUDIO:
        raise _Rejected(Reason.NOT_AUDIO, f"not audio (found {name}); give a {_FORMATS} file")
    if kind is Kind.OTHER_CODEC:
        raise _Rejected(Reason.UNDECODABLE, f"{name} cannot be decoded; convert it to {_FORMATS}")
    if name == "OGG" and ogg_is_cut_off(raw):
        raise _Rejected(Reason.TRUNCATED, "the OGG file ends within a page; upload it again")
    missing = missing_wav_bytes(raw) if name == "WAV" else 0
    if missing is None:
        found = f"a WAV file of {len(raw)} bytes that ends before its data"
        raise _Rejected(Reason.TRUNCATED, f"{found}; upload it again")
    if missing > params.max_missing_share * (missing + len(raw)):
        found = f"{missing:,} of {missing + len(raw):,} bytes are missing at the end"
        raise _Rejected(Reason.TRUNCATED, f"{found}; upload it again")


def _decode(raw: bytes, params: Cleaning) -> _Recording:
    try:
        file = soundfile.SoundFile(io.BytesIO(raw))
    except soundfile.SoundFileError:
        found = f"begins like {identify(raw)[1]} but cannot be decoded"
        raise _Rejected(Reason.UNDECODABLE, f"{found}; convert it to {_FORMATS}") from None
    with file:
        rate_hz, frames = file.samplerate, file.frames
        if not _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ or file.channels > _MAX_CHANNELS:
            found = f"{file.channels} channels at {rate_hz} Hz"
            raise _Rejected(Reason.UNDECODABLE, f"the header declares {found}, which is no voice recording")
        if frames == 0:
            raise _Rejected(Reason.TRUNCATED, "the header declares no samples; record or upload it again")
        promised_seconds = frames / rate_hz
        if promised_seconds > params.refuse_beyond_seconds:
            found = f"the header declares {promised_seconds:.0f} s, the limit is {params.refuse_beyond_seconds:g} s"
            raise _Rejected(Reason.TOO_LONG, f"{found}; shorten it")
        try:
            samples = _read_mono(file, frames)
        except soundfile.SoundFileError:
            found = f"the {file.format} data are cut off or damaged"
            raise _Rejected(Reason.TRUNCATED, f"{found}; upload the file again") from None
    if not len(samples) or len(samples) < (1 - params.max_missing_share) * frames:
        found = f"{len(samples) / rate_hz:.2f} of {promised_seconds:.2f} s can be decoded"
        raise _Rejected(Reason.TRUNCATED, f"{found}, the rest is cut off or damaged; upload the file again")
    if not np.isfinite(samples).all():
        raise _Rejected(Reason.UNDECODABLE, "holds samples that are NaN or infinite; export it again")
    return _Recording(samples, rate_hz, promised_seconds)


def _read_mono(file: soundfile.SoundFile, frames: int) -> Waveform:
    """Mix to mono block by block, so that only one channel is ever held.

    Where the channels cancel each other (one wired with reversed polarity), the mean holds what is left of the voice,
    next to nothing: the strongest channel is taken in its place.
    """
    mono = np.empty(frames, dtype=np.float32)
    count = 0
    power = np.zeros(file.channels)
    mixed_power = 0.0
    while count < frames and len(block := file.read(min(_BLOCK_FRAMES, frames - count), "float32", always_2d=True)):
        mixed = block.mean(axis=1)
        mono[count : count + len(block)] = mixed
        count += len(block)
        power += np.einsum("tc,tc->c", block, block, dtype=np.float64)
        mixed_power += float(np.dot(mixed.astype(np.float64), mixed))
    if file.channels > 1 and mixed_power < 0.1 * power.max():
        strongest = int(power.argmax())
        file.seek(0)
        position = 0
        while position < count:
            block = file.read(min(_BLOCK_FRAMES, count - position), "float32", always_2d=True)
            mono[position : position + len(block)] = block[:, strongest]
            position += max(1, len(block))
    return mono[:count]


def _facts(raw: bytes, recording: _Recording) -> dict[str, Fact]:
    level = np.abs(recording.samples)
    peak = float(level.max())
    # beyond four times full scale the values are unscaled integers, and their full scale is unknown
    full_scale = 1.0 if peak <= 4.0 else peak
    rms = math.sqrt(float(np.mean(np.square(recording.samples, dtype=np.float64))))
    return {
        "duration_seconds": round(recording.promised_seconds, 4),
        "sample_rate_hz": recording.rate_hz,
        "rms_dbfs": round(_dbfs(rms), 2),
        "peak_dbfs": round(_dbfs(peak), 2),
        "clipped_share": round(float(np.mean(level >= 0.999 * full_scale)), 4),
        "digest": hashlib.blake2b(raw, digest_size=8).hexdigest(),
    }


def _centre(samples: Waveform) -> Waveform:
    """Remove the constant offset, and bring unscaled float files below 1 so that levels mean the same everywhere."""
    centred = samples - samples.mean(dtype=np.float64).astype(np.float32)
    return centred / np.float32(max(1.0, float(np.abs(centred).max())))


def _check_sound(centred: Waveform, rate_hz: int, clipped_share: float, params: Cleaning) -> None:
    seconds = len(centred) / rate_hz
    if seconds < params.min_seconds:
        raise _Rejected(Reason.TOO_SHORT, f"{seconds:.3f} s, at least {params.min_seconds:g} s are needed")
    loudest_dbfs = float(_frame_levels_dbfs(centred, rate_hz).max())
    if loudest_dbfs < params.silence_dbfs:
        found = "digital silence" if loudest_dbfs <= _SILENCE_DB else f"nothing above {loudest_dbfs:.0f} dBFS"
        raise _Rejected(Reason.SILENT, f"{seconds:.2f} s of {found}; check the microphone and record it again")
    if clipped_share > params.max_clipped_share:
        found = f"{clipped_share:.0%} of the samples are clipped"
        raise _Rejected(Reason.CLIPPED, f"{found}; record it again at a lower level")


def _trim(samples: Waveform, rate_hz: int, params: Cleaning) -> Waveform:
    """Cut quiet ends.

    The reference is the 95th percentile of the frames' levels, not the loudest: a knock on the microphone must not
    make the voice look quiet. In a recording that is mostly pause it lies lower, which only trims less; frames that
    count as silence by themselves are trimmed in any case.
    """
    levels = _frame_levels_dbfs(samples, rate_hz)
    threshold = max(float(np.percentile(levels, 95)) - params.trim_db, params.silence_dbfs)
    active = np.flatnonzero(levels > threshold)
    if not len(active):
        return samples
    frame = _frame_length(rate_hz)
    margin = round(params.trim_margin_seconds * rate_hz)
    return samples[max(0, active[0] * frame - margin) : (active[-1] + 1) * frame + margin]


def _normalise_loudness(samples: Waveform, params: Cleaning) -> Waveform:
    levels = _frame_levels_dbfs(samples, params.sample_rate_hz)
    active = levels[levels > float(np.percentile(levels, 95)) - params.trim_db]
    rms = math.sqrt(float(np.mean(10 ** (active / 10)))) if len(active) else 0.0
    peak = float(np.abs(samples).max())
    if rms == 0.0 or peak == 0.0:
        return samples
    return samples * np.float32(min(10 ** (params.loudness_dbfs / 20) / rms, 10 ** (params.peak_dbfs / 20) / peak))


def _frame_length(rate_hz: int) -> int:
    return max(1, round(_FRAME_SECONDS * rate_hz))


def _frame_levels_dbfs(samples: Waveform, rate_hz: int) -> NDArray[np.float64]:
    """Return the level of each frame of 20 ms; the last may be shorter."""
    starts = np.arange(0, len(samples), _frame_length(rate_hz))
    sums = np.add.reduceat(np.square(samples, dtype=np.float64), starts)
    power = sums / np.diff(starts, append=len(samples))
    return 10.0 * np.log10(np.maximum(power, 10 ** (_SILENCE_DB / 10)))


def _dbfs(amplitude: float) -> float:
    return max(_SILENCE_DB, 20.0 * math.log10(amplitude)) if amplitude > 0 else _SILENCE_DB
