"""Recordings of browsers to samples: WAV here, everything else in a process that may die of it."""

import importlib.util
import io
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock, Timer
from typing import Self

import numpy as np
import soundfile
import soxr
from pydantic import Field

from kefu.modalities.audio.container import Kind, identify, missing_wav_bytes, ogg_is_cut_off
from kefu.parameters import Parameters
from kefu.speech import decoding_worker as worker
from kefu.speech.contract import SAMPLE_RATE_HZ, Samples, SpeechUnavailableError
from kefu.tickets.faults import Fault, Reason

_DEMUXERS = {
    "WebM/Matroska": "matroska",
    "MP4/M4A": "mp4",
    "OGG": "ogg",
    "MP3": "mp3",
    "AAC": "aac",
    "FLAC": "flac",
}
"""FFmpeg's names of the containers that are accepted, by the name that :func:`identify` gives."""

_FORMATS = "WebM, Ogg, MP4, MP3, FLAC or WAV"
_REASONS = {
    worker.UNDECODABLE: Reason.UNDECODABLE,
    worker.TRUNCATED: Reason.TRUNCATED,
    worker.TOO_LONG: Reason.TOO_LONG,
    worker.NO_SOUND: Reason.NOT_AUDIO,
}
_MENDS = {
    worker.UNDECODABLE: f"record it again as {_FORMATS}",
    worker.TRUNCATED: "upload it again",
    worker.NO_SOUND: "allow the microphone and record it again",
}
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "LANG")


class Decoding(Parameters):
    """Limits of what is decoded."""

    max_bytes: int = Field(16 * 2**20, gt=0, description="Larger files are refused undecoded.")
    max_seconds: float = Field(120.0, gt=0, description="Longer recordings are refused.")
    wall_seconds: float = Field(15.0, gt=0, description="A file that takes longer is given up.")
    cpu_seconds: float = Field(10.0, gt=0, description="Processor time that one file may take.")
    memory_bytes: int = Field(768 * 2**20, ge=2**28, description="Address space of the process that decodes.")


class _Refused(Exception):  # noqa: N818 - carries a finding to `decode`, which returns it
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(reason, detail)


