"""Shapes on a transparent layer, and layers on a scene: perspective, shadow, light, blur, noise, JPEG."""

import zlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]  # blue, green, red
Point = tuple[float, float]
Pixels = NDArray[Any]  # (H, W, 3) of uint8, blue first; OpenCV promises no type

WHITE, BLACK, INK, GREY, PALE = (250, 250, 250), (20, 20, 20), (60, 50, 45), (150, 150, 150), (232, 230, 228)
RED, GREEN, BLUE, ORANGE, YELLOW = (50, 45, 215), (70, 160, 60), (200, 110, 40), (30, 140, 245), (60, 215, 250)
CARDBOARD = (110, 155, 190)


class Layer:
    """A drawing (H, W, 3) and where it is opaque (H, W)."""

    def __init__(self, width: int, height: int, colour: Colour | None = None) -> None:
        self.pixels = np.zeros((height, width, 3), dtype=np.uint8)
        self.mask = np.zeros((height, width), dtype=np.uint8)
        if colour is not None:
            self.pixels[:] = colour
            self.mask[:] = 255

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        corners = np.round(np.asarray(points)).astype(np.int32)
        cv2.fillPoly(self.pixels, [corners], colour, cv2.LINE_AA)
        cv2.fillPoly(self.mask, [corners], 255)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, thickness: int = -1) -> None:
        """Draw a rectangle, filled unless it has a ``thickness`` in pixels."""
        for canvas, value in ((self.pixels, colour), (self.mask, 255)):
            cv2.rectangle(canvas, (int(x0), int(y0)), (int(x1), int(y1)), value, thickness)

    def ellipse(
        self,
        centre: Point,
        radii: Point,
        colour: Colour,
        thickness: int = -1,
        arc_degrees: tuple[float, float] = (0, 360),
    ) -> None:
        """Draw an ellipse or a part of one, filled unless it has a ``thickness`` in pixels."""
        place, axes = (int(centre[0]), int(centre[1])), (max(1, int(radii[0])), max(1, int(radii[1])))
        for canvas, value in ((self.pixels, colour), (self.mask, 255)):
            cv2.ellipse(canvas, place, axes, 0, *arc_degrees, value, thickness, cv2.LINE_AA)

    def path(self, points: Sequence[Point], colour: Colour, thickness: int = 2) -> None:
        """Draw a polyline."""
        corners = np.round(np.asarray(points)).astype(np.int32)
        cv2.polylines(self.pixels, [corners], False, colour, thickness, cv2.LINE_AA)
        cv2.polylines(self.mask, [corners], False, 255, thickness)

    def words(self, text: str, place: Point, height_px: float, colour: Colour, language: str = "en") -> None:
        """Write a line with its lower left corner at ``place``: Latin letters, or blocks of strokes like characters."""
        x, y = int(place[0]), int(place[1])
        if language == "zh" and not text[:1].isdigit():
            self._strokes(text, x, y, round(height_px * 1.25), colour)
            return
        thickness = 2 if height_px >= 14 else 1
        cv2.putText(self.pixels, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, height_px / 22, colour, thickness, cv2.LINE_AA)

    def _strokes(self, text: str, x: int, y: int, side_px: int, colour: Colour) -> None:
        """Draw two to four blocks; the same word always looks the same."""
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        for block in range(min(4, max(2, len(text) // 3))):
            left, top = x + block * (side_px + 2), y - side_px
            for _ in range(5):
                a, b = rng.integers(0, side_px, size=2).tolist()
                across = bool(rng.integers(2))
                start, end = ((0, a), (side_px - 1, b if b % 3 == 0 else a)) if across else ((a, 0), (a, side_px - 1))
                cv2.line(
                    self.pixels,
                    (left + start[0], top + start[1]),
                    (left + end[0], top + end[1]),
                    colour,
                    1 + side_px // 16,
                    cv2.LINE_AA,
                )

    def paste(self, other: "Layer", place: Point, width_px: float) -> None:
        """Put another layer on this one, scaled to ``width_px``, its upper left corner at ``place``."""
        scale = width_px / other.size[0]
        matrix = np.array([[scale, 0, place[0]], [0, scale, place[1]]])
        pixels = cv2.warpAffine(other.pixels, matrix, self.size, flags=cv2.INTER_AREA)
        mask = cv2.warpAffine(other.mask, matrix, self.size)
        cv2.copyTo(pixels, mask, self.pixels)
        np.maximum(self.mask, mask, out=self.mask)

    def erase(self, points: Sequence[Point]) -> None:
        """Cut a polygon out."""
        cv2.fillPoly(self.mask, [np.round(np.asarray(points)).astype(np.int32)], 0)


def put(scene: Pixels, layer: Layer, centre: Point, scale: float, rng: np.random.Generator, *, tilt: float = 1) -> None:
    """Put a layer into the scene, seen from some angle, with its shadow.

    ``tilt`` scales how far the angle departs from straight above.
    """
    width, height = layer.size
    angle = np.deg2rad(rng.normal(0, 9 * tilt))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) * (scale / 2)
    corners = corners @ turn.T + rng.uniform(-0.09, 0.09, size=(4, 2)) * tilt * scale * min(width, height) + centre
    # only the part of the scene that the layer and its shadow can touch
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 14, 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 16, [scene.shape[1], scene.shape[0]])
    if (low >= high).any():
        return
    window = scene[low[1] : high[1], low[0] : high[0]]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(source, (corners - low).astype(np.float32))
    size = (window.shape[1], window.shape[0])
    pixels = cv2.warpPerspective(layer.pixels, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(layer.mask, matrix, size, flags=cv2.INTER_NEAREST)
    drop = np.array([[1, 0, rng.uniform(-7, 7)], [0, 1, rng.uniform(2, 8)]])
    shadow = np.asarray(cv2.blur(cv2.warpAffine(mask, drop, size), (11, 11))) // 2
    window[:] = cv2.multiply(window, cv2.merge([255 - shadow] * 3), scale=1 / 255)
    cv2.copyTo(pixels, mask, window)


def photograph(scene: Pixels, rng: np.random.Generator) -> bytes:
    """Light, blur and grain as of a hand-held telephone, then JPEG."""
    height, width = scene.shape[:2]
    ramp = rng.uniform(0.62, 1.12, size=(2, 2)).astype(np.float32)
    light = cv2.resize(ramp, (width, height), interpolation=cv2.INTER_CUBIC)
    cast = rng.uniform(0.88, 1.08, size=3)
    lit = cv2.multiply(scene, cv2.merge([light * np.float32(channel) for channel in cast]), dtype=cv2.CV_8U)
    dice = rng.random()
    if dice < 0.35:
        lit = cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.5, 1.6))
    elif dice < 0.45:
        kernel = np.zeros((5, 5), dtype=np.float32)
        kernel[2] = 0.2
        lit = cv2.filter2D(lit, -1, kernel if rng.random() < 0.5 else kernel.T)
    grain = int(rng.integers(2, 18))
    noise = rng.integers(0, grain, size=(height, width), dtype=np.uint8)
    lit = cv2.add(lit, cv2.merge([noise] * 3))
    return encode_jpeg(lit, int(rng.integers(45, 93)))


def encode_jpeg(pixels: Pixels, quality: int) -> bytes:
    """Return an image (H, W, 3), blue first, as a JPEG file."""
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
