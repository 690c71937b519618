"""Pictures of parcels and articles."""

import cv2
import numpy as np

from kefu.demo.articles import PAINTS, shade
from kefu.demo.drawing import (
    BLUE,
    CARDBOARD,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    RED,
    WHITE,
    YELLOW,
    Layer,
    Pixels,
    Point,
    put,
)
from kefu.demo.scenery import SIDE_PX
from kefu.demo.subjects import Subject, draw_bars, draw_brand, zigzag
from kefu.demo.text import pick


def _parcel(subject: Subject, dents: float) -> Layer:
    """Draw a closed parcel with tape and a shipping label; ``dents`` pushes its edges in."""
    rng = subject.rng
    layer = Layer(230, 190)
    paint = shade(CARDBOARD, subject.near(1, 0.15))

    def dent(x: float, y: float) -> Point:
        return x + dents * rng.uniform(-16, 16), y + dents * rng.uniform(-12, 12)

    top = [dent(20, 55), dent(60, 15), dent(150, 12), dent(215, 18), dent(180, 58)]
    seam = [dent(70, 60), dent(120, 60)]
    front = [top[0], *seam, top[4], dent(178, 120), dent(180, 178), dent(100, 180), dent(20, 176)]
    layer.polygon([top[4], top[3], dent(215, 130), front[5]], shade(paint, 0.72))
    layer.polygon([*top, *reversed(seam)], shade(paint, 1.15))
    layer.polygon(front, paint)
    tape = pick(rng, [(150, 190, 210), (60, 140, 190), (200, 200, 200)])
    layer.polygon([(88, 57), (116, 56), (135, 13), (112, 13)], shade(tape, 1.1))
    layer.polygon([(88, 57), (116, 56), (116, 95), (88, 96)], tape)
    x, y = rng.uniform(28, 60), rng.uniform(95, 110)
    layer.box(x, y, x + 92, y + 58, WHITE)
    layer.box(x + 4, y + 4, x + 30, y + 16, draw_brand(rng))
    for row in range(2):
        layer.path([(x + 36, y + 8 + 8 * row), (x + 84, y + 8 + 8 * row)], GREY, 2)
    draw_bars(layer, (x + 6, y + 24), (80, 20), rng)
    layer.words(subject.matter["order"], (x + 8, y + 55), 8, INK)
    return layer


def draw_closed_parcel(scene: Pixels, subject: Subject) -> None:
    """Draw a parcel with hardly a dent: come, or on its way?"""
    rng = subject.rng
    put(scene, _parcel(subject, subject.near(0.25, 0.25)), subject.centre(), subject.scale(1.05, 0.15), rng)


def draw_damage(scene: Pixels, subject: Subject) -> None:
    """Draw a parcel with a hole, or an article in two pieces."""
    rng = subject.rng
    if rng.random() < 0.5:
        parcel = _parcel(subject, subject.near(1, 0.3))
        x, y = rng.uniform(75, 130), rng.uniform(55, 80)
        ring = np.linspace(0, 2 * np.pi, 13)[:-1]
        hole = [(x + rng.uniform(22, 44) * np.cos(a), y + rng.uniform(16, 32) * np.sin(a)) for a in ring]
        parcel.polygon([(x + 1.25 * (px - x), y + 1.25 * (py - y)) for px, py in hole], shade(CARDBOARD, 1.5))
        parcel.polygon(hole, (25, 30, 38))
        for _ in range(6):
            start = hole[int(rng.integers(len(hole)))]
            parcel.path(zigzag(start, (start[0] + rng.uniform(-50, 50), start[1] + rng.uniform(-40, 45)), rng), INK, 2)
        put(scene, parcel, subject.centre(), subject.scale(1.05, 0.12), rng)
    else:
        article = subject.article()
        cut = zigzag((rng.uniform(40, 90), 0), (rng.uniform(100, 160), 200), rng, num_points=9)
        half, rest = subject.article(), article
        half.erase([(0, 0), *cut, (0, 200)])
        rest.erase([(200, 0), *cut, (200, 200)])
        for piece, shift in ((rest, -1), (half, 1)):
            piece.path([(x - 2 * shift, y) for x, y in cut], WHITE, 2)
            piece.mask[:] = cv2.bitwise_and(piece.mask, (rest if shift < 0 else half).mask)
        x, y = subject.centre()
        gap = subject.near(16, 6)
        for piece, shift in ((rest, -1), (half, 1)):
            put(scene, piece, (x + shift * gap, y + rng.uniform(-8, 8)), subject.scale(1.05, 0.03), rng, tilt=0.8)
        for _ in range(7):
            sx, sy = x + rng.normal(0, 45), y + rng.uniform(20, 95)
            shard = [(sx + rng.uniform(-9, 9), sy + rng.uniform(-7, 7)) for _ in range(3)]
            cv2.fillPoly(
                scene,
                [np.round(shard).astype(np.int32)],
                shade(PAINTS[subject.matter["colour"]], rng.uniform(0.7, 1.2)),
                cv2.LINE_AA,
            )


def draw_article(scene: Pixels, subject: Subject) -> None:
    """Draw the article and nothing else."""
    put(scene, subject.article(), subject.centre(), subject.scale(1.1, 0.2), subject.rng)


def draw_wrong_item(scene: Pixels, subject: Subject) -> None:
    """Draw an article beside the packing slip that shows another one."""
    rng = subject.rng
    slip = Layer(120, 170, WHITE)
    slip.words("ORDER", (10, 24), 14, INK, subject.language)
    slip.words(subject.matter["order"], (10, 40), 9, GREY)
    slip.box(14, 48, 106, 140, PALE)
    slip.paste(subject.article(), (20, 50), 82)
    slip.words("1 x", (12, 158), 11, INK)
    slip.path([(60, 152), (68, 160), (84, 144)], GREEN, 4)
    other = ("product", "other_colour") if rng.random() < 0.3 else ("other", "colour")
    article = subject.article(*other)
    if rng.random() < 0.6:
        article.path([(150, 10), (190, 50)], RED, 8)
        article.path([(190, 10), (150, 50)], RED, 8)
    side = pick(rng, [-1, 1])
    y = subject.near(SIDE_PX / 2, 15)
    put(scene, slip, (SIDE_PX / 2 + side * 72, y), subject.scale(1, 0.08), rng)
    put(scene, article, (SIDE_PX / 2 - side * 68, subject.near(SIDE_PX / 2, 20)), subject.scale(0.78, 0.08), rng)


def draw_question(scene: Pixels, subject: Subject) -> None:
    """Draw a page of the shop: an article with measures, stars, a price and a question mark."""
    rng = subject.rng
    page = Layer(210, 250, WHITE)
    page.box(0, 0, 210, 22, draw_brand(rng))
    page.paste(subject.article(), (45, 35), 115)
    page.path([(38, 40), (38, 150)], BLUE, 2)
    page.path([(50, 160), (165, 160)], BLUE, 2)
    for x, y in ((38, 40), (38, 150), (50, 160), (165, 160)):
        page.ellipse((x, y), (4, 4), BLUE)
    page.words(f"{rng.integers(9, 60)} cm", (85, 176), 10, BLUE)
    page.words("?", (172, 82), 44, ORANGE)
    page.words("?", (6, 110), 26, ORANGE)
    for star in range(5):
        page.ellipse((22 + 17 * star, 196), (6, 6), YELLOW if star < 4 else PALE)
    page.words(subject.matter["amount"], (120, 203), 15, INK)
    page.box(20, 216, 190, 240, draw_brand(rng))
    put(scene, page, subject.centre(), subject.scale(1.05, 0.1), rng)
