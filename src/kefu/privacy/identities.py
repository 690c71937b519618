"""Numbers of identity papers: Chinese resident cards, US social security, UK national insurance, passports."""

import re
from collections.abc import Iterator
from datetime import date

from kefu.privacy.checksums import is_resident_id
from kefu.privacy.context import is_of_goods
from kefu.privacy.spans import Span, lower

_REGION = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}"
_RESIDENT = re.compile(
    rf"(?<![0-9A-Za-z])(?P<region>{_REGION})[ -]?(?P<born>(?:18|19|20)[0-9]{{2}}[ -]?[01][0-9][ -]?[0-3][0-9])[ -]?"
    "(?P<order>[0-9]{3}) ?(?P<check>[0-9Xx])(?![0-9A-Za-z])"
)
_OLD_RESIDENT = re.compile(
    rf"(?<![0-9A-Za-z.,-])(?P<region>{_REGION})[ ]?(?P<born>[0-9]{{2}}[01][0-9][0-3][0-9])"
    r"[ ]?[0-9]{3}(?![0-9A-Za-z-])"
)
_SOCIAL_SECURITY = re.compile(
    r"(?<![0-9A-Za-z#_/.-])(?!000|666)[0-9]{3}(?P<sign>[ -])(?!00)[0-9]{2}(?P=sign)"
    r"(?!0000)[0-9]{4}(?![0-9A-Za-z]|[.,-][0-9])"
)
_INSURANCE = re.compile(
    r"(?<![0-9A-Za-z_-])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?"
    r"[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D](?![0-9A-Za-z])",
    re.IGNORECASE,
)
_PAPERS = (
    r"passport|social security|(?<![a-z])ssn(?![a-z])|national insurance|(?<![a-z])nino(?![a-z])|(?<![a-z])ni (?=n)"
    r"|driv(?:er'?s?|ing) licen[cs]e|(?:identity|id) card"
    r"|(?<![a-z])id (?=n(?:o|umber|r)(?![a-z]))|national id|身份证|护照|通行证|台胞证|回乡证|驾驶证|驾照|居住证"
    r"|居留证|证件"
)
_MARKED = re.compile(
    rf"(?:{_PAPERS})(?:[ :=.#,(]|card|number|num|no\b|nr\b|is\b|was\b|it's|here|my"
    r"|号码|号|是|为|就是|我的|的){0,8}"
    r"(?P<number>[a-z]{0,3}[ -]?[0-9][0-9a-z]*(?:[ -]?[0-9]+)*(?:[ -]?x(?![a-z])|[a-z](?![a-z]))?)"
)
_DIGIT = re.compile("[0-9]")
_MIN_MARKED, _MAX_MARKED = 6, 20


def find_identities(text: str) -> Iterator[Span]:
    """Yield where numbers of identity papers are: those that tell themselves, and others behind their name."""
    if _DIGIT.search(text) is None:
        return
    for match in _RESIDENT.finditer(text):
        number = re.sub("[ -]", "", match.group())
        if is_resident_id(number) and _is_day(number[6:14]):
            yield match.span()
    for match in _OLD_RESIDENT.finditer(text):
        if _is_day(f"19{match['born']}") and not is_of_goods(text, match.start()):
            yield match.span()
    for pattern in (_SOCIAL_SECURITY, _INSURANCE):
        for match in pattern.finditer(text):
            if not is_of_goods(text, match.start()):
                yield match.span()
    for match in _MARKED.finditer(lower(text)):
        number = re.sub("[ -]", "", match["number"])
        if _MIN_MARKED <= len(number) <= _MAX_MARKED and sum(map(str.isdigit, number)) >= _MIN_MARKED - 1:
            yield match.span("number")


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True
