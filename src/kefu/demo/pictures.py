"""Pictures that customers send: parcels, articles, telephones and papers on a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from kefu.demo.articles import PAINTS, draw_article, shade
from kefu.demo.drawing import (
    BLACK, BLUE, CARDBOARD, GREEN, GREY, INK, ORANGE, PALE, RED, WHITE, YELLOW, Colour, Layer, Pixels, Point,
    photograph, put,
)  # fmt: skip
from kefu.demo.intents import CONFUSIONS, VAGUE, Evidence, Intent
from kefu.demo.parameters import DemoParameters
from kefu.demo.text import pick


@dataclass(frozen=True, slots=True)
class Subject:
    """What a drawing may depend on besides its evidence."""

    matter: Mapping[str, str]
    language: str
    rng: np.random.Generator
    zoom: float

    def article(self, which: str = "product", colour: str = "colour") -> Layer:
        """Draw the ticket's product or the other one."""
        return draw_article(self.matter[which], self.matter[colour])

    def near(self, value: float, spread: float) -> float:
        """Return a number within ``spread`` of ``value``."""
        return float(self.rng.uniform(value - spread, value + spread))

    def scale(self, value: float, spread: float) -> float:
        """Return a scale within ``spread`` of ``value`` that fits the picture's format."""
        return self.zoom * self.near(value, spread)


def draw_picture(
    evidence: Evidence, language: str, matter: Mapping[str, str], params: DemoParameters, rng: np.random.Generator
) -> bytes:
    """Draw a picture that fits the ``evidence`` and gives nothing else away; return a JPEG file."""
    side = params.picture_side_px * rng.uniform(0.8, 1.2)
    width, height = (4, 3) if rng.random() < 0.65 else (3, 4)
    size = (round(side * width / 4), round(side * height / 4))
    scene = _ground(rng)
    _clutter(scene, rng)
    subject = Subject(matter, language, rng, zoom=0.85 if width > height else 1)
    _DRAWINGS[evidence](scene, subject)
    if rng.random() < 0.25:
        _clutter(scene, rng, at_edge=True)
    # drawn on a square, then framed: cropping moves the matter around as a hand does
    frame = _frame(scene, size, rng)
    return photograph(frame, rng)


_SIDE = 320  # of the square that scenes are drawn on, in pixels
_MARGIN = 26


