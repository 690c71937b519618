"""Which language a text is in, told by its script and its function words."""

import re
from typing import Literal

Language = Literal["en", "zh", "mixed", "other"]

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, written for the inside of a regular expression's brackets."""

_HAN = re.compile(f"[{HAN}]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+")
_OTHER_LETTER = re.compile(f"[^\\W\\d_A-Za-z\u00aa\u00ba\u00c0-\u024f{HAN}]")

_ENGLISH_WORDS = (
    "a about all an and are as at be but by can could did do does for from had has have how i if in is it its me "
    "my no not of on or please so that the their there they this to too very was we were what when where which "
    "who why will with would you your"
)
_OTHER_WORDS = (
    "au auf aus avec bei bitte ce che como con da das de dei del della den der des die diese dla do du e ein eine "
    "el em en es est et haben het ich il ist je jest kann ke la le les los mais mein meine mi mit na nao ne nicht "
    "nie niet non nous o och os pas para per pero por pour que qui se si sie sind su sur um un una und une uno van "
    "von vous wie z zu"
)
_ENGLISH, _OTHER_LATIN = frozenset(_ENGLISH_WORDS.split()), frozenset(_OTHER_WORDS.split())


def detect_language(text: str) -> Language:
    """Tell English, Chinese, a mixture of both, and everything else apart.

    A Chinese character counts as much as a Latin word. A text in Latin script is English unless the function
    words of other European languages outnumber the English ones. A text without letters is ``other``.
    """
    num_han = len(_HAN.findall(text))
    num_other = len(_OTHER_LETTER.findall(text))
    words = _LATIN_WORD.findall(text)
    # kana beside Chinese characters is Japanese, so a fifth is enough
    if num_other > 0.2 * (num_han + num_other) + 0.5 * len(words) or not (num_han or words):
        return "other"
    share = num_han / (num_han + len(words))
    if share >= 0.7:
        return "zh"
    if share > 0.1:
        return "mixed"
    lowered = [word.lower() for word in words]
    num_foreign = sum(word in _OTHER_LATIN for word in lowered)
    num_english = sum(word in _ENGLISH for word in lowered)
    return "other" if num_foreign >= 2 and num_foreign > num_english else "en"
