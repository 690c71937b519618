"""What a text is searched by: stems of English words, single Chinese characters and pairs of them."""

import re
import unicodedata

from kefu.modalities.text.language import HAN

_RUN = re.compile(f"(?P<han>[{HAN}]+)|[^\\W_{HAN}]+(?:['’][^\\W_{HAN}]+)*")
# Lucene's list for English; longer ones, with `where` and `get` in them, found less
_STOP_WORDS = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
))  # fmt: skip
_APOSTROPHE = re.compile("['’](?:s$)?")
_NO_PLURAL = ("ss", "us", "is", "aies", "eies", "aes", "ees", "oes")


def find_terms(text: str) -> list[str]:
    """Return the terms of a text in any mixture of English and Chinese, in their order, repetitions included.

    English words without a meaning of their own, as `the`, are left out. Width and case do not matter. Of 退款单 the
    terms are 退, 款, 单, 退款 and 款单.
    """
    terms: list[str] = []
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        run = match[0]
        if match["han"] is None:
            word = _APOSTROPHE.sub("", run)
            terms += [] if word in _STOP_WORDS else [stem(word)]
        else:
            terms += run
            terms += [run[start : start + 2] for start in range(len(run) - 1)]
    return terms


def stem(word: str) -> str:
    """Take the plural off an English word (the S stemmer of Harman 1991); other words stay as they are."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(_NO_PLURAL):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]
