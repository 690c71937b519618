"""What the shop sells, drawn in a box of 200 by 200 pixels."""

import numpy as np

from kefu.demo.drawing import BLACK, GREY, INK, PALE, WHITE, YELLOW, Colour, Layer

PAINTS: dict[str, Colour] = {
    "red": (50, 45, 200), "blue": (190, 100, 40), "green": (75, 150, 60), "yellow": (50, 205, 240),
    "black": (45, 40, 40), "white": (240, 240, 242), "purple": (150, 60, 120), "orange": (35, 130, 240),
}  # fmt: skip


def shade(colour: Colour, factor: float) -> Colour:
    """Return a darker (factor < 1) or lighter colour."""
    blue, green, red = (int(np.clip(channel * factor, 0, 255)) for channel in colour)
    return blue, green, red


def draw_article(product: str, colour: str) -> Layer:
    """Draw a product of the shop, by its names in :mod:`kefu.demo.english`."""
    layer = Layer(200, 200)
    _DRAWINGS[product](layer, PAINTS[colour])
    return layer


def _draw_mug(layer: Layer, paint: Colour) -> None:
    dark, light = shade(paint, 0.7), shade(paint, 1.25)
    layer.ellipse((148, 105), (34, 38), dark, 13)
    layer.box(45, 50, 145, 165, paint)
    layer.ellipse((95, 165), (50, 14), paint)
    layer.ellipse((95, 50), (50, 14), light)
    layer.ellipse((95, 51), (43, 10), INK)
    layer.box(58, 72, 68, 150, light)


def _draw_shirt(layer: Layer, paint: Colour) -> None:
    dark, light = shade(paint, 0.7), shade(paint, 1.25)
    layer.polygon(
        [(65, 25), (135, 25), (190, 65), (165, 100), (145, 85), (145, 180), (55, 180), (55, 85), (35, 100),
             (10, 65)],
        paint,
    )  # fmt: skip
    layer.ellipse((100, 25), (24, 18), dark)
    layer.path([(55, 85), (58, 60)], dark, 2)
    layer.path([(145, 85), (142, 60)], dark, 2)
    layer.box(78, 90, 122, 120, light)


def _draw_shoe(layer: Layer, paint: Colour) -> None:
    light = shade(paint, 1.25)
    layer.polygon([(15, 75), (60, 65), (85, 90), (130, 115), (185, 125), (188, 148), (15, 148)], paint)
    layer.polygon([(12, 146), (190, 146), (188, 164), (14, 164)], WHITE)
    layer.path([(12, 156), (190, 156)], GREY, 2)
    for step in range(4):
        layer.path([(72 + 15 * step, 92 + 8 * step), (90 + 15 * step, 82 + 9 * step)], WHITE, 4)
    layer.polygon([(20, 110), (80, 125), (60, 138), (20, 135)], light)


def _draw_headphones(layer: Layer, paint: Colour) -> None:
    dark = shade(paint, 0.7)
    layer.ellipse((100, 110), (70, 75), dark, 13, (180, 360))
    for x in (32, 168):
        layer.ellipse((x, 130), (22, 36), paint)
        layer.ellipse((x + (10 if x < 100 else -10), 130), (12, 30), BLACK)


def _draw_lamp(layer: Layer, paint: Colour) -> None:
    dark = shade(paint, 0.7)
    layer.ellipse((85, 178), (52, 13), dark)
    layer.path([(85, 175), (50, 110), (110, 55)], INK, 8)
    layer.polygon([(95, 30), (135, 62), (175, 95), (120, 118), (78, 62)], paint)
    layer.ellipse((148, 106), (24, 12), YELLOW)


def _draw_backpack(layer: Layer, paint: Colour) -> None:
    dark = shade(paint, 0.7)
    layer.ellipse((100, 30), (22, 20), dark, 8)
    layer.box(45, 60, 155, 185, paint)
    layer.ellipse((100, 60), (55, 35), paint)
    layer.box(60, 115, 140, 175, dark)
    layer.path([(60, 128), (140, 128)], PALE, 3)
    layer.path([(50, 70), (100, 90), (150, 70)], PALE, 3)
    layer.box(34, 90, 45, 170, dark)
    layer.box(155, 90, 166, 170, dark)


def _draw_kettle(layer: Layer, paint: Colour) -> None:
    dark, light = shade(paint, 0.7), shade(paint, 1.25)
    layer.ellipse((100, 70), (52, 50), INK, 9, (180, 360))
    layer.polygon([(150, 100), (195, 70), (198, 82), (160, 140)], dark)
    layer.ellipse((100, 125), (62, 55), paint)
    layer.ellipse((100, 78), (34, 11), dark)
    layer.ellipse((100, 66), (8, 8), INK)
    layer.ellipse((78, 110), (12, 22), light)


def _draw_watch(layer: Layer, paint: Colour) -> None:
    dark = shade(paint, 0.7)
    layer.polygon([(78, 5), (122, 5), (128, 70), (72, 70)], paint)
    layer.polygon([(72, 130), (128, 130), (122, 195), (78, 195)], paint)
    layer.ellipse((100, 100), (52, 52), dark)
    layer.ellipse((100, 100), (43, 43), WHITE)
    for hour in np.arange(12) * np.pi / 6:
        layer.ellipse((100 + 36 * np.sin(hour), 100 - 36 * np.cos(hour)), (2, 2), INK)
    layer.path([(100, 100), (100, 70)], BLACK, 4)
    layer.path([(100, 100), (122, 110)], BLACK, 3)


_DRAWINGS = {
    "mug": _draw_mug,
    "shirt": _draw_shirt,
    "shoe": _draw_shoe,
    "headphones": _draw_headphones,
    "lamp": _draw_lamp,
    "backpack": _draw_backpack,
    "kettle": _draw_kettle,
    "watch": _draw_watch,
}
