"""Pictures of papers and of things that do not help."""

from kefu.demo.articles import PAINTS
from kefu.demo.drawing import BLUE, GREEN, GREY, INK, ORANGE, PALE, RED, WHITE, Layer, Pixels, put
from kefu.demo.phones import draw_phone, put_phone
from kefu.demo.subjects import Subject, draw_bars, draw_brand, zigzag
from kefu.demo.text import pick


def draw_receipt(scene: Pixels, subject: Subject) -> None:
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
    draw_bars(strip, (18, height - 42), (74, 24), rng)
    put(scene, strip, subject.centre(), subject.scale(1, 0.1), rng)


def draw_invoice(scene: Pixels, subject: Subject) -> None:
    """Draw a sheet of paper with a letterhead, a table, a total and a company's stamp."""
    rng = subject.rng
    sheet = Layer(200, 270, WHITE)
    sheet.ellipse((26, 26), (14, 14), draw_brand(rng))
    sheet.words("INVOICE", (76, 34), 20, INK, subject.language)
    for row in range(3):
        sheet.path([(14, 56 + 9 * row), (rng.uniform(60, 95), 56 + 9 * row)], GREY, 2)
    head = draw_brand(rng)
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
    across, down = rng.uniform(45, 75), rng.uniform(222, 236)
    sheet.ellipse((across, down), (27, 27), stamp, 3)
    sheet.ellipse((across, down), (19, 19), stamp, 1)
    sheet.words("TAX", (across - 14, down + 5), 10, stamp, subject.language)
    put(scene, sheet, subject.centre(), subject.scale(1, 0.1), rng)


def draw_refund(scene: Pixels, subject: Subject) -> None:
    """Draw a return slip, a big arrow that turns back to a coin."""
    rng = subject.rng
    slip = Layer(230, 170, pick(rng, [(190, 235, 250), (225, 245, 225), (235, 235, 250)]))
    slip.box(4, 4, 226, 166, INK, thickness=2)
    slip.words("RETURN", (14, 32), 18, INK, subject.language)
    arrow = pick(rng, [GREEN, BLUE, ORANGE])
    slip.ellipse((78, 98), (40, 40), arrow, 12, (-150, 120))
    slip.polygon([(26, 76), (62, 62), (50, 100)], arrow)
    slip.ellipse((78, 98), (20, 20), (50, 190, 235))
    slip.ellipse((78, 98), (15, 15), (30, 150, 200), 2)
    slip.words("$", (71, 107), 17, INK)
    slip.words(subject.matter["amount"], (136, 76), 14, INK)
    draw_bars(slip, (138, 92), (72, 34), rng)
    slip.path([(138, 142), (210, 142)], GREY, 3)
    put(scene, slip, subject.centre(), subject.scale(1.05, 0.1), rng)


def draw_nothing_much(scene: Pixels, subject: Subject) -> None:
    """Draw a picture that does not help: the shop's list of orders, a keyboard, a hand-written note."""
    rng = subject.rng
    match int(rng.integers(3)):
        case 0:
            phone = draw_phone(subject, draw_brand(rng))
            for row in range(4):
                y = 54 + 48 * row
                phone.box(16, y, 134, y + 40, PALE)
                phone.box(22, y + 6, 48, y + 34, PAINTS[pick(rng, list(PAINTS))])
                phone.path([(56, y + 12), (rng.uniform(90, 125), y + 12)], INK, 3)
                phone.path([(56, y + 25), (rng.uniform(75, 110), y + 25)], GREY, 2)
            put_phone(scene, phone, subject)
        case 1:
            board = Layer(270, 110, pick(rng, [INK, GREY, PALE]))
            for row in range(4):
                for column in range(11):
                    board.box(8 + 24 * column, 8 + 25 * row, 26 + 24 * column, 27 + 25 * row, pick(rng, [WHITE, PALE]))
            put(scene, board, subject.centre(), subject.scale(1, 0.15), rng)
        case _:
            note = Layer(180, 180, pick(rng, [(140, 235, 250), (210, 240, 250), (245, 225, 200)]))
            for row in range(5):
                y = 36 + 28 * row
                note.path(zigzag((16, y), (rng.uniform(90, 165), y), rng, num_points=14), pick(rng, [INK, BLUE]), 2)
            put(scene, note, subject.centre(), subject.scale(1, 0.15), rng)
