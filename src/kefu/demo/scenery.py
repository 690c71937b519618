"""The table or floor that pictures are taken on, and what lies about there."""

import cv2
import numpy as np

from kefu.demo.articles import PAINTS
from kefu.demo.drawing import BLACK, GREEN, GREY, YELLOW, Colour, Layer, Pixels, put
from kefu.demo.text import pick

SIDE_PX = 320  # of the square that scenes are drawn on, in pixels
_MARGIN_PX = 26


def frame(scene: Pixels, size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """Cut a picture of ``size`` (width, height) out of the scene, not quite in the middle, now and then upside down."""
    width, height = size
    crop_width = SIDE_PX - 2 * rng.uniform(0, _MARGIN_PX) if width >= height else SIDE_PX * rng.uniform(0.78, 0.86)
    crop_height = crop_width * height / width
    if crop_height > SIDE_PX:
        crop_width, crop_height = crop_width * SIDE_PX / crop_height, float(SIDE_PX)
    left, top = ((SIDE_PX - extent) * rng.uniform(0.3, 0.7) for extent in (crop_width, crop_height))
    window = scene[int(top) : int(top + crop_height), int(left) : int(left + crop_width)]
    if rng.random() < 0.1 and width < height:
        window = cv2.flip(window, -1)
    return cv2.resize(window, size, interpolation=cv2.INTER_LINEAR)


def draw_ground(rng: np.random.Generator) -> Pixels:
    """Draw what everything lies on: boards, tiles, cloth or a plain table."""
    base = np.array(pick(rng, [(90, 130, 175), (60, 90, 130), (170, 175, 180), (205, 210, 215), (120, 115, 105),
                               (140, 160, 150), (70, 70, 75), (150, 130, 160)]))  # fmt: skip
    base = np.clip(base + rng.integers(-22, 23, size=3), 0, 255)
    scene: Pixels = np.empty((SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    scene[:] = base
    dark: Colour = tuple(int(channel * 0.82) for channel in base)  # type: ignore[assignment]
    kind = int(rng.integers(4))
    step = int(rng.integers(36, 80))
    offset = int(rng.integers(step))
    if kind == 0:
        for y in range(offset, SIDE_PX, step):
            cv2.line(scene, (0, y), (SIDE_PX, y + int(rng.integers(-3, 4))), dark, 2)
            grain = y + int(rng.integers(5, step - 5))
            cv2.line(scene, (int(rng.integers(SIDE_PX)), grain), (int(rng.integers(SIDE_PX)), grain + 2), dark, 1)
    elif kind == 1:
        for at in range(offset, SIDE_PX, step):
            cv2.line(scene, (at, 0), (at, SIDE_PX), dark, 2)
            cv2.line(scene, (0, at), (SIDE_PX, at), dark, 2)
    elif kind == 2:
        small = rng.integers(0, 26, size=(80, 80), dtype=np.uint8)
        scene = cv2.add(scene, cv2.merge([cv2.resize(small, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)] * 3))
    return scene


def add_clutter(scene: Pixels, rng: np.random.Generator, at_edge: bool = False) -> None:
    """Leave things lying about that mean nothing: pens, coins, cables, keys, cards, plants."""
    for _ in range(int(rng.integers(1, 3)) if at_edge else int(rng.integers(0, 4))):
        layer = Layer(90, 90)
        paint = PAINTS[pick(rng, list(PAINTS))]
        match int(rng.integers(6)):
            case 0:
                layer.polygon([(5, 40), (75, 40), (88, 45), (75, 50), (5, 50)], paint)
            case 1:
                for x in (25, 55):
                    layer.ellipse((x, 45), (14, 14), (60, 170, 200))
                    layer.ellipse((x, 45), (10, 10), (40, 140, 170), 2)
            case 2:
                layer.path([(5, 80), (20, 30), (50, 60), (60, 15), (85, 10)], BLACK, 4)
            case 3:
                layer.ellipse((25, 45), (16, 16), GREY, 5)
                layer.path([(40, 45), (80, 45), (80, 56)], GREY, 6)
            case 4:
                layer.box(8, 22, 82, 68, paint)
                layer.box(14, 30, 30, 42, YELLOW)
            case _:
                for angle in np.linspace(0.3, 2.8, 5):
                    layer.ellipse((45 + 25 * np.cos(angle), 45 - 25 * np.sin(angle)), (9, 18), GREEN)
                layer.box(30, 50, 60, 85, (60, 90, 160))
        border = pick(rng, [(0, 1), (1, 0), (0, 0), (1, 1)])
        along = rng.uniform(0.1, 0.9)
        place = (along, border[1]) if border[0] else (border[1], along)
        inset = 20 if at_edge else 45
        centre = tuple(inset + share * (SIDE_PX - 2 * inset) for share in place)
        put(scene, layer, (centre[0], centre[1]), float(rng.uniform(0.5, 0.9)), rng, tilt=6)
