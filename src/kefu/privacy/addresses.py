"""Postal addresses as they are written in English, those of German streets included."""

import re
from bisect import bisect_left
from collections.abc import Iterator

from kefu.privacy.spans import WALL, Span, lower

_LETTER = "A-Za-z\u00c0-\u024f"
_WORD = rf"[{_LETTER}][{_LETTER}'.-]{{0,24}}"
_NAME = rf"[A-Z\u00c0-\u00de][{_LETTER}'.-]{{0,24}}"
_SENTENCE = (
    r"(?!(?i:the|a|an|on|in|at|to|of|off|for|from|by|with|and|or|my|your|this|that|is|are|was|more|days?|weeks?"
    r"|hours?"
    r"|minutes?|mins?|miles?|km|kg|x|times?|pieces?|pcs|items?|orders?|left|right|down|up|am|pm)\b)"
)
# words that are little else than streets, and those that have to be written as names
_STREET = (
    r"(?i:street|road|avenue|boulevard|lane|crescent|terrace|st|rd|ave?|blvd|ln|cres|hwy|highway|pkwy|parkway"
    r"|broadway)"
)
_NAMED_STREET = (
    r"(?:Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Way|Close|Gardens?|Gdns|Grove|Row|Walk|Mews|Parade|Circle|Cir|Trail"
    r"|Hill"
    r"|Park|Quay|Wharf|Alley|Rise|View|Green|Mount|Loop|Path|Plaza|Bridge|Heights|Yard|Vale|Embankment|Esplanade)"
)
_SMALL_STREET = r"(?:court|square|gardens|grove|walk|mews|hill|park|place)(?=[,.\n]|$)"
_SIDE = r"(?:,? (?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?)?"
_UNIT = (
    r"(?i:(?:apartment|apt|unit|suite|ste|flat|room|rm|floor|fl|building|bldg|block)\b\.?|#)"
    r" ?#?[A-Za-z]?[0-9]{0,5}[A-Za-z]?\b"
)
_UK_POSTCODE = r"[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}(?![0-9A-Za-z])"
_ZIP = r"(?:[A-Z]{2},? |[A-Z][a-z]{3,12} )?[0-9]{5}(?:-[0-9]{4})?(?![0-9A-Za-z-])"
_TOWN = rf"{_NAME}(?: {_NAME}){{0,2}}(?![a-z0-9])"
_COUNTRY = (
    r"(?:UK|USA|U\.S\.A\.|United Kingdom|United States|England|Scotland|Wales|Ireland|Germany|Deutschland|Austria)\b"
)
_TAIL = (
    rf"(?:,? {_UNIT}|, ?(?i:[0-9]{{1,3}}(?:st|nd|rd|th) floor)){{0,3}}"
    rf"(?:(?:,\s?|\n)(?!{_ZIP}|{_UK_POSTCODE}){_TOWN}(?=[,.;!?\n ]|$)){{0,4}}"
    rf"(?:,?\s?{_UK_POSTCODE}|,?\s{_ZIP}|,? (?:{_NAME},? ){{1,3}}(?:{_ZIP}|{_UK_POSTCODE})"
    rf"|,? (?:{_WORD},? ){{1,4}}?{_UK_POSTCODE}"
    rf"|,? (?:{_SENTENCE}{_WORD},? ){{1,3}}?(?i:[a-z]{{2}} )[0-9]{{5}}(?![0-9])|,? [A-Z]{{2}}(?![A-Za-z0-9]))?"
    rf"(?:,\s?{_COUNTRY})?"
)
_ON_A_STREET = re.compile(
    rf"[0-9]{{1,5}}[A-Za-z]?(?:[-/][0-9]{{1,5}}[A-Za-z]?)?,? (?:(?:[NSEW]|North|South|East|West)\.? )?"
    rf"(?:(?:{_SENTENCE}{_WORD} ){{1,3}}?{_STREET}\b\.?|(?:{_NAME} ){{1,3}}(?:{_NAMED_STREET}\b\.?|{_SMALL_STREET})"
    rf"|[0-9]{{1,3}}(?i:st|nd|rd|th) {_STREET}\b\.?|(?:The )?Broadway\b){_SIDE}{_TAIL}"
)
_TO_A_POSTCODE = re.compile(
    rf"[0-9]{{1,4}}[A-Za-z]? (?:{_SENTENCE}{_WORD}(?:, ?| |,?\n)){{1,7}}?"
    rf"(?:{_UK_POSTCODE}|[A-Z]{{2}},? [0-9]{{5}}(?![0-9]))"
)
# a town in small letters, where nothing comes after it
_SMALL_TOWN = re.compile(
    r", ?(?!please|thanks?|thx|but|it|today|tomorrow|now|asap|still|why|help|ok)"
    r"[a-z]{3,20}(?: [a-z]{3,20})?(?=[.!?\n]|$)"
)
_BEFORE_STREET = re.compile(
    rf"(?:(?:{_UNIT}(?:,? |,?\n))?"
    rf"(?:{_NAME} (?:{_NAME} )?(?:House|Court|Building|Tower|Lodge|Mansions)(?:,? |,?\n))?|[Nn]o\. ?)\Z"
)
_REACH = 60
_WITHIN = re.compile(r"[A-Za-z0-9.,#$£€/-]\Z")
_GERMAN_NAME = r"[A-ZÄÖÜ][a-zäöüß]{1,24}(?:-[A-ZÄÖÜ][a-zäöüß]{1,24}){0,3}"
_GERMAN = re.compile(
    rf"(?<![A-Za-z])(?:{_GERMAN_NAME}-?(?:(?<=[Ss]tr)\.|(?<=[Ss]traße)|(?<=[Ss]trasse)|(?<=weg)|(?<=platz)"
    rf"|(?<=allee)|(?<=gasse)"
    rf"|(?<=damm)|(?<=ring)|(?<=ufer)|(?<=chaussee))|(?:{_GERMAN_NAME} ){{1,2}}(?:Stra(?:ß|ss)e|Str\.|Weg|Platz"
    rf"|Allee|Gasse|Damm|Ring|Ufer)"
    rf"|(?:Am|An der|Auf der|Im|Zum|Zur|Unter den) {_GERMAN_NAME}) ?[0-9]{{1,4}} ?[a-z]?\b(?:[-/][0-9]{{1,4}}[a-z]?)?"
    rf"(?:,? ?(?:D-)?[0-9]{{5}}(?: {_GERMAN_NAME}){{0,3}})?(?:,\s?{_COUNTRY})?"
)
_GERMAN_HINTS = (
    *("straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "damm", "ring", "ufer"),
    *("am ", "an der", "im ", "zu", "unter den"),
)
_BOX = re.compile(rf"[Pp]\.? ?[Oo]\.? ?(?i:box) [0-9]{{1,6}}{_TAIL}")

_NAMED = re.compile(r"address(?: (?:is|should be|has changed to|changed to|to|now|below|as follows)){0,2} ?[:=-]?\s?")
_SENT_TO = re.compile(
    r"(?:(?:deliver|ship|send|sent|post|forward|mail|redirect|bring|move)(?:e?d)?"
    r"(?: (?:it|them|this|everything|(?:the|my) (?:parcel|package|order)))? to"
    r"|(?:i|we) (?:now |currently )?live (?:at|in)|i'm at|resid(?:e|ing) at|pick(?:ed)? (?:it )?up (?:from|at)):? "
)
_SENT_HINTS = (" to", " at ", "live in")
_VALUE_END = re.compile(
    rf"[\n;!?{WALL}\u4e00-\u9fff]|[.](?=\s|$)(?<!\bst\.)(?<!\brd\.)(?<!\bave\.)(?<!\bapt\.)(?<!\bno\.)"
    r"(?<!\bdr\.)(?<!\bblvd\.)"
    r"|,? \b(?:please|but|thanks?|call|ring|text|contact|because|instead|and (?!\d)|not|phone|tel|email|order"
    r"|when|since|so|for|by|before|if|asap|as|is|was"
    r"|the|my|or|which|where|until|it|i|we|he|she|they|you)\b"
)
_MAX_VALUE = 120
_DIGIT = re.compile("[0-9]")
_PLACE = re.compile(rf"[0-9]|{_NAME},? [A-Z0-9]|{_UNIT}")
_HOUSE = re.compile(rf"[0-9]{{1,5}}[A-Za-z]? {_WORD} {_WORD}")
_CAPITALISED = re.compile("[A-Z][a-z]{2}")


def find_addresses(text: str) -> Iterator[Span]:
    """Yield where addresses are: number and street with what follows, post boxes, and what an announcement names."""
    small = lower(text)
    streets: list[Span] = []
    if _DIGIT.search(text):
        for pattern in (_ON_A_STREET, _TO_A_POSTCODE):
            for match in pattern.finditer(text):
                streets += _whole(text, match)
        if any(hint in small for hint in _GERMAN_HINTS):
            streets += [match.span() for match in _GERMAN.finditer(text)]
        if "box" in small:
            streets += [match.span() for match in _BOX.finditer(text)]
        streets = _leftmost_longest(streets)
    yield from streets
    if "address" in small:
        for marker in _NAMED.finditer(small):
            yield from _announced(text, small, marker, streets, is_named=True)
    if any(hint in small for hint in _SENT_HINTS):
        for marker in _SENT_TO.finditer(small):
            yield from _announced(text, small, marker, streets, is_named=False)


def _leftmost_longest(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or kept[-1][1] <= start:
            kept.append((start, end))
    return kept


def _whole(text: str, street: re.Match[str]) -> Iterator[Span]:
    """Yield a street and number with the house before it and the town after it."""
    before = _BEFORE_STREET.search(text, max(0, street.start() - _REACH), street.start())
    start = before.start() if before else street.start()
    if not _WITHIN.search(text[max(0, start - 1) : start]):
        town = _SMALL_TOWN.match(text, street.end())
        yield start, town.end() if town else street.end()


def _announced(text: str, small: str, marker: re.Match[str], streets: list[Span], *, is_named: bool) -> Iterator[Span]:
    """Yield what follows an announcement if it is a place: numbers and names, or at least names in a row."""
    start, is_told = marker.end(), marker.group().rstrip()[-1:] in {":", "="}
    end = _VALUE_END.search(small, start, start + _MAX_VALUE)
    value = text[start : end.start() if end else start + _MAX_VALUE].rstrip(" ,.:-")
    following = bisect_left(streets, (start, 0))
    if following < len(streets) and streets[following][0] < start + len(value):
        yield start, streets[following][1]  # a house with a name, and its street
        return
    if len(value) < 6 or not _PLACE.match(value):
        return
    has_number, has_name = _DIGIT.search(value) is not None, _CAPITALISED.search(value) is not None
    is_house = is_named and _HOUSE.match(value) is not None
    if is_house or (has_name and (has_number or (is_told and "," in value))):
        yield start, start + len(value)
