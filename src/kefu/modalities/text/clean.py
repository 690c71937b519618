"""Checking and normalising one text."""

import html
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Any

from pydantic import Field

from kefu.modalities.contract import Cleaned
from kefu.modalities.text.fingerprint import digest, simhash
from kefu.modalities.text.language import HAN, detect_language
from kefu.modalities.text.mojibake import repair_mojibake
from kefu.parameters import Parameters
from kefu.privacy import mask
from kefu.tickets.faults import Fault, Reason

_PLACEHOLDERS = (
    *("n/a", "none", "null", "nil", "nan", "undefined", "empty", "tbd", "not applicable", "not available"),
    *("no text", "no message", "no comment", "no comments", "no content"),
    *("无", "無", "空", "没有", "沒有", "暂无", "暫無", "空白", "不适用", "未填写", "未填"),
    *("无内容", "没有内容", "暂无内容", "无文字", "没有文字", "无留言", "没有留言"),
)
# markup may be several times as long as what it says
_RAW_CHARS_PER_CHAR = 8

_HAS_HAN = re.compile(f"[{HAN}]")
_AMPERSANDS = re.compile("&(?:amp;|AMP;|#0*38;|#[xX]0*26;)+")
_ENTITY = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# neither part runs over another opening, so that a heap of openings costs no more than its length
_INVISIBLE_MARKUP = re.compile(
    r"<!--(?:[^<]|<(?!!--)){0,4000}?-->|<!doctype[^<>]{0,200}>"
    r"|<(script|style)\b[^<>]{0,500}>(?:[^<]|<(?!\1)){0,4000}?</\1\s*>",
    re.I,
)
_BREAKING_TAG = re.compile(
    r"</?(?:address|article|aside|blockquote|body|br|center|dd|div|dl|dt|footer|form|h[1-6]|head|header|hr|html|li"
    r"|main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|title|tr|ul)(?:\s[^<>]{0,1000})?/?>",
    re.I,
)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|big|button|cite|code|del|em|font|i|img|ins|kbd|label|link|mark|meta|q|s|script|small|span"
    r"|strike|strong|style|sub|sup|tt|u|wbr)(?:\s[^<>]{0,1000})?/?>",
    re.I,
)
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# control and format characters (zero width, direction, byte order), variation selectors, halves of surrogate
# pairs, private use, and the marks of a failed decoding
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\ud800-\udfff\ue000-\uf8ff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]+"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_FRACTION = re.compile("(?<=\\d)(?=[\u00bc-\u00be\u2150-\u215e])")
# NFKC would turn the accents into a space and a combining mark, and glue the marks' letters to the word before
_ACCENTS_AND_MARKS = str.maketrans(
    {"\u00b4": "'", "\u02bc": "'", "\u2032": "'", "\u2033": '"'}
    | dict.fromkeys("\u00a8\u00af\u00b8\u02d8\u02d9\u02da\u02db\u02dc\u02dd\u2122\u2120", " ")
)
_APOSTROPHE = re.compile("(?<=[A-Za-z0-9])[\u2018\u2019](?=[A-Za-z])")
# Chinese writing keeps its own punctuation
_CHINESE_PUNCTUATION = "！（），：；？～…“”‘’"
_NOT_CHINESE_PUNCTUATION = re.compile(f"[^{_CHINESE_PUNCTUATION}]+")
_WESTERN = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"})
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")

_ALPHANUMERIC = re.compile(r"[^\W_]")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


class Cleaning(Parameters):
    """What counts as a text, and how much of it is kept."""

    max_chars: int = Field(4000, ge=1, description="Longer texts are cut here.")
    placeholders: tuple[str, ...] = Field(
        _PLACEHOLDERS, description="Texts that say that there is no text; case, spaces and punctuation do not count."
    )
    mask_personal_data: bool = Field(
        False,
        description="Cards, accounts, telephones, identity papers, e-mail and postal addresses and names become "
        "[card], [phone] and so on, in training and in prediction; pictures and recordings keep theirs.",
    )


