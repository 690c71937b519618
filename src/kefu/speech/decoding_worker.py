"""The process that decodes what strangers recorded; run as a script, so that nothing of kefu is in its memory.

It reads jobs from its standard input and answers on its standard output until the input ends. A job is a header
(:data:`JOB`: demuxer, number of bytes, limits) and the bytes of the file; an answer is a header (:data:`ANSWER`:
status, number of bytes) and float32 samples at 16 kHz, or a line that says what is wrong.
"""

import io
import resource
import struct
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av

JOB = struct.Struct("<16sQdd")  # demuxer, bytes, seconds of sound, seconds of processor time
ANSWER = struct.Struct("<BQ")
DECODED, UNDECODABLE, TRUNCATED, TOO_LONG, NO_SOUND = range(5)

RATE_HZ = 16_000
MAX_MISSING_SHARE = 0.05
_CODECS = frozenset({"opus", "libopus", "vorbis", "libvorbis", "aac", "mp3", "mp3float", "flac", "alac"})
_MAX_CHANNELS = 8
_MIN_RATE_HZ, _MAX_RATE_HZ = 2_000, 192_000
_SLACK_SECONDS = 0.2  # codecs pad both ends, and headers round

Samples = NDArray[np.float32]


class Refused(Exception):  # noqa: N818 - carries an answer to `answer`, which sends it
    """What is wrong with a file."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def decode(data: bytes, demuxer: str, max_seconds: float) -> Samples:
    """Decode the first audio stream of a file, stopping as soon as it is too long.

    Args:
        data: The file.
        demuxer: FFmpeg's name of the container. It is given, never guessed: among those that FFmpeg would guess are
            playlists, which name other files.
        max_seconds: Longer recordings are refused.

    Returns:
        Mono samples (T,) at 16 kHz.
    """
    import av

    try:
        container = av.open(io.BytesIO(data), mode="r", format=demuxer, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise Refused(UNDECODABLE, f"the container cannot be read ({_say(error)})") from None
    with container:
        if not container.streams.audio:
            raise Refused(NO_SOUND, "the file has no sound track")
        stream = container.streams.audio[0]
        codec = stream.codec_context
        if codec.name not in _CODECS:
            raise Refused(UNDECODABLE, f"sound coded as {codec.name} is not accepted")
        if not is_accepted(stream.channels, stream.rate):
            raise Refused(UNDECODABLE, f"{stream.channels} channels at {stream.rate} Hz are not accepted")
        promised = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        if promised > max_seconds + _SLACK_SECONDS:
            raise Refused(TOO_LONG, f"{promised:.1f} s")
        codec.thread_count = 1
        blocks, count = [], 0
        for block in _blocks(container, stream):
            blocks.append(block)
            count += block.shape[1]
            if count > (max_seconds + _SLACK_SECONDS) * RATE_HZ:
                raise Refused(TOO_LONG, f"more than {max_seconds:g} s")
    if count < (1 - MAX_MISSING_SHARE) * promised * RATE_HZ - _SLACK_SECONDS * RATE_HZ or not count:
        raise Refused(TRUNCATED, f"{count / RATE_HZ:.2f} of {promised:.2f} s can be decoded")
    return mix(np.concatenate(blocks, axis=1))


def is_accepted(channels: int, rate_hz: int) -> bool:
    """Tell whether a microphone may have made this."""
    return 1 <= channels <= _MAX_CHANNELS and _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ


def mix(channels: Samples) -> Samples:
    """Mix channels (C, T) to mono (T,): their mean, or the strongest where they cancel each other."""
    mixed: Samples = channels.mean(axis=0)
    power = np.einsum("ct,ct->c", channels, channels, dtype=np.float64)
    if len(channels) > 1 and float(np.dot(mixed, mixed)) < 0.1 * power.max():
        return channels[int(power.argmax())]
    return mixed


def _blocks(container: "av.container.InputContainer", stream: "av.AudioStream") -> Iterator[Samples]:
    """Yield blocks (C, T) at 16 kHz with at most two channels; a few packets may be damaged, not many."""
    import av

    resampler = av.AudioResampler(format="fltp", layout="mono" if stream.channels == 1 else "stereo", rate=RATE_HZ)
    num_packets = num_damaged = 0
    try:
        for packet in container.demux(stream):
            num_packets += 1
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                num_damaged += 1
                continue
            for frame in frames:
                for resampled in resampler.resample(frame):
                    yield resampled.to_ndarray().astype(np.float32, copy=False)
        for resampled in resampler.resample(None):
            yield resampled.to_ndarray().astype(np.float32, copy=False)
    except (av.error.FFmpegError, ValueError) as error:
        raise Refused(TRUNCATED, f"the sound is damaged ({_say(error)})") from None
    if num_damaged > max(1, MAX_MISSING_SHARE * num_packets):
        raise Refused(TRUNCATED, f"{num_damaged} of {num_packets} packets are damaged")


def _say(error: Exception) -> str:
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)


def answer(data: bytes, demuxer: str, max_seconds: float) -> tuple[int, bytes]:
    """Return a status and what goes with it."""
    try:
        samples = decode(data, demuxer, max_seconds)
    except Refused as refused:
        return refused.status, " ".join(str(refused).split()).encode()
    except MemoryError:
        return UNDECODABLE, b"decoding needs too much memory"
    return DECODED, samples.astype("<f4").tobytes()


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Do jobs until there are no more."""
    while len(header := source.read(JOB.size)) == JOB.size:
        demuxer, size, max_seconds, cpu_seconds = JOB.unpack(header)
        data = source.read(size)
        used = resource.getrusage(resource.RUSAGE_SELF)
        allowed = int(used.ru_utime + used.ru_stime + cpu_seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))
        status, payload = answer(data, demuxer.rstrip(b"\0").decode("ascii"), max_seconds)
        sink.write(ANSWER.pack(status, len(payload)))
        sink.write(payload)
        sink.flush()


def main() -> None:
    """Give up what decoding does not need, then serve."""
    import av

    av.logging.set_level(av.logging.PANIC)
    memory_bytes = int(sys.argv[1])
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
