"""Messages of customers, written from a grammar in two languages, with slips of the keyboard."""

import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TypeVar

import numpy as np

from kefu.demo import chinese, english
from kefu.demo.intents import Evidence

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_GRAMMARS: Mapping[str, ModuleType] = {"en": english, "zh": chinese}

_WRONG_CHARACTERS = str.maketrans("在已订账登款裹破码付货怎处收递帮票", "再以定帐蹬欸果坡马副或乍外受弟邦漂")
_TRADITIONAL = str.maketrans(
    "请货单订错坏图码发个没还这买钱开录账问题谢们么时间东损为样颜红蓝绿说话语电处理网页价线张让边带断压湿运输",
    "請貨單訂錯壞圖碼發個沒還這買錢開錄賬問題謝們麼時間東損為樣顏紅藍綠說話語電處理網頁價線張讓邊帶斷壓濕運輸",
)
_NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
_TRADITIONAL_SHARE = 0.08

T = TypeVar("T")


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Return one of the options."""
    return options[int(rng.integers(len(options)))]


def draw_matter(rng: np.random.Generator) -> dict[str, str]:
    """Draw what a ticket is about, apart from its intent: the same in its text and its picture."""
    product, other = (str(key) for key in rng.choice(list(english.PRODUCTS), size=2, replace=False))
    colour, other_colour = (str(key) for key in rng.choice(list(english.COLOURS), size=2, replace=False))
    return {
        "product": product,
        "other": other,
        "colour": colour,
        "other_colour": other_colour,
        "order": f"{pick(rng, ['A', 'B', 'K', 'SH', 'WX'])}{int(rng.integers(10_000, 1_000_000))}",
        "amount": f"{int(rng.integers(5, 400))}.{int(rng.integers(100)):02d}",
        "days": str(int(rng.integers(2, 20))),
        "day": str(int(rng.integers(1, 29))),
        "month": str(int(rng.integers(1, 13))),
    }


def write_text(
    evidence: Evidence, language: str, matter: Mapping[str, str], typo_share: float, rng: np.random.Generator
) -> str:
    """Write a message that fits the ``evidence`` and gives nothing else away.

    Args:
        evidence: The intents that the message has to fit.
        language: ``en`` or ``zh``.
        matter: What the ticket is about, from :func:`draw_matter`.
        typo_share: Share of the messages with slips of the keyboard.
        rng: The source of chance.
    """
    grammar = _GRAMMARS[language]
    sentences = [pick(rng, grammar.TEXT[evidence])]
    num_asides = int(rng.choice(3, p=[0.4, 0.45, 0.15]))
    asides = [str(aside) for aside in rng.choice(grammar.ASIDES, size=num_asides, replace=False)]
    for aside in asides:
        sentences.insert(int(rng.integers(len(sentences) + 1)), aside)
    is_chinese = language == "zh"
    if rng.random() < 0.5:
        sentences.insert(0, pick(rng, grammar.GREETINGS) + ("，" if is_chinese else pick(rng, [",", "!", "."])))
    if rng.random() < 0.4:
        sentences.append(pick(rng, grammar.CLOSINGS) + ("" if is_chinese else pick(rng, ["", ".", "!"])))
    text = fill(("" if is_chinese else " ").join(sentences), language, matter, rng)
    if rng.random() < typo_share:
        text = (_slip_chinese if is_chinese else _slip_english)(text, rng)
    if is_chinese and rng.random() < _TRADITIONAL_SHARE:
        text = text.translate(_TRADITIONAL)
    return text


def fill(template: str, language: str, matter: Mapping[str, str], rng: np.random.Generator) -> str:
    """Choose among ``[a|b]`` and put the matter into ``{slots}`` in the customer's language."""
    grammar = _GRAMMARS[language]

    def say(slot: re.Match[str]) -> str:
        name = slot.group(1)
        match name:
            case "product" | "other":
                return str(grammar.PRODUCTS[matter[name]])
            case "colour" | "other_colour":
                return str(grammar.COLOURS[matter[name]])
            case "name":
                return str(pick(rng, grammar.NAMES))
            case "date":
                return _say_date(matter, language, rng)
            case "amount":
                amount = matter[name]
                return pick(rng, ["¥{}", "{}元", "{}块"] if language == "zh" else ["£{}", "${}", "{} EUR"]).format(
                    amount
                )
        return matter[name]

    filled = _SLOT.sub(say, _choose(template, rng))
    return _choose(filled, rng)


def _choose(template: str, rng: np.random.Generator) -> str:
    return _CHOICE.sub(lambda choice: pick(rng, choice.group(1).split("|")), template)


def _say_date(matter: Mapping[str, str], language: str, rng: np.random.Generator) -> str:
    day, month = matter["day"], matter["month"]
    if language == "zh":
        return pick(rng, ["{m}月{d}号", "{m}月{d}日", "{m}.{d}"]).format(d=day, m=month)
    names = ("Jan", "Feb", "March", "April", "May", "June", "July", "August", "Sept", "Oct", "Nov", "Dec")
    return pick(rng, ["{d} {n}", "{n} {d}", "{d}/{m}"]).format(d=day, m=month, n=names[int(month) - 1])


def _slip_english(text: str, rng: np.random.Generator) -> str:
    """Swap, drop, double or miss some letters; forget capitals or full stops."""
    match int(rng.integers(5)):
        case 0:
            return text.lower()
        case 1:
            return text.replace(".", "").replace(",", "")
    letters = list(text)
    places = [i for i in range(1, len(letters) - 1) if letters[i].islower() and letters[i + 1].islower()]
    for place in rng.choice(places, size=min(len(places), 1 + len(places) // 40), replace=False) if places else []:
        match int(rng.integers(4)):
            case 0 if letters[place + 1]:
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            case 1:
                letters[place] = ""
            case 2:
                letters[place] *= 2
            case _ if letters[place][:1] in _NEIGHBOURS:
                letters[place] = pick(rng, _NEIGHBOURS[letters[place][:1]])
    return "".join(letters)


def _slip_chinese(text: str, rng: np.random.Generator) -> str:
    """Write a wrong character that sounds or looks alike, or leave the punctuation out."""
    if rng.random() < 0.4:
        return re.sub("[，。？]", lambda _: pick(rng, ["", " "]), text).strip()
    wrong = text.translate(_WRONG_CHARACTERS)
    places = [i for i in range(len(text)) if text[i] != wrong[i]]
    chosen = set(rng.choice(places, size=min(len(places), 2), replace=False).tolist()) if places else set()
    return "".join(wrong[i] if i in chosen else character for i, character in enumerate(text))