class RecordingDecoder:
    """Decodes recordings, one at a time, in a worker process that is kept warm and replaced when it dies or hangs.

    The worker is given nothing but bytes and gives back nothing but samples, which are checked; it is named no file and
    sees none of this process's environment.
    """

    def __init__(self, params: Decoding | None = None) -> None:
        self._params = params or Decoding()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def __enter__(self) -> Self:
        """Return the decoder, which is closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker."""
        self.close()

    def start(self) -> None:
        """Start the worker, which the first recording would else have to wait for."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the worker; the next recording starts another."""
        with self._lock:
            self._discard()

    def decode(self, raw: bytes) -> Samples | Fault:
        """Decode one recording, WebM, Ogg (Opus, Vorbis), MP4 (AAC), MP3, FLAC or WAV.

        Args:
            raw: The bytes of the file.

        Returns:
            Mono samples (T,) at :data:`SAMPLE_RATE_HZ` within [-1, 1], or what is wrong with the file.

        Raises:
            SpeechUnavailableError: The extra ``speech`` is not installed, and the file is no WAV.
        """
        try:
            name = _check(raw, self._params)
            if name == "WAV":
                return _read_wav(raw, self._params)
            with self._lock:
                return self._ask(raw, _DEMUXERS[name])
        except _Refused as refused:
            return refused.fault

    def _ask(self, raw: bytes, demuxer: str) -> Samples:
        params = self._params
        process = self._running()
        assert process.stdin is not None
        watchdog = Timer(params.wall_seconds, process.kill)
        watchdog.start()
        try:
            process.stdin.write(worker.JOB.pack(demuxer.encode(), len(raw), params.max_seconds, params.cpu_seconds))
            process.stdin.write(raw)
            process.stdin.flush()
            status, payload = _read_answer(process, params)
        except OSError:
            self._discard()
            detail = f"decoding it takes too long or fails; record it again as {_FORMATS}"
            raise _Refused(Reason.UNDECODABLE, detail) from None
        finally:
            watchdog.cancel()
        if status != worker.DECODED:
            mend = _MENDS.get(status, f"record at most {params.max_seconds:g} s")
            raise _Refused(_REASONS[status], f"{payload.decode(errors='replace')}; {mend}")
        return _within_full_scale(np.frombuffer(payload, dtype="<f4").astype(np.float32))

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is not None:
            self._discard()
        if self._process is None:
            if importlib.util.find_spec("av") is None:
                raise SpeechUnavailableError("recordings of browsers need PyAV: pip install 'kefu[speech]'")
            environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
            environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(worker.__file__)), str(self._params.memory_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        return self._process

    def _discard(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


def _read_answer(process: "subprocess.Popen[bytes]", params: Decoding) -> tuple[int, bytes]:
    """Read what the worker says, of which nothing is believed but its form.

    Raises:
        ConnectionError: The worker ended, or does not keep to the form.
    """
    assert process.stdout is not None
    header = process.stdout.read(worker.ANSWER.size)
    if len(header) < worker.ANSWER.size:
        raise ConnectionError("the worker ended")
    status, size = worker.ANSWER.unpack(header)
    longest = 4 * int((params.max_seconds + 1) * SAMPLE_RATE_HZ) if status == worker.DECODED else 4096
    if status not in {worker.DECODED, *_REASONS} or size > longest or (status == worker.DECODED and size % 4):
        raise ConnectionError("the worker does not keep to the form")
    payload = process.stdout.read(size)
    if len(payload) < size:
        raise ConnectionError("the worker ended")
    return status, payload


def _check(raw: bytes, params: Decoding) -> str:
    """Return what kind of file this is, if it may be decoded."""
    if not raw:
        raise _Refused(Reason.EMPTY, "the recording has no bytes; record it again")
    if len(raw) > params.max_bytes:
        found = f"{len(raw):,} bytes, the limit is {params.max_bytes:,}"
        raise _Refused(Reason.FILE_TOO_LARGE, f"{found}; record less")
    kind, name = identify(raw)
    if kind is Kind.NOT_AUDIO:
        raise _Refused(Reason.NOT_AUDIO, f"not a recording (found {name}); send {_FORMATS}")
    if name != "WAV" and name not in _DEMUXERS:
        raise _Refused(Reason.UNDECODABLE, f"{name} is not accepted; send {_FORMATS}")
    if name == "OGG" and ogg_is_cut_off(raw):
        raise _Refused(Reason.TRUNCATED, "the Ogg file ends within a page; upload it again")
    missing = missing_wav_bytes(raw) if name == "WAV" else 0
    if missing is None or missing > worker.MAX_MISSING_SHARE * (missing + len(raw)):
        found = "data are" if missing is None else f"{missing:,} of {missing + len(raw):,} bytes are"
        raise _Refused(Reason.TRUNCATED, f"{found} missing at the end of the WAV file; upload it again")
    return name


def _read_wav(raw: bytes, params: Decoding) -> Samples:
    try:
        with soundfile.SoundFile(io.BytesIO(raw)) as file:
            rate_hz = file.samplerate
            if not worker.is_accepted(file.channels, rate_hz):
                found = f"{file.channels} channels at {rate_hz} Hz are not accepted"
                raise _Refused(Reason.UNDECODABLE, f"{found}; record it again")
            if file.frames > params.max_seconds * rate_hz:
                found = f"{file.frames / rate_hz:.1f} s"
                raise _Refused(Reason.TOO_LONG, f"{found}; record at most {params.max_seconds:g} s")
            channels = file.read(dtype="float32", always_2d=True).T
    except soundfile.SoundFileError:
        detail = f"begins like WAV but cannot be decoded; record it again as {_FORMATS}"
        raise _Refused(Reason.UNDECODABLE, detail) from None
    if not channels.size:
        raise _Refused(Reason.TRUNCATED, "the WAV file holds no samples; record it again")
    samples = _within_full_scale(worker.mix(channels))
    return samples if rate_hz == SAMPLE_RATE_HZ else soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ)


def _within_full_scale(samples: Samples) -> Samples:
    if not np.isfinite(samples).all():
        raise _Refused(Reason.UNDECODABLE, "holds samples that are NaN or infinite; record it again")
    return np.clip(samples, -1, 1)
