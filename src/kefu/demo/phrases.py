"""Chinese phrases of customers, as they are spoken, to train a recogniser of speech with."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from kefu.demo import chinese
from kefu.demo.text import draw_matter, fill, pick

_DATE = "{month}月{day}号"
_NUMBERS = (
    "订单号是{order}", "我的订单号{order}", "单号{order}查一下", "{order}到哪里了", "我付了{amount}", "一共{amount}",
    "{date}[下的单|付的款|寄出去的|收到的]", "已经{days}天了", "等了{days}天", "请在{date}之前送到",
    "我买了{days}个{product}", "退给我{amount}", "少退了{amount}",
    "我要[查|改|取消]订单{order}", "{colour}的{product}[多少钱|还有吗|有货吗]",
)  # fmt: skip


class Phrase(NamedTuple):
    """What someone says."""

    text: str
    """Written as usual, punctuation and digits included."""
    source: str
    """The template it was made from: what has the same source is alike."""


def draw_phrases(count: int, rng: np.random.Generator) -> Iterator[Phrase]:
    """Yield ``count`` phrases of the demo shop's customers, whatever they call about."""
    templates = [
        *(template for grammar in (chinese.SPOKEN, chinese.TEXT) for said in grammar.values() for template in said),
        *chinese.ASIDES,
        *_NUMBERS,
    ]
    for _ in range(count):
        template = pick(rng, templates)
        matter = draw_matter(rng)
        text = fill(template.replace("{date}", _DATE), "zh", matter, rng)
        dice = rng.random()
        if dice < 0.15:
            text = f"{pick(rng, chinese.SPOKEN_OPENINGS)}，{text}"
        elif dice < 0.25:
            text = f"{text}，{pick(rng, chinese.SPOKEN_CLOSINGS)}"
        yield Phrase(text, template)
