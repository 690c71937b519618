"""From cleaned pictures to arrays of one size, and the channel statistics that encoders normalise with."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kefu.modalities.contract import FeatureParameters
from kefu.modalities.image.decode import Pixels

_FILE = "preprocessor.json"
_SCHEMA_VERSION = 1


class Features(FeatureParameters):
    """The size that every picture is brought to."""

    max_fit: int | None = Field(
        5_000,
        ge=1,
        description="Mean and deviation are learned from so many training tickets, drawn evenly; empty: all",
    )
    height_px: int = Field(96, ge=8, description="Height of a feature.")
    width_px: int = Field(96, ge=8, description="Width of a feature.")
    fit: Literal["stretch", "pad"] = Field(
        "stretch", description="stretch fills the frame; pad keeps the proportions and fills up with the mean colour."
    )


@dataclass(frozen=True, slots=True)
class ImagePreprocessor:
    """Resizes pictures, and knows the mean and deviation of the training split's colours.

    Attributes:
        params: The size of a feature.
        mean: Per channel R, G, B, on the scale 0 to 1.
        std: Likewise, never 0. An encoder computes ``(pixels / 255 - mean) / std``.
    """

    params: Features
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def extract(self, payloads: Sequence[Pixels]) -> dict[str, NDArray[np.uint8]]:
        """Resize N pictures, each by itself.

        Args:
            payloads: uint8 RGB pictures (H, W, 3) of any sizes.

        Returns:
            ``pixels``: uint8 (N, 3, ``height_px``, ``width_px``), not normalised: a quarter of the bytes of float32.
        """
        height, width = self.params.height_px, self.params.width_px
        frames = np.empty((len(payloads), height, width, 3), np.uint8)
        if self.params.fit == "pad":
            frames[:] = self._padding
        for frame, payload in zip(frames, payloads, strict=True):
            inner_width, inner_height = _inner_size(payload, self.params)
            top, left = (height - inner_height) // 2, (width - inner_width) // 2
            frame[top : top + inner_height, left : left + inner_width] = _resize(payload, inner_width, inner_height)
        return {"pixels": np.ascontiguousarray(frames.transpose(0, 3, 1, 2))}

    def used_by_extract(self) -> bytes:
        """Return the size of a feature, and the colour of padding where there is some."""
        padding = self._padding.tolist() if self.params.fit == "pad" else None
        return json.dumps([self.params.model_dump(exclude={"max_fit"}), padding]).encode()

    @property
    def _padding(self) -> NDArray[np.uint8]:
        return np.rint(np.multiply(self.mean, 255)).astype(np.uint8)

    def to_files(self) -> dict[str, bytes]:
        """Return the preprocessor as one JSON file."""
        state = {
            "schema_version": _SCHEMA_VERSION,
            "params": self.params.model_dump(),
            "mean": self.mean,
            "std": self.std,
        }
        return {_FILE: json.dumps(state, indent=2).encode()}


def measure(payloads: Sequence[Pixels], params: Features) -> dict[str, NDArray[np.float64]]:
    """Measure the colours of N pictures, each by itself; padding does not count.

    Args:
        payloads: uint8 RGB pictures (H, W, 3).
        params: The size of a feature.

    Returns:
        ``mean`` and ``std`` of each picture (N, 3), on the scale 0 to 1.
    """
    mean, std = np.empty((2, len(payloads), 3))
    for row, payload in enumerate(payloads):
        moments = cv2.meanStdDev(_resize(payload, *_inner_size(payload, params)))
        mean[row], std[row] = (moment[:, 0] / 255 for moment in moments)
    return {"mean": mean, "std": std}


def fit_measured(measured: Iterable[Mapping[str, NDArray[np.float64]]], params: Features) -> ImagePreprocessor:
    """Learn mean and deviation from what :func:`measure` found; every picture counts the same whatever its size.

    Args:
        measured: Of the training split. Where there is no picture, mean and deviation are 0.5: -1 to 1 after
            normalising.
        params: The size of a feature.
    """
    count = 0
    sums, squares = np.zeros(3), np.zeros(3)
    for part in measured:
        for mean, std in zip(part["mean"], part["std"], strict=True):
            count += 1
            sums += mean
            squares += std**2 + mean**2
    if not count:
        return ImagePreprocessor(params, mean=(0.5,) * 3, std=(0.5,) * 3)
    average = sums / count
    # Pictures of one colour throughout would otherwise divide by zero; one grey level is the least that uint8 tells.
    deviation = np.sqrt(np.maximum(squares / count - average**2, 255.0**-2))
    return ImagePreprocessor(params, mean=tuple(average.tolist()), std=tuple(deviation.tolist()))


def fit(payloads: Iterable[Pixels], params: Features) -> ImagePreprocessor:
    """Measure the colours of the training split in one pass and constant memory, and learn from them."""
    return fit_measured((measure([payload], params) for payload in payloads), params)


def load_preprocessor(files: Mapping[str, bytes]) -> ImagePreprocessor:
    """Undo :meth:`ImagePreprocessor.to_files`.

    Raises:
        ValueError: The file is missing, damaged or of another schema version.
    """
    try:
        state = json.loads(files[_FILE])
        if state["schema_version"] != _SCHEMA_VERSION:
            raise ValueError(f"schema version {state['schema_version']}, expected {_SCHEMA_VERSION}")
        mean, std = state["mean"], state["std"]
        if not len(mean) == len(std) == 3:
            raise ValueError("mean and std must have three numbers each")
        return ImagePreprocessor(Features.model_validate(state["params"]), mean=tuple(mean), std=tuple(std))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{_FILE}: not an image preprocessor of this version of kefu ({error})") from error


def _inner_size(payload: Pixels, params: Features) -> tuple[int, int]:
    """Return the width and height that the picture itself takes in the frame."""
    if params.fit == "stretch":
        return params.width_px, params.height_px
    height, width = payload.shape[:2]
    scale = min(params.height_px / height, params.width_px / width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resize(payload: Pixels, width: int, height: int) -> Pixels:
    if payload.shape[:2] == (height, width):
        return payload
    shrinking = payload.shape[0] * payload.shape[1] > height * width
    return cv2.resize(payload, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
