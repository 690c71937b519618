"""Pictures of telephones that show a page of the shop."""

from kefu.demo.drawing import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    RED,
    WHITE,
    YELLOW,
    Colour,
    Layer,
    Pixels,
    Point,
    put,
)
from kefu.demo.subjects import Subject, draw_brand, zigzag
from kefu.demo.text import pick


def draw_phone(subject: Subject, bar: Colour) -> Layer:
    """Draw a telephone with an empty page under a coloured bar."""
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


def put_phone(scene: Pixels, phone: Layer, subject: Subject) -> None:
    """Put a telephone into the scene."""
    put(scene, phone, subject.centre(), subject.scale(1.02, 0.1), subject.rng)


def draw_error(scene: Pixels, subject: Subject) -> None:
    """Draw a telephone that says no more than that something failed."""
    phone = draw_phone(subject, draw_brand(subject.rng))
    phone.box(18, 80, 132, 205, PALE)
    phone.box(18, 80, 132, 205, GREY, thickness=1)
    phone.polygon([(75, 92), (99, 132), (51, 132)], pick(subject.rng, [RED, ORANGE]))
    phone.path([(75, 104), (75, 118)], WHITE, 4)
    phone.ellipse((75, 126), (2, 2), WHITE)
    phone.words("ERROR", (46, 152), 14, RED, subject.language)
    phone.words(f"{subject.rng.integers(400, 520)}", (60, 168), 10, GREY)
    _button(phone, 174, GREY, "RETRY", subject.language)
    put_phone(scene, phone, subject)


def draw_payment_failed(scene: Pixels, subject: Subject) -> None:
    """Draw a card that was declined."""
    rng = subject.rng
    phone = draw_phone(subject, draw_brand(rng))
    phone.box(26, 60, 124, 122, pick(rng, [BLUE, (60, 60, 70), (150, 60, 120), (40, 120, 160)]))
    phone.box(26, 72, 124, 84, BLACK)
    phone.box(34, 94, 52, 108, YELLOW)
    for group in range(3):
        phone.path([(60 + 20 * group, 112), (74 + 20 * group, 112)], WHITE, 3)
    _cross(phone, (118, 118), 19)
    phone.words(subject.matter["amount"], (40, 162), 17, INK)
    phone.words("DECLINED", (30, 188), 13, RED, subject.language)
    _button(phone, 206, RED, "PAY", subject.language)
    put_phone(scene, phone, subject)


def draw_login(scene: Pixels, subject: Subject) -> None:
    """Draw a page for signing in that refuses the password."""
    rng = subject.rng
    phone = draw_phone(subject, draw_brand(rng))
    metal = pick(rng, [ORANGE, GREY, BLUE, INK])
    phone.ellipse((75, 76), (15, 18), metal, 6, (180, 360))
    phone.box(53, 76, 97, 110, metal)
    phone.ellipse((75, 90), (5, 5), WHITE)
    phone.path([(75, 92), (75, 102)], WHITE, 3)
    for y, is_secret in ((122, False), (154, True)):
        phone.box(22, y, 128, y + 24, WHITE)
        phone.box(22, y, 128, y + 24, RED if is_secret else GREY, thickness=2)
        if is_secret:
            for dot in range(int(rng.integers(4, 9))):
                phone.ellipse((32 + 11 * dot, y + 12), (3, 3), INK)
        else:
            phone.words("user", (30, y + 17), 10, GREY, subject.language)
    phone.words("WRONG PASSWORD", (22, 194), 7, RED, subject.language)
    _button(phone, 206, BLUE, "LOGIN", subject.language)
    put_phone(scene, phone, subject)


def draw_tracking(scene: Pixels, subject: Subject) -> None:
    """Draw a telephone with the parcel's way on a map, stuck half way."""
    rng = subject.rng
    phone = draw_phone(subject, draw_brand(rng))
    phone.box(9, 46, 141, 150, (205, 230, 215))
    for _ in range(4):
        phone.path([(9, rng.uniform(50, 148)), (141, rng.uniform(50, 148))], WHITE, 4)
        x = rng.uniform(15, 130)
        phone.path([(x, 47), (x + rng.uniform(-8, 8), 149)], WHITE, 4)
    phone.polygon([(9, 120), (60, 128), (90, 149), (9, 149)], (230, 190, 140))
    route = zigzag((28, 132), (118, 66), rng)
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
    put_phone(scene, phone, subject)
