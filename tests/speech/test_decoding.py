import io
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kefu.speech import decoding_worker as worker
from kefu.speech.contract import SAMPLE_RATE_HZ
from kefu.speech.decoding import Decoding, RecordingDecoder
from kefu.speech.wav import encode_wav
from kefu.tickets.faults import Fault, Reason

# what browsers record: Chrome, Firefox, Safari; and what customers upload
RECORDED = [
    ("webm", "libopus", 48_000, "mono"),
    ("webm", "libopus", 48_000, "stereo"),
    ("ogg", "libopus", 48_000, "mono"),
    ("mp4", "aac", 44_100, "mono"),
    ("mp4", "aac", 48_000, "stereo"),
    ("mp3", "libmp3lame", 44_100, "mono"),
    ("flac", "flac", 44_100, "mono"),
    ("adts", "aac", 16_000, "mono"),
]


def tone(seconds: float = 1.0, rate_hz: int = 48_000, hz: float = 440.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def record(container: str, codec: str, rate_hz: int, layout: str, channels: np.ndarray) -> bytes:
    """Encode channels (C, T) as a browser does."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate_hz, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), format="fltp", layout=layout)
        frame.sample_rate = rate_hz
        for resampled in av.AudioResampler(stream.format, layout, rate_hz).resample(frame):
            output.mux(stream.encode(resampled))
        output.mux(stream.encode(None))
    return file.getvalue()


def wav(samples: np.ndarray, rate_hz: int = SAMPLE_RATE_HZ, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format="WAV", subtype=subtype)
    return file.getvalue()


def webm(seconds: float = 1.0) -> bytes:
    return record("webm", "libopus", 48_000, "mono", tone(seconds)[None])


@pytest.fixture(scope="module")
def decoder() -> Iterator[RecordingDecoder]:
    with RecordingDecoder(Decoding(max_seconds=20)) as decoder:
        decoder.start()
        yield decoder


def reason(answer: object) -> Reason:
    assert isinstance(answer, Fault), answer
    assert "\n" not in answer.detail
    assert "; " in answer.detail, "the fault names no mend"
    return answer.reason


@pytest.mark.parametrize(("container", "codec", "rate_hz", "layout"), RECORDED)
def test_what_browsers_record_comes_out_as_it_went_in(
    decoder: RecordingDecoder, container: str, codec: str, rate_hz: int, layout: str
) -> None:
    sound = tone(1.0, rate_hz)
    raw = record(container, codec, rate_hz, layout, np.stack([sound] * (1 + (layout == "stereo"))))
    samples = decoder.decode(raw)
    assert isinstance(samples, np.ndarray), samples
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(1.0, abs=0.1)
    middle = samples[4000:12_000]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)
    assert np.abs(np.fft.rfft(middle)).argmax() * SAMPLE_RATE_HZ / len(middle) == pytest.approx(440, abs=2)


def test_channels_that_cancel_each_other_keep_the_voice(decoder: RecordingDecoder) -> None:
    sound = tone()
    opposite = np.stack([sound, -sound])
    for raw in (record("flac", "flac", 48_000, "stereo", opposite), wav(opposite.T, 48_000)):
        samples = decoder.decode(raw)
        assert isinstance(samples, np.ndarray)
        assert np.abs(samples).max() > 0.25


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_U8", "FLOAT", "ULAW"])
def test_wav_needs_no_worker(subtype: str) -> None:
    decoder = RecordingDecoder()
    samples = decoder.decode(wav(tone(0.5, 8_000), 8_000, subtype))
    assert isinstance(samples, np.ndarray)
    assert len(samples) == pytest.approx(0.5 * SAMPLE_RATE_HZ, abs=2)
    assert decoder._process is None


def test_what_is_decoded_can_be_written_as_wav_and_read_again(decoder: RecordingDecoder) -> None:
    samples = decoder.decode(webm())
    assert isinstance(samples, np.ndarray)
    again = decoder.decode(encode_wav(samples, SAMPLE_RATE_HZ))
    assert isinstance(again, np.ndarray)
    np.testing.assert_allclose(again, samples, atol=2 / 32767)


def test_silence_is_a_recording(decoder: RecordingDecoder) -> None:
    samples = decoder.decode(record("webm", "libopus", 48_000, "mono", np.zeros((1, 48_000), np.float32)))
    assert isinstance(samples, np.ndarray)
    assert len(samples) > 12_000


def test_what_is_no_recording_says_what_it_is(decoder: RecordingDecoder) -> None:
    for raw in (b"\x89PNG\r\n\x1a\n" + bytes(100), b"<html><body>", b"%PDF-1.7", b'{"text": 1}', bytes(1000)):
        assert reason(decoder.decode(raw)) is Reason.NOT_AUDIO
    assert reason(decoder.decode(b"")) is Reason.EMPTY
    assert reason(decoder.decode(b"#!AMR\n" + bytes(100))) is Reason.UNDECODABLE
    assert "PNG" in decoder.decode(b"\x89PNG\r\n\x1a\n").detail  # type: ignore[union-attr]


def test_a_playlist_that_names_files_of_this_machine_is_never_opened(decoder: RecordingDecoder) -> None:
    for raw in (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", b"ffconcat version 1.0\nfile /etc/hostname\n"):
        assert reason(decoder.decode(raw)) is Reason.NOT_AUDIO


def test_a_film_without_sound_asks_for_the_microphone(decoder: RecordingDecoder) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        output.mux(stream.encode(None))
    answer = decoder.decode(file.getvalue())
    assert reason(answer) is Reason.NOT_AUDIO
    assert "microphone" in answer.detail  # type: ignore[union-attr]


@pytest.mark.parametrize("container", ["webm", "wav"])
def test_too_much_sound_is_refused(container: str) -> None:
    raw = webm(3.0) if container == "webm" else wav(tone(3.0, SAMPLE_RATE_HZ))
    with RecordingDecoder(Decoding(max_seconds=2)) as decoder:
        answer = decoder.decode(raw)
    assert reason(answer) is Reason.TOO_LONG
    assert "at most 2 s" in answer.detail  # type: ignore[union-attr]


def test_a_bomb_is_refused_before_it_is_unpacked(decoder: RecordingDecoder) -> None:
    # ten minutes of silence in some 100 kB; and the same without the length that would give it away
    long = record("flac", "flac", 8_000, "mono", np.zeros((1, 600 * 8_000), np.float32))
    assert len(long) < 120_000
    unknown_length = bytearray(long)
    unknown_length[21] &= 0xF0
    unknown_length[22:26] = bytes(4)
    for raw in (long, bytes(unknown_length)):
        start = time.perf_counter()
        assert reason(decoder.decode(raw)) is Reason.TOO_LONG
        assert time.perf_counter() - start < 5


def test_too_many_bytes_are_refused() -> None:
    answer = RecordingDecoder(Decoding(max_bytes=1000)).decode(wav(tone()))
    assert reason(answer) is Reason.FILE_TOO_LARGE


@pytest.mark.parametrize(("container", "codec", "rate_hz", "layout"), RECORDED)
def test_half_a_file_is_a_fault_or_half_a_recording(
    decoder: RecordingDecoder, container: str, codec: str, rate_hz: int, layout: str
) -> None:
    sound = tone(2.0, rate_hz)
    raw = record(container, codec, rate_hz, layout, np.stack([sound] * (1 + (layout == "stereo"))))
    answer = decoder.decode(raw[: len(raw) // 2])
    if isinstance(answer, Fault):
        assert reason(answer) in {Reason.TRUNCATED, Reason.UNDECODABLE}
    else:  # a stream without an end: nothing tells that there was more
        assert container in {"webm", "mp3", "adts"}
        assert 0.5 < len(answer) / SAMPLE_RATE_HZ < 1.5


def test_half_a_wav_file_is_truncated(decoder: RecordingDecoder) -> None:
    raw = wav(tone())
    assert reason(decoder.decode(raw[: len(raw) // 2])) is Reason.TRUNCATED
    assert reason(decoder.decode(raw[:40])) is Reason.TRUNCATED
    assert reason(decoder.decode(raw[:44])) is Reason.TRUNCATED


def test_wav_headers_that_promise_the_impossible_are_refused(decoder: RecordingDecoder) -> None:
    raw = bytearray(wav(tone(0.1)))
    many_channels, slow = bytearray(raw), bytearray(raw)
    struct.pack_into("<H", many_channels, 22, 1000)
    struct.pack_into("<I", slow, 24, 1)
    for hostile in (many_channels, slow):
        assert reason(decoder.decode(bytes(hostile))) in {Reason.UNDECODABLE, Reason.TOO_LONG}
    not_a_number = wav(np.full(1000, np.nan, np.float32), subtype="FLOAT")
    assert reason(decoder.decode(not_a_number)) is Reason.UNDECODABLE


MAGIC = [
    b"\x1aE\xdf\xa3",
    b"\0\0\0\x20ftypisom",
    b"OggS",
    b"ID3",
    b"\xff\xfb\x90\x00",
    b"fLaC",
    b"RIFF\0\0\0\0WAVEfmt ",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from(MAGIC), body=st.binary(max_size=2000))
def test_any_bytes_are_samples_or_a_fault(decoder: RecordingDecoder, head: bytes, body: bytes) -> None:
    answer = decoder.decode(head + body)
    assert isinstance(answer, (np.ndarray, Fault))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_recordings_with_damaged_bytes_are_samples_or_a_fault(decoder: RecordingDecoder, data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(DAMAGED)))
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    answer = decoder.decode(bytes(raw))
    if isinstance(answer, np.ndarray):
        assert np.isfinite(answer).all()
        assert len(answer) <= 21 * SAMPLE_RATE_HZ


DAMAGED = [record(*kind, tone(0.3, kind[2])[None]) for kind in RECORDED if kind[3] == "mono"]


def test_a_worker_that_was_killed_is_replaced() -> None:
    with RecordingDecoder() as decoder:
        decoder.start()
        assert decoder._process is not None
        first = decoder._process.pid
        os.kill(first, signal.SIGKILL)
        decoder._process.wait()
        assert isinstance(decoder.decode(webm()), np.ndarray)
        assert decoder._process.pid != first


def test_a_worker_that_hangs_is_given_up_and_replaced() -> None:
    with RecordingDecoder(Decoding(wall_seconds=1.0)) as decoder:
        decoder.start()
        assert decoder._process is not None
        hanging = decoder._process
        os.kill(hanging.pid, signal.SIGSTOP)
        start = time.perf_counter()
        answer = decoder.decode(webm())
        assert time.perf_counter() - start < 5
        assert reason(answer) is Reason.UNDECODABLE
        assert hanging.poll() is not None


def fake_worker(decoder: RecordingDecoder, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    """Let the worker answer these bytes to whatever it is asked."""
    script = f"import sys; sys.stdin.buffer.read(1); sys.stdout.buffer.write({answer!r})"
    popen = subprocess.Popen

    def start(arguments: list[str], **options: object) -> object:
        return popen([arguments[0], "-c", script], **options)

    monkeypatch.setattr("kefu.speech.decoding.subprocess.Popen", start)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00",
        worker.ANSWER.pack(worker.DECODED, 2**40),
        worker.ANSWER.pack(worker.DECODED, 4000) + bytes(100),
        worker.ANSWER.pack(worker.DECODED, 3) + bytes(3),
        worker.ANSWER.pack(77, 4) + bytes(4),
        worker.ANSWER.pack(worker.UNDECODABLE, 5000) + bytes(5000),
        worker.ANSWER.pack(worker.DECODED, 8) + struct.pack("<ff", np.nan, 1.0),
    ],
)
def test_a_worker_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    raw = webm()
    with RecordingDecoder() as decoder:
        fake_worker(decoder, monkeypatch, answer)
        assert reason(decoder.decode(raw)) is Reason.UNDECODABLE


def test_samples_beyond_full_scale_are_clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = webm()
    with RecordingDecoder() as decoder:
        fake_worker(decoder, monkeypatch, worker.ANSWER.pack(worker.DECODED, 8) + struct.pack("<ff", -9.0, 0.5))
        np.testing.assert_array_equal(decoder.decode(raw), np.array([-1.0, 0.5], np.float32))


def test_the_worker_has_limits_and_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_STORAGE_URL", "postgresql://user:password@host")
    with RecordingDecoder(Decoding(memory_bytes=512 * 2**20)) as decoder:
        assert isinstance(decoder.decode(webm()), np.ndarray)
        assert decoder._process is not None
        facts = Path(f"/proc/{decoder._process.pid}")
        if not facts.exists():
            pytest.skip("no /proc")
        limits = {line[:25].strip(): line[26:46].strip() for line in (facts / "limits").read_text().splitlines()}
        environment = (facts / "environ").read_bytes()
    assert limits["Max address space"] == str(512 * 2**20)
    assert limits["Max file size"] == "0"
    assert int(limits["Max cpu time"]) < 60
    assert b"password" not in environment


def test_several_threads_are_answered_in_turn(decoder: RecordingDecoder) -> None:
    recordings = [webm(seconds) for seconds in (0.3, 0.6, 0.9)]
    with ThreadPoolExecutor(3) as pool:
        lengths = [len(samples) / SAMPLE_RATE_HZ for samples in pool.map(decoder.decode, recordings * 3)]
    np.testing.assert_allclose(lengths, [0.3, 0.6, 0.9] * 3, atol=0.1)
