"""Details that a shop needs, wherever a customer gives them: order numbers, amounts of money, days."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from kefu.assistant.dates import find_dates
from kefu.assistant.messages import Entity
from kefu.assistant.numerals import (
    CHINESE_NUMERAL,
    ENGLISH_NUMERAL,
    SPOKEN_DIGIT,
    parse_chinese,
    parse_digits,
    parse_english,
)
from kefu.parameters import Parameters

Source = Literal["text", "image", "audio"]

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_TOKEN = re.compile(SPOKEN_DIGIT, re.IGNORECASE)
_GAP = r"(?:\s?[-–]\s?|\s{1,2})?"

_ENGLISH_CURRENCIES = {"dollar": "USD", "buck": "USD", "euro": "EUR", "pound": "GBP", "quid": "GBP", "yuan": "CNY"}
_CHINESE_CURRENCIES = {
    "元": "CNY", "块": "CNY", "人民币": "CNY", "圆": "CNY", "美元": "USD", "美金": "USD", "欧元": "EUR", "英镑": "GBP",
}  # fmt: skip
_SYMBOLS = {"£": "GBP", "$": "USD", "€": "EUR", "¥": "CNY", "￥": "CNY"}
_CODES = ("EUR", "USD", "GBP", "CNY", "RMB")

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
_NOT_BEFORE, _NOT_AFTER = r"(?<![\d.,A-Za-z])", r"(?!\d|[.,]\d)"
_SYMBOL_FIRST = re.compile(
    rf"(?P<currency>[{''.join(_SYMBOLS)}]|(?<!\d)(?<!\d\s)\b(?:{'|'.join(_CODES)}))\s?(?P<number>{_NUMBER}){_NOT_AFTER}",
    re.IGNORECASE,
)
_SYMBOL_LAST = re.compile(
    rf"{_NOT_BEFORE}(?P<number>{_NUMBER})\s?(?P<currency>[{''.join(_SYMBOLS)}]|(?:{'|'.join(_CODES)})\b)", re.IGNORECASE
)
_ENGLISH_WORDS = re.compile(
    rf"(?:{_NOT_BEFORE}(?P<number>{_NUMBER})|(?P<words>{ENGLISH_NUMERAL}))"
    rf"[\s-]?(?P<currency>{'|'.join(_ENGLISH_CURRENCIES)})s?\b"
    rf"(?:\s+(?:and\s+)?(?P<part>\d{{1,2}}|{ENGLISH_NUMERAL})(?:\s+(?:cents?|pence|p)\b)?(?!\s+\w+\s+(?:ago|late)))?",
    re.IGNORECASE,
)
_CHINESE_WORDS = re.compile(
    rf"(?:{_NOT_BEFORE}(?P<number>{_NUMBER})|(?P<words>{CHINESE_NUMERAL}))"
    rf"\s?(?P<currency>{'|'.join(sorted(_CHINESE_CURRENCIES, key=len, reverse=True))})(?P<money>钱)?"
    "(?:(?P<tenths>[\\d一二三四五六七八九])(?:[毛角](?:(?P<hundredths>[\\d一二三四五六七八九])分?)?)?(?![\\d天个月号]))?"
)
_BARE = re.compile(r"(?<![\d.,:/-])\d{1,6}\.\d\d(?![\d.,:/-])")


class OrderNumbers(Parameters):
    """What the shop's order numbers look like: a prefix, perhaps a separator, digits."""

    prefixes: tuple[str, ...] = Field(("",), min_length=1, description="Letters in front, such as KF; '' for none")
    separator: str = Field("", max_length=1, description="Between prefix and digits, such as - in KF-20391")
    min_digits: int = Field(5, ge=1, le=30, description="Digits of the shortest number")
    max_digits: int = Field(6, ge=1, le=30, description="Digits of the longest number")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min_digits > self.max_digits:
            raise ValueError("min_digits must not exceed max_digits")
        if wrong := [prefix for prefix in self.prefixes if prefix and not (prefix.isascii() and prefix.isalpha())]:
            raise ValueError(f"prefixes are Latin letters, not {wrong[0]!r}")
        return self

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield order numbers as the shop writes them, and where in the text they start and end.

        Typed or said: ``SH 123456``, ``sh-123456``, ``S H one two double three five six``, ``单号A二零三九幺``.
        """
        for match in self._pattern().finditer(text):
            digits, end = "", match.start("digits")
            previous = ""
            for token in _TOKEN.finditer(text, match.start("digits"), match.end("digits")):
                run = token.group()
                # `A12345 2 days`: a number of its own
                is_apart = len(digits) >= self.min_digits and run[0].isdigit() and (len(previous) > 1 or len(run) > 1)
                if is_apart and end < token.start():
                    break
                added = parse_digits(run)
                if len(digits) + len(added) > self.max_digits:
                    break
                digits, end, previous = digits + added, token.end(), run
            followed = text[end : end + 1]
            if len(digits) >= self.min_digits and not (followed.isascii() and followed.isalnum()):
                prefix = re.sub(r"[^A-Za-z]", "", match["prefix"]).upper()
                yield f"{prefix}{self.separator if prefix else ''}{digits}", match.start(), end

    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.prefixes, key=len, reverse=True)
        prefixes = "|".join(r"[\s.-]?".join(prefix) for prefix in longest_first)
        return re.compile(
            rf"(?<![A-Za-z0-9.,])(?P<prefix>{prefixes})[\s._#:–-]{{0,2}}(?P<digits>{SPOKEN_DIGIT}(?:{_GAP}{SPOKEN_DIGIT})*)",
            re.IGNORECASE,
        )


def find_entities(
    text: str, source: Source, *, today: date, order_numbers: OrderNumbers, currency: str = "CNY"
) -> tuple[Entity, ...]:
    """Find the details in a text, in the order in which they stand.

    Args:
        text: What was written, read in a picture (lines joined by line breaks) or heard.
        source: Where it comes from.
        today: What ``yesterday`` is reckoned from.
        order_numbers: What the shop's order numbers look like.
        currency: Of amounts in pictures, where receipts often name none.
    """
    plain = text.translate(_FULL_WIDTH)
    found: list[tuple[int, int, str, str]] = []

    def add(kind: str, spans: Iterable[tuple[str, int, int]]) -> None:
        for value, start, end in spans:
            if not any(start < other_end and other_start < end for other_start, other_end, *_ in found):
                found.append((start, end, kind, value))

    numbered = list(order_numbers.find(plain))
    # a bare number is an order number only where it is nothing else
    add("order_number", [span for span in numbered if not span[0][0].isdigit()])
    add("amount", _find_amounts(plain))
    add("date", ((one.day.isoformat(), one.start, one.end) for one in find_dates(plain, today)))
    add("order_number", [span for span in numbered if span[0][0].isdigit()])
    if source == "image":
        add("amount", ((f"{m.group()} {currency}", m.start(), m.end()) for m in _BARE.finditer(plain)))
    return tuple(
        Entity(kind=kind, value=value, written=text[start:end], source=source)
        for start, end, kind, value in sorted(found)
    )


def _find_amounts(text: str) -> Iterator[tuple[str, int, int]]:
    for pattern in (_SYMBOL_FIRST, _SYMBOL_LAST):
        for match in pattern.finditer(text):
            code = match["currency"].upper()
            yield _money(_decimal(match["number"]), _SYMBOLS.get(code, code.replace("RMB", "CNY"))), *match.span()
    for match in _ENGLISH_WORDS.finditer(text):
        whole = _decimal(match["number"]) if match["number"] else parse_english(match["words"])
        part = match["part"]
        hundredths = 0 if part is None else int(part) if part.isdigit() else parse_english(part)
        if whole is not None and hundredths is not None and hundredths < 100:
            value = Decimal(whole) + Decimal(hundredths) / 100
            yield _money(value, _ENGLISH_CURRENCIES[match["currency"].lower()]), *match.span()
    for match in _CHINESE_WORDS.finditer(text):
        whole = _decimal(match["number"]) if match["number"] else parse_chinese(match["words"])
        # `碎了一块` is a piece, not a price
        is_piece = match["currency"] == "块" and not match["number"] and not match["money"] and not match["tenths"]
        if whole is None or (is_piece and whole < 10):
            continue
        value = Decimal(whole)
        for name, share in (("tenths", 10), ("hundredths", 100)):
            if match[name]:
                value += (
                    Decimal(parse_chinese(match[name]) or 0 if not match[name].isdigit() else int(match[name])) / share
                )
        yield _money(value, _CHINESE_CURRENCIES[match["currency"]]), *match.span()


def _decimal(number: str) -> Decimal:
    """Read ``1,234.50``, ``1234.5`` and ``12,50``; a comma before three digits divides thousands."""
    if re.fullmatch(r"\d+,\d{1,2}", number):
        return Decimal(number.replace(",", "."))
    return Decimal(number.replace(",", ""))


def _money(value: Decimal, currency: str) -> str:
    return f"{value:.2f} {currency}"
