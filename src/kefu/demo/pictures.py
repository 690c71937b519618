"""Pictures that customers send."""

from collections.abc import Callable, Mapping

import numpy as np

from kefu.demo import goods, papers, phones
from kefu.demo.drawing import Pixels, photograph
from kefu.demo.intents import CONFUSIONS, VAGUE, Evidence, Intent
from kefu.demo.parameters import DemoParameters
from kefu.demo.scenery import add_clutter, draw_ground, frame
from kefu.demo.subjects import Subject


def draw_picture(
    evidence: Evidence, language: str, matter: Mapping[str, str], params: DemoParameters, rng: np.random.Generator
) -> bytes:
    """Draw a picture that fits the ``evidence`` and gives nothing else away; return a JPEG file."""
    side = params.picture_side_px * rng.uniform(0.8, 1.2)
    width, height = (4, 3) if rng.random() < 0.65 else (3, 4)
    size = (round(side * width / 4), round(side * height / 4))
    scene = draw_ground(rng)
    add_clutter(scene, rng)
    subject = Subject(matter, language, rng, zoom=0.85 if width > height else 1)
    _DRAWINGS[evidence](scene, subject)
    if rng.random() < 0.25:
        add_clutter(scene, rng, at_edge=True)
    # drawn on a square, then framed: cropping moves the matter around as a hand does
    return photograph(frame(scene, size, rng), rng)


_PAIRS = CONFUSIONS["image"]
_DRAWINGS: Mapping[Evidence, Callable[[Pixels, Subject], None]] = {
    frozenset({Intent.DAMAGED_ITEM}): goods.draw_damage,
    frozenset({Intent.WRONG_ITEM}): goods.draw_wrong_item,
    frozenset({Intent.LATE_DELIVERY}): phones.draw_tracking,
    frozenset({Intent.PAYMENT_FAILED}): phones.draw_payment_failed,
    frozenset({Intent.REFUND}): papers.draw_refund,
    frozenset({Intent.LOGIN}): phones.draw_login,
    frozenset({Intent.INVOICE}): papers.draw_invoice,
    frozenset({Intent.PRODUCT_QUESTION}): goods.draw_question,
    _PAIRS[0]: goods.draw_closed_parcel,
    _PAIRS[1]: goods.draw_article,
    _PAIRS[2]: phones.draw_error,
    _PAIRS[3]: papers.draw_receipt,
    VAGUE: papers.draw_nothing_much,
}