def clean(raw: Any, params: Cleaning) -> Cleaned | Fault:
    """Normalise a text, or say why it is none.

    Markup, control and zero-width characters go, character references are resolved however often they were
    escaped, Unicode is brought to NFKC (Chinese text keeps Chinese punctuation), white space is single. Cleaning
    a cleaned text changes nothing.

    The facts are ``language`` (``en``, ``zh``, ``mixed``, ``other``), ``num_chars``, ``cut`` (whether the end was
    cut off), ``digest`` and ``simhash`` (see :mod:`kefu.modalities.text.fingerprint`). Where personal data are masked,
    ``masked_<kind>`` is how many of each kind that was found (see :mod:`kefu.privacy`), and all other facts are of the
    masked text.
    """
    if not isinstance(raw, str):
        return Fault(Reason.WRONG_TYPE, f"text expected, found {type(raw).__name__}")
    max_raw_chars = params.max_chars * _RAW_CHARS_PER_CHAR
    masked: Counter[str] = Counter()
    text = _settle(str(raw[:max_raw_chars]))
    if params.mask_personal_data:  # before the cut, which may leave the half of a number
        text = _mask(text, masked)
    cut = len(text) > params.max_chars or len(raw) > max_raw_chars
    while len(text) > params.max_chars:
        text = _settle(text[: params.max_chars])
        if params.mask_personal_data:
            text = _mask(text, masked)
    if not _has_content(text):
        shown = mask(raw[:max_raw_chars]).text if params.mask_personal_data else raw
        found = f"nothing but punctuation or markup: {shown[:40]!r}" if raw.strip() else "blank"
        return Fault(Reason.EMPTY, f"no text, {found}")
    if _comparable(text) in _comparable_placeholders(params.placeholders):
        return Fault(Reason.EMPTY, f"{text!r} stands for a missing text")
    return Cleaned(
        text,
        {
            "language": detect_language(text),
            "num_chars": len(text),
            "cut": cut,
            "digest": digest(text),
            "simhash": simhash(text),
            **{f"masked_{kind}": number for kind, number in sorted(masked.items())},
        },
    )


def _mask(text: str, counts: Counter[str]) -> str:
    """Return a settled text without personal data, and count the kinds that were found."""
    while (masked := mask(text)).found:
        counts.update(found.kind for found in masked.found)
        text = _settle(masked.text)
    return text


def _settle(text: str) -> str:
    # what one step uncovers is the next one's work: an escaped tag, a full-width ampersand
    while (normalised := _normalise(text)) != text:
        text = normalised
    return text


def _normalise(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), _AMPERSANDS.sub("&", text))
    if "<" in text:
        text = _INLINE_TAG.sub("", _BREAKING_TAG.sub("\n", _INVISIBLE_MARKUP.sub(" ", text)))
    if not text.isascii():
        text = _normalise_unicode(text)
    text = _INVISIBLE.sub("", _LINE_BREAK.sub("\n", text))
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def _normalise_unicode(text: str) -> str:
    if _SURROGATE.search(text):  # pairs are joined, lone halves dropped
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _FRACTION.sub(" ", repair_mojibake(text).translate(_ACCENTS_AND_MARKS))
    if _HAS_HAN.search(text):
        text = _NOT_CHINESE_PUNCTUATION.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    else:
        text = unicodedata.normalize("NFKC", text).translate(_WESTERN)
    return _APOSTROPHE.sub("'", text).replace("\u2044", "/")


def _has_content(text: str) -> bool:
    return bool(_ALPHANUMERIC.search(text)) or any(unicodedata.category(char) == "So" for char in text)


def _comparable(text: str) -> str:
    kept = _NOT_ALPHANUMERIC.sub("", text.casefold())
    # an emoji beside a placeholder is content
    return kept if all(unicodedata.category(char) != "So" for char in text[:100]) else text


@lru_cache(maxsize=8)
def _comparable_placeholders(placeholders: tuple[str, ...]) -> frozenset[str]:
    return frozenset(filter(None, map(_comparable, placeholders)))