def _frame(scene: Pixels, size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    width, height = size
    crop_width = _SIDE - 2 * rng.uniform(0, _MARGIN) if width >= height else _SIDE * rng.uniform(0.78, 0.86)
    crop_height = crop_width * height / width
    if crop_height > _SIDE:
        crop_width, crop_height = crop_width * _SIDE / crop_height, float(_SIDE)
    left, top = ((_SIDE - extent) * rng.uniform(0.3, 0.7) for extent in (crop_width, crop_height))
    window = scene[int(top) : int(top + crop_height), int(left) : int(left + crop_width)]
    if rng.random() < 0.1 and width < height:
        window = cv2.flip(window, -1)
    return cv2.resize(window, size, interpolation=cv2.INTER_LINEAR)


def _ground(rng: np.random.Generator) -> Pixels:
    """Draw what everything lies on: boards, tiles, cloth or a plain table."""
    base = np.array(pick(rng, [(90, 130, 175), (60, 90, 130), (170, 175, 180), (205, 210, 215), (120, 115, 105),
                               (140, 160, 150), (70, 70, 75), (150, 130, 160)]))  # fmt: skip
    base = np.clip(base + rng.integers(-22, 23, size=3), 0, 255)
    scene = np.empty((_SIDE, _SIDE, 3), dtype=np.uint8)
    scene[:] = base
    dark: Colour = tuple(int(channel * 0.82) for channel in base)  # type: ignore[assignment]
    kind = int(rng.integers(4))
    step = int(rng.integers(36, 80))
    offset = int(rng.integers(step))
    if kind == 0:
        for y in range(offset, _SIDE, step):
            cv2.line(scene, (0, y), (_SIDE, y + int(rng.integers(-3, 4))), dark, 2)
            grain = y + int(rng.integers(5, step - 5))
            cv2.line(scene, (int(rng.integers(_SIDE)), grain), (int(rng.integers(_SIDE)), grain + 2), dark, 1)
    elif kind == 1:
        for at in range(offset, _SIDE, step):
            cv2.line(scene, (at, 0), (at, _SIDE), dark, 2)
            cv2.line(scene, (0, at), (_SIDE, at), dark, 2)
    elif kind == 2:
        small = rng.integers(0, 26, size=(80, 80), dtype=np.uint8)
        scene = cv2.add(scene, cv2.merge([cv2.resize(small, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)] * 3))
    return scene


def _clutter(scene: Pixels, rng: np.random.Generator, at_edge: bool = False) -> None:
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
        centre = tuple(inset + share * (_SIDE - 2 * inset) for share in place)
        put(scene, layer, (centre[0], centre[1]), float(rng.uniform(0.5, 0.9)), rng, tilt=6)


# --- parcels -------------------------------------------------------------------------------------------------------


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
    layer.box(x + 4, y + 4, x + 30, y + 16, _brand(rng))
    for row in range(2):
        layer.path([(x + 36, y + 8 + 8 * row), (x + 84, y + 8 + 8 * row)], GREY, 2)
    _bars(layer, x + 6, y + 24, 80, 20, rng)
    layer.words(subject.matter["order"], (x + 8, y + 55), 8, INK)
    return layer


def _brand(rng: np.random.Generator) -> Colour:
    """Return the colour of some company."""
    return pick(rng, [RED, BLUE, GREEN, ORANGE, YELLOW, INK])


def _bars(layer: Layer, x: float, y: float, width: float, height: float, rng: np.random.Generator) -> None:
    at = x
    while at < x + width:
        thickness = int(rng.integers(1, 4))
        layer.box(at, y, at + thickness, y + height, BLACK)
        at += thickness + int(rng.integers(2, 5))


def _draw_closed_parcel(scene: Pixels, subject: Subject) -> None:
    rng = subject.rng
    put(scene, _parcel(subject, subject.near(0.25, 0.25)), _centre(rng), subject.scale(1.05, 0.15), rng)


def _draw_damage(scene: Pixels, subject: Subject) -> None:
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
            parcel.path(_zigzag(start, (start[0] + rng.uniform(-50, 50), start[1] + rng.uniform(-40, 45)), rng), INK, 2)
        put(scene, parcel, _centre(rng), subject.scale(1.05, 0.12), rng)
    else:
        article = subject.article()
        cut = _zigzag((rng.uniform(40, 90), 0), (rng.uniform(100, 160), 200), rng, num_points=9)
        half, rest = subject.article(), article
        half.erase([(0, 0), *cut, (0, 200)])
        rest.erase([(200, 0), *cut, (200, 200)])
        for piece, shift in ((rest, -1), (half, 1)):
            piece.path([(x - 2 * shift, y) for x, y in cut], WHITE, 2)
            piece.mask[:] = cv2.bitwise_and(piece.mask, (rest if shift < 0 else half).mask)
        x, y = _centre(rng)
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


def _zigzag(start: Point, end: Point, rng: np.random.Generator, num_points: int = 6) -> list[Point]:
    return [
        (
            start[0] + (end[0] - start[0]) * t + rng.uniform(-9, 9),
            start[1] + (end[1] - start[1]) * t + rng.uniform(-3, 3),
        )
        for t in np.linspace(0, 1, num_points)
    ]


def _centre(rng: np.random.Generator) -> Point:
    return _SIDE / 2 + float(rng.uniform(-24, 24)), _SIDE / 2 + float(rng.uniform(-20, 20))


# --- articles ------------------------------------------------------------------------------------------------------


def _draw_article(scene: Pixels, subject: Subject) -> None:
    put(scene, subject.article(), _centre(subject.rng), subject.scale(1.1, 0.2), subject.rng)


def _draw_wrong_item(scene: Pixels, subject: Subject) -> None:
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
    y = subject.near(_SIDE / 2, 15)
    put(scene, slip, (_SIDE / 2 + side * 72, y), subject.scale(1, 0.08), rng)
    put(scene, article, (_SIDE / 2 - side * 68, subject.near(_SIDE / 2, 20)), subject.scale(0.78, 0.08), rng)


def _draw_question(scene: Pixels, subject: Subject) -> None:
    """Draw a page of the shop: an article with measures, stars, a price and a question mark."""
    rng = subject.rng
    page = Layer(210, 250, WHITE)
    page.box(0, 0, 210, 22, _brand(rng))
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
    page.box(20, 216, 190, 240, _brand(rng))
    put(scene, page, _centre(rng), subject.scale(1.05, 0.1), rng)


# --- telephones ----------------------------------------------------------------------------------------------------


def _phone(subject: Subject, bar: Colour) -> Layer:
    layer = Layer(150, 270)
    case = pick(subject.rng, [BLACK, INK, GREY, (120, 90, 60), (90, 60, 130)])
    layer.box(0, 8, 150, 262, case)
    layer.box(8, 0, 142, 270, case)
    layer.box(9, 18, 141, 252, (248, 247, 245) if subject.rng.random() < 0.75 else (70, 60, 55))
    layer.box(9, 18, 141, 46, bar)
    layer.ellipse((75, 9), (4, 4), GREY)
    return layer


def _button(layer: Layer, y: float, colour: Colour, text: str, language: str) -> None:
    layer.box(24, y, 126, y + 26, colour)
    layer.words(text, (50, y + 18), 11, WHITE, language)


def _cross(layer: Layer, centre: Point, radius: float) -> None:
    x, y = centre
    layer.ellipse(centre, (radius, radius), RED)
    layer.path([(x - radius / 2, y - radius / 2), (x + radius / 2, y + radius / 2)], WHITE, max(3, int(radius / 4)))
    layer.path([(x + radius / 2, y - radius / 2), (x - radius / 2, y + radius / 2)], WHITE, max(3, int(radius / 4)))


def _put_phone(scene: Pixels, phone: Layer, subject: Subject) -> None:
    put(scene, phone, _centre(subject.rng), subject.scale(1.02, 0.1), subject.rng)


def _draw_error(scene: Pixels, subject: Subject) -> None:
    """Draw a telephone that says no more than that something failed."""
    phone = _phone(subject, _brand(subject.rng))
    phone.box(18, 80, 132, 205, PALE)
    phone.box(18, 80, 132, 205, GREY, 1)
    phone.polygon([(75, 92), (99, 132), (51, 132)], pick(subject.rng, [RED, ORANGE]))
    phone.path([(75, 104), (75, 118)], WHITE, 4)
    phone.ellipse((75, 126), (2, 2), WHITE)
    phone.words("ERROR", (46, 152), 14, RED, subject.language)
    phone.words(f"{subject.rng.integers(400, 520)}", (60, 168), 10, GREY)
    _button(phone, 174, GREY, "RETRY", subject.language)
    _put_phone(scene, phone, subject)


def _draw_payment_failed(scene: Pixels, subject: Subject) -> None:
    rng = subject.rng
    phone = _phone(subject, _brand(rng))
    phone.box(26, 60, 124, 122, pick(rng, [BLUE, (60, 60, 70), (150, 60, 120), (40, 120, 160)]))
    phone.box(26, 72, 124, 84, BLACK)
    phone.box(34, 94, 52, 108, YELLOW)
    for group in range(3):
        phone.path([(60 + 20 * group, 112), (74 + 20 * group, 112)], WHITE, 3)
    _cross(phone, (118, 118), 19)
    phone.words(subject.matter["amount"], (40, 162), 17, INK)
    phone.words("DECLINED", (30, 188), 13, RED, subject.language)
    _button(phone, 206, RED, "PAY", subject.language)
    _put_phone(scene, phone, subject)


def _draw_login(scene: Pixels, subject: Subject) -> None:
    rng = subject.rng
    phone = _phone(subject, _brand(rng))
    metal = pick(rng, [ORANGE, GREY, BLUE, INK])
    phone.ellipse((75, 76), (15, 18), metal, 6, (180, 360))
    phone.box(53, 76, 97, 110, metal)
    phone.ellipse((75, 90), (5, 5), WHITE)
    phone.path([(75, 92), (75, 102)], WHITE, 3)
    for y, is_secret in ((122, False), (154, True)):
        phone.box(22, y, 128, y + 24, WHITE)
        phone.box(22, y, 128, y + 24, RED if is_secret else GREY, 2)
        if is_secret:
            for dot in range(int(rng.integers(4, 9))):
                phone.ellipse((32 + 11 * dot, y + 12), (3, 3), INK)
        else:
            phone.words("user", (30, y + 17), 10, GREY, subject.language)
    phone.words("WRONG PASSWORD", (22, 194), 7, RED, subject.language)
    _button(phone, 206, BLUE, "LOGIN", subject.language)
    _put_phone(scene, phone, subject)


def _draw_tracking(scene: Pixels, subject: Subject) -> None:
    """Draw a telephone with the parcel's way on a map, stuck half way."""
    rng = subject.rng
    phone = _phone(subject, _brand(rng))
    phone.box(9, 46, 141, 150, (205, 230, 215))
    for _ in range(4):
        phone.path([(9, rng.uniform(50, 148)), (141, rng.uniform(50, 148))], WHITE, 4)
        x = rng.uniform(15, 130)
        phone.path([(x, 47), (x + rng.uniform(-8, 8), 149)], WHITE, 4)
    phone.polygon([(9, 120), (60, 128), (90, 149), (9, 149)], (230, 190, 140))
    route = _zigzag((28, 132), (118, 66), rng)
    phone.path(route, BLUE, 4)
    x, y = route[-1]
    phone.ellipse((x, y - 8), (9, 9), RED)
    phone.polygon([(x - 8, y - 4), (x + 8, y - 4), (x, y + 10)], RED)
    stop = route[int(rng.integers(2, 4))]
    phone.box(stop[0] - 12, stop[1] - 8, stop[0] + 4, stop[1] + 5, ORANGE)
    phone.box(stop[0] + 4, stop[1] - 3, stop[0] + 11, stop[1] + 5, INK)
    phone.path([(28, 166), (28, 236)], GREY, 3)
    for row in range(4):
        is_done = row < 2
        phone.ellipse((28, 168 + 22 * row), (6, 6), GREEN if is_done else PALE)
        phone.path([(42, 168 + 22 * row), (rng.uniform(80, 100), 168 + 22 * row)], INK if is_done else GREY, 3)
    phone.words("DELAYED", (44, 216), 12, RED, subject.language)
    phone.ellipse((122, 212), (11, 11), ORANGE, 3)
    phone.path([(122, 204), (122, 212), (128, 214)], ORANGE, 2)
    _put_phone(scene, phone, subject)


# --- papers --------------------------------------------------------------------------------------------------------


def _draw_receipt(scene: Pixels, subject: Subject) -> None:
    """Draw a till receipt: a narrow strip with a ragged end."""
    rng = subject.rng
    height = int(rng.integers(210, 290))
    strip = Layer(110, height)
    ragged = [(x, height - 2 - 6 * (i % 2)) for i, x in enumerate(range(110, -1, -10))]
    strip.polygon([(0, 0), (109, 0), *ragged], (245, 248, 248))
    strip.words("SHOP", (32, 24), 14, INK, subject.language)
    for y in range(40, height - 78, 13):
        strip.path([(10, y), (rng.uniform(40, 65), y)], GREY, 2)
        strip.path([(rng.uniform(82, 88), y), (100, y)], GREY, 2)
    strip.path([(8, height - 72), (102, height - 72)], INK, 1)
    strip.words(subject.matter["amount"], (44, height - 54), 13, INK)
    _bars(strip, 18, height - 42, 74, 24, rng)
    put(scene, strip, _centre(rng), subject.scale(1, 0.1), rng)


def _draw_invoice(scene: Pixels, subject: Subject) -> None:
    """Draw a sheet of paper with a letterhead, a table, a total and a company's stamp."""
    rng = subject.rng
    sheet = Layer(200, 270, WHITE)
    sheet.ellipse((26, 26), (14, 14), _brand(rng))
    sheet.words("INVOICE", (76, 34), 20, INK, subject.language)
    for row in range(3):
        sheet.path([(14, 56 + 9 * row), (rng.uniform(60, 95), 56 + 9 * row)], GREY, 2)
    head = _brand(rng)
    sheet.box(12, 92, 188, 108, head)
    num_rows = int(rng.integers(3, 7))
    for row in range(num_rows + 1):
        y = 108 + 16 * row
        sheet.path([(12, y), (188, y)], GREY, 1)
        if row < num_rows:
            sheet.path([(18, y + 8), (rng.uniform(60, 100), y + 8)], INK, 2)
            sheet.path([(150, y + 8), (180, y + 8)], INK, 2)
    for x in (12, 118, 142, 188):
        sheet.path([(x, 92), (x, 108 + 16 * num_rows)], GREY, 1)
    sheet.words(subject.matter["amount"], (112, 236), 14, INK)
    stamp = pick(rng, [RED, BLUE])
    x, y = rng.uniform(45, 75), rng.uniform(222, 236)
    sheet.ellipse((x, y), (27, 27), stamp, 3)
    sheet.ellipse((x, y), (19, 19), stamp, 1)
    sheet.words("TAX", (x - 14, y + 5), 10, stamp, subject.language)
    put(scene, sheet, _centre(rng), subject.scale(1, 0.1), rng)


def _draw_refund(scene: Pixels, subject: Subject) -> None:
    """Draw a return slip, a big arrow that turns back to a coin."""
    rng = subject.rng
    slip = Layer(230, 170, pick(rng, [(190, 235, 250), (225, 245, 225), (235, 235, 250)]))
    slip.box(4, 4, 226, 166, INK, 2)
    slip.words("RETURN", (14, 32), 18, INK, subject.language)
    arrow = pick(rng, [GREEN, BLUE, ORANGE])
    slip.ellipse((78, 98), (40, 40), arrow, 12, (-150, 120))
    slip.polygon([(26, 76), (62, 62), (50, 100)], arrow)
    slip.ellipse((78, 98), (20, 20), (50, 190, 235))
    slip.ellipse((78, 98), (15, 15), (30, 150, 200), 2)
    slip.words("$", (71, 107), 17, INK)
    slip.words(subject.matter["amount"], (136, 76), 14, INK)
    _bars(slip, 138, 92, 72, 34, rng)
    slip.path([(138, 142), (210, 142)], GREY, 3)
    put(scene, slip, _centre(rng), subject.scale(1.05, 0.1), rng)


def _draw_nothing_much(scene: Pixels, subject: Subject) -> None:
    """Draw a picture that does not help: the shop's list of orders, a keyboard, a hand-written note."""
    rng = subject.rng
    match int(rng.integers(3)):
        case 0:
            phone = _phone(subject, _brand(rng))
            for row in range(4):
                y = 54 + 48 * row
                phone.box(16, y, 134, y + 40, PALE)
                phone.box(22, y + 6, 48, y + 34, PAINTS[pick(rng, list(PAINTS))])
                phone.path([(56, y + 12), (rng.uniform(90, 125), y + 12)], INK, 3)
                phone.path([(56, y + 25), (rng.uniform(75, 110), y + 25)], GREY, 2)
            _put_phone(scene, phone, subject)
        case 1:
            board = Layer(270, 110, pick(rng, [INK, GREY, PALE]))
            for row in range(4):
                for column in range(11):
                    board.box(8 + 24 * column, 8 + 25 * row, 26 + 24 * column, 27 + 25 * row, pick(rng, [WHITE, PALE]))
            put(scene, board, _centre(rng), subject.scale(1, 0.15), rng)
        case _:
            note = Layer(180, 180, pick(rng, [(140, 235, 250), (210, 240, 250), (245, 225, 200)]))
            for row in range(5):
                y = 36 + 28 * row
                note.path(_zigzag((16, y), (rng.uniform(90, 165), y), rng, num_points=14), pick(rng, [INK, BLUE]), 2)
            put(scene, note, _centre(rng), subject.scale(1, 0.15), rng)


_PAIRS = CONFUSIONS["image"]
_DRAWINGS: Mapping[Evidence, Callable[[Pixels, Subject], None]] = {
    frozenset({Intent.DAMAGED_ITEM}): _draw_damage,
    frozenset({Intent.WRONG_ITEM}): _draw_wrong_item,
    frozenset({Intent.LATE_DELIVERY}): _draw_tracking,
    frozenset({Intent.PAYMENT_FAILED}): _draw_payment_failed,
    frozenset({Intent.REFUND}): _draw_refund,
    frozenset({Intent.LOGIN}): _draw_login,
    frozenset({Intent.INVOICE}): _draw_invoice,
    frozenset({Intent.PRODUCT_QUESTION}): _draw_question,
    _PAIRS[0]: _draw_closed_parcel,
    _PAIRS[1]: _draw_article,
    _PAIRS[2]: _draw_error,
    _PAIRS[3]: _draw_receipt,
    VAGUE: _draw_nothing_much,
}
