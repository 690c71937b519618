"""How fast pictures become features, against decoding them whole.

    python benchmarks/pictures.py

One core; processor time, which other programs disturb less than the clock on the wall. The same 1.4-megapixel JPEGs go
through two loops in one process, in turn:

- whole: ``cv2.imdecode`` at full size, then ``cv2.resize`` to the size of the features (bilinear, the default);
- kefu: ``clean`` (checks, scaled decoding, orientation, facts, fingerprints), then ``extract``.

The pictures are drawn: noise with the spectrum of natural images (amplitude 1/f^1.5) and soft shapes. Where the real
retail photos are present (``KEFU_SHARED``), enlarged ones are measured too; they are smoother than photos of that size.

A full-size picture takes some megabytes, which the C library asks of the system and gives back for every single
picture; the row "memory kept" tells it to keep them, so that only the work on the pixels is compared.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import cv2
import numpy as np

from kefu.modalities import image

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "pictures.json"
SHARED = Path(os.environ.get("KEFU_SHARED", ROOT.parent / "shared"))
WIDTH_PX, HEIGHT_PX = 1440, 960
FEATURES = image.Features(height_px=96, width_px=96)
CLEANING = image.Cleaning()
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}


def draw(rng: np.random.Generator) -> np.ndarray:
    """Draw a picture with the statistics of a photo: 1/f noise, strongest in its luma, and soft-edged shapes."""
    frequency = np.hypot(np.fft.fftfreq(HEIGHT_PX)[:, None], np.fft.rfftfreq(WIDTH_PX)[None])
    frequency[0, 0] = 1
    layers = [
        np.fft.irfft2(np.fft.rfft2(rng.standard_normal((HEIGHT_PX, WIDTH_PX))) / frequency**1.5) for _ in range(4)
    ]
    luma, *chroma = (layer / layer.std() for layer in layers)
    pixels = np.clip(128 + 40 * luma[..., None] + 15 * np.stack(chroma, axis=-1), 0, 255).astype(np.uint8)
    for _ in range(12):
        shape = pixels.copy()
        centre = (int(rng.integers(WIDTH_PX)), int(rng.integers(HEIGHT_PX)))
        axes = (int(rng.integers(30, 300)), int(rng.integers(30, 300)))
        cv2.ellipse(shape, centre, axes, rng.uniform(0, 180), 0, 360, rng.integers(0, 256, 3).tolist(), -1, cv2.LINE_AA)
        pixels = cv2.addWeighted(pixels, 0.4, shape, 0.6, 0)
    return pixels


def enlarged_photos(count: int) -> list[np.ndarray]:
    photos = []
    for path in sorted((SHARED / "data" / "retail_tickets" / "images").glob("*.jpg")):
        cleaned = image.clean(path.read_bytes(), image.Cleaning(working_side_px=4096))
        if hasattr(cleaned, "payload"):
            height, width = cleaned.payload.shape[:2]
            size = (WIDTH_PX, HEIGHT_PX) if width > height else (HEIGHT_PX, WIDTH_PX)
            pixels = cv2.resize(cleaned.payload, size, interpolation=cv2.INTER_CUBIC)
            photos.append(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        if len(photos) == count:
            break
    return photos


def whole(raw: bytes) -> None:
    pixels = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    cv2.resize(pixels, (FEATURES.width_px, FEATURES.height_px))


def measure(folder: Path, repetitions: int) -> dict[str, object]:
    """Time both loops, and packing for the record, over the files of a folder."""
    cv2.setNumThreads(1)
    files = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    preprocessor = image.ImagePreprocessor(FEATURES, mean=(0.5,) * 3, std=(0.5,) * 3)
    payloads = [image.clean(raw, CLEANING).payload for raw in files]

    def kefu(raw: bytes) -> None:
        preprocessor.extract([image.clean(raw, CLEANING).payload])

    def milliseconds(work, items) -> float:
        start = time.process_time()
        for item in items:
            work(item)
        return 1000 * (time.process_time() - start) / len(items)

    rounds = []
    for repetition in range(repetitions + 1):
        loops = [("whole", whole, files), ("kefu", kefu, files), ("pack", image.pack, payloads)]
        if repetition % 2:  # neither is always the one that finds the caches warm
            loops.reverse()
        rounds.append({name: milliseconds(work, items) for name, work, items in loops})
    ratios = [timing["whole"] / timing["kefu"] for timing in rounds[1:]]  # the first round warms up
    return {
        "pictures": len(files),
        "mean_kilobytes": round(statistics.mean(map(len, files)) / 1000, 1),
        "repetitions": repetitions,
        "milliseconds_a_picture": {
            name: round(statistics.median(timing[name] for timing in rounds[1:]), 3) for name in rounds[0]
        },
        "ratio_median": round(statistics.median(ratios), 2),
        "ratio_min": round(min(ratios), 2),
        "ratio_max": round(max(ratios), 2),
    }


def main() -> None:
    parser = ArgumentParser(description="Time clean + extract against whole decoding + resize, on one core.")
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--quality", type=int, default=88, help="of the JPEGs")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--measure", type=Path, help="only time the pictures in this folder and print JSON")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.repetitions)))
        return

    rng = np.random.default_rng(0)
    kinds = {
        "drawn, spectrum of photos": [draw(rng) for _ in range(arguments.pictures)],
        "retail photos, enlarged": enlarged_photos(arguments.pictures),
    }
    rows = []
    for kind, pictures in kinds.items():
        if not pictures:
            print(f"{kind}: skipped, {SHARED} is absent (KEFU_SHARED names the folder)")
            continue
        with tempfile.TemporaryDirectory() as folder:
            for number, pixels in enumerate(pictures):
                path = Path(folder) / f"{number:03d}.jpg"
                path.write_bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, arguments.quality])[1])
            # A fresh process: one that drew the pictures has already made its memory manager keep large blocks.
            command = [sys.executable, __file__, "--measure", folder, "--repetitions", str(arguments.repetitions)]
            for memory, settings in (("as it comes", {}), ("memory kept", KEEP_MEMORY)):
                environment = os.environ | {"OMP_NUM_THREADS": "1"} | settings
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                rows.append({"kind": kind, "memory": memory, **json.loads(done.stdout)})

    print(
        f"{WIDTH_PX} x {HEIGHT_PX} JPEG, quality {arguments.quality}, OpenCV {cv2.__version__}, one core; ms a picture"
    )
    print(f"{'pictures':27} {'memory':12} {'KB':>6} {'whole':>7} {'kefu':>7} {'(pack)':>7}   ratio (min..max)")
    for row in rows:
        times = row["milliseconds_a_picture"]
        print(
            f"{row['kind']:27} {row['memory']:12} {row['mean_kilobytes']:6.0f} {times['whole']:7.2f} "
            f"{times['kefu']:7.2f} {times['pack']:7.2f}   "
            f"{row['ratio_median']:.2f} ({row['ratio_min']:.2f}..{row['ratio_max']:.2f})"
        )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
        "jpeg_quality": arguments.quality,
        "opencv": cv2.__version__,
        "cores": 1,
        "clock": "processor time",
        "rows": rows,
    }
    arguments.out.write_text(json.dumps(report, indent=2) + "\n")
    print(f"written to {arguments.out}")


if __name__ == "__main__":
    main()
