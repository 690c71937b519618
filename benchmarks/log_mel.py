"""Log-mel spectrograms a second on one core: this project against a loop over librosa, in the same run.

    python benchmarks/log_mel.py

Both get the same clips and give the same numbers, which is checked. The two take turns, so that whatever else the
machine does hits both; the ratio is taken turn by turn.
"""

# ruff: noqa: E402
import os

# before the first import of NumPy: the threads of BLAS are counted then
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import json
import platform
import time
from pathlib import Path

import librosa
import numpy as np
import scipy

from kefu.modalities.audio import AudioPreprocessor, Features, fit

RESULTS = Path(__file__).parent / "results" / "log_mel.json"
SETTINGS = (
    Features(sample_rate_hz=8_000, n_fft=256, hop_length=80, n_mels=64, max_seconds=1.0),
    Features(sample_rate_hz=8_000, n_fft=512, hop_length=128, n_mels=64, max_seconds=1.0),
    Features(sample_rate_hz=16_000, n_fft=512, hop_length=160, n_mels=64, max_seconds=1.0),
    Features(sample_rate_hz=16_000, n_fft=400, hop_length=160, n_mels=80, max_seconds=1.0),
)


def librosa_log_mels(clips: list[np.ndarray], params: Features) -> np.ndarray:
    spectra = []
    for clip in clips:
        power = librosa.feature.melspectrogram(
            y=clip,
            sr=params.sample_rate_hz,
            n_fft=params.n_fft,
            hop_length=params.hop_length,
            n_mels=params.n_mels,
            fmin=params.f_min_hz,
            fmax=params.f_max_hz,
        )
        spectra.append(librosa.power_to_db(power, top_db=None))
    return np.stack(spectra)


def librosa_mfccs(clips: list[np.ndarray], params: Features) -> np.ndarray:
    rows = []
    for spectrum in librosa_log_mels(clips, params):
        mfcc = librosa.feature.mfcc(S=spectrum, n_mfcc=params.n_mfcc)
        rows.append(np.concatenate([mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)]))
    return np.stack(rows)


def spread(values: np.ndarray) -> dict[str, float]:
    return {"median": round(float(np.median(values)), 2), "min": round(values.min(), 2), "max": round(values.max(), 2)}


def compare(ours, theirs, clips: int, turns: int) -> dict[str, object]:
    difference = float(np.abs(ours() - theirs()).max())
    seconds = np.empty((turns, 2))
    for turn in range(turns):
        for column, function in enumerate((ours, theirs)):
            start = time.perf_counter()
            function()
            seconds[turn, column] = time.perf_counter() - start
    return {
        "kefu_clips_per_second": spread(clips / seconds[:, 0]),
        "librosa_clips_per_second": spread(clips / seconds[:, 1]),
        "ratio": spread(seconds[:, 1] / seconds[:, 0]),
        "largest_difference_db": difference,
    }


def measure(params: Features, clips: int, turns: int) -> dict[str, object]:
    rng = np.random.default_rng(0)
    waveforms = list(rng.normal(0, 0.1, (clips, params.sample_rate_hz)).astype(np.float32))
    preprocessor: AudioPreprocessor = fit([], params)
    return {
        "features": params.model_dump(),
        "log_mel": compare(
            lambda: preprocessor.log_mel(waveforms)[0], lambda: librosa_log_mels(waveforms, params), clips, turns
        ),
        "log_mel_and_mfcc": compare(
            lambda: preprocessor.extract(waveforms)["mfcc"], lambda: librosa_mfccs(waveforms, params), clips, turns
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=128, help="clips of 1 s in a batch")
    parser.add_argument("--turns", type=int, default=11, help="times that each of the two is run")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    results = {
        "what": "clips of 1 s a second on one core; librosa is a loop of melspectrogram + power_to_db",
        "versions": {"librosa": librosa.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
        "machine": platform.machine(),
        "clips": arguments.clips,
        "turns": arguments.turns,
        "settings": [measure(params, arguments.clips, arguments.turns) for params in SETTINGS],
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    print("  rate n_fft  hop mels  what              kefu/s librosa/s  ratio (min..max)")
    for setting in results["settings"]:
        features = setting["features"]
        head = "{sample_rate_hz:>6} {n_fft:>5} {hop_length:>4} {n_mels:>4}".format(**features)
        for what in ("log_mel", "log_mel_and_mfcc"):
            row = setting[what]
            rates = [row[f"{name}_clips_per_second"]["median"] for name in ("kefu", "librosa")]
            ratio = row["ratio"]
            print(
                f"{head}  {what:<16} {rates[0]:>7.0f} {rates[1]:>9.0f}  "
                f"{ratio['median']:.2f} ({ratio['min']:.2f}..{ratio['max']:.2f})"
            )
    print(f"written to {arguments.out}")


if __name__ == "__main__":
    main()
