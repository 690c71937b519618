"""Names of people where the words around them say so, in English."""

import re
from collections.abc import Iterator

from kefu.privacy.spans import Span, lower

_CAPITALISED = r"(?:[A-Z\u00c0-\u00de][A-Za-z\u00c0-\u024f'-]{1,24}|[A-Z]\.?(?![A-Za-z']))"
_PARTICLE = r"(?:van|von|der|den|de|da|del|della|di|du|la|le|bin|binti|al|el|ter|zu|dos|das|y|ibn)"
_NAME = re.compile(rf"(?:(?:{_PARTICLE}) ){{0,2}}{_CAPITALISED}(?: (?:{_PARTICLE} ){{0,2}}{_CAPITALISED}){{0,3}}")
_WORD = r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'-]{0,24}"
_WORDS = re.compile(rf"{_WORD}(?: {_WORD}){{0,3}}")

_TITLE = re.compile(
    r"[MDPSHFm](?<![A-Za-z].)(?:r|rs|s|x|iss|R|RS|S|ister|adam|rof|err|rau)\.? (?=[A-Za-z\u00c0-\u00de])"
)
_SMALL_TITLES = ("mr", "mrs", "ms")
_TITLES = frozenset(
    {"Mr", "Mrs", "Ms", "Mx", "Miss", "MR", "MRS", "MS", "Mister", "Madam", "Dr", "DR", "Prof", "Sr", "Herr", "Frau"}
)
_BRANDS = frozenset({"Martens", "Pepper", "Oetker", "Beats", "Clean", "Coffee", "Muscle", "Proper", "Bean"})


_RELATIVES = "wife|husband|partner|mother|father|mum|mom|dad|son|daughter|brother|sister|friend|neighbou?r|colleague"
# what announces a name behind a hint that is quickly looked for, and whether the name may be written small there
_INTRODUCED = tuple(
    (hint, re.compile(pattern), may_be_small)
    for hint, pattern, may_be_small in (
        ("name", r"my (?:(?:full|first|last|real|legal|given|family) )?(?:sur)?name(?: is|'s| was)? ", True),
        ("name", r"name on (?:the|my) [a-z]{4,8}(?: is|:)? ", True),
        ("name", r"the name (?:is|should be|has to be) |(?:in|under|by) the name(?: of)?:? ", True),
        ("called", r"(?:i am|i'm) called ", True),
        ("ed ", r"(?:registered|booked|ordered|addressed|made out|issued|signed(?: for)?) (?:to|under|for|by) ", False),
        ("ask", r"ask(?:ing|ed)? for ", False),
        ("c/o", r"c/o:? ", False),
        ("my ", rf"my (?:{_RELATIVES}),? ", False),
    )
)
_LABEL = re.compile(
    r"(?:(?:sur)?name|recipient|receiver|addressee|cardholder|(?:card|account) ?holder|contact(?: person)?"
    r"|attn"
    r"|attention|customer"
    r"|sender|consignee|buyer|signed(?: by)?|ship to|deliver to|bill to) ?[:=] ?"
)
_WHOSE = """
    my our the your his her full first last given family middle customer client recipient receiver buyer account contact
    card     cardholder holder billing shipping delivery legal real complete sender guest new correct and or is
    """
_WORD_BEFORE = re.compile(r"[a-z]+(?= ?\Z)|[a-z]\Z")
_SPEAKER = re.compile(r"(?:this is|i am|i'm|im|here is|it is|it's|you are speaking (?:to|with)) ")
_SPEAKER_HINTS = ("this is ", "i am ", "i'm ", "here is ", "it's ", "it is ", "speaking ")
_SPEAKING = re.compile(r",? (?:speaking|calling|writing|here|from|again)\b")
_SENTENCE_END = re.compile(r"[.,!\n]|$")
_SIGNED = re.compile(
    r"(?:^|[\n.,!?] ?)(?:(?:kind |best |warm |many )?(?:regards|wishes|thanks)"
    r"|sincerely(?: yours)?"
    r"|yours (?:sincerely|truly|faithfully)"
    r"|cheers|thank you|best)[,.!]? ?\n? ?(?=[^\n\x00]{2,60}$)"
)
_SENTENCE_WORDS = """
    a about account actually add address after again all already also am an and any are as asap at back be because
    been before being below but by call called calling came can cannot card change changed check code completely contact
    correct
    correctly could customer date day days delivery did different do does done due email even everything fault first for
    from get given gone good got had happy has have he hello help her here hi his how however i if in incorrect
    incorrectly instead into invoice is it its just last late left let like listed looking many me misprinted misspelled
    misspelt missing mistyped mobile more my n na name need never new no not now number of off ok on once only or order
    ordered our out over parcel phone please present printed refund right said same send sent she shipped should
    shows since so some someone sorry spelled spelling spelt still than thank thanks that the their them then there they
    this tickets to today tomorrow too under unhappy unknown until up us very want wanted was we were what when where
    which
    who why will with without would writing written wrong yes yesterday yet you your supposed expected online speaking
    """
_NO_NAMES = """
    amazon android apple australia chinese dhl english fedex german germany google hermes ikea january february march
    april june july august september october november december monday tuesday wednesday thursday friday saturday sunday
    paypal samsung sony ups usps visa mastercard nike adidas xiaomi huawei london berlin paris china uk usa us eu
    dear regards team support service shop store size colour color iphone
    """
_OWNERS = frozenset(_WHOSE.split())
_NEVER = frozenset(f"{_SENTENCE_WORDS} {_NO_NAMES}".split())


def find_names(text: str) -> Iterator[Span]:
    """Yield where people name themselves or others, are addressed with a title, or sign."""
    small = lower(text)
    for title in _TITLE.finditer(text):
        yield from _titled(text, title)
    for hint, pattern, may_be_small in _INTRODUCED:
        if hint in small:
            for marker in pattern.finditer(small):
                yield from _named(text, marker.end(), may_be_small=may_be_small)
    if ":" in small or "=" in small:
        for label in _LABEL.finditer(small):
            before = _WORD_BEFORE.search(small, max(0, label.start() - 16), label.start())
            if before is None or (before.end() < label.start() and before.group() in _OWNERS):
                yield from _named(text, label.end(), may_be_small=True)
    if any(hint in small for hint in _SPEAKER_HINTS):
        for marker in _SPEAKER.finditer(small):
            yield from _speaker(text, small, marker)
    for signature in _SIGNED.finditer(small):
        yield from _named(text, signature.end())


def _titled(text: str, title: re.Match[str]) -> Iterator[Span]:
    word = title.group().rstrip(". ")
    if word in _TITLES:
        for start, end in _named(text, title.end()):
            if text[start:end] not in _BRANDS:
                yield start, end
    elif word in _SMALL_TITLES:
        name = _WORDS.match(text, title.end())
        if name is not None:
            yield from _trimmed(name.group().split(" ")[0], name.start())


def _speaker(text: str, small: str, marker: re.Match[str]) -> Iterator[Span]:
    """Yield the name after "I am", which says many things: where one speaks, or gives a full name and no more."""
    for start, end in _named(text, marker.end()):
        is_full = " " in text[start:end] and _SENTENCE_END.match(small, end) and not marker.group().startswith("it")
        if _SPEAKING.match(small, end) or is_full:
            yield start, end


def _named(text: str, start: int, *, may_be_small: bool = False) -> Iterator[Span]:
    name = _NAME.match(text, start) or (_WORDS.match(text, start) if may_be_small else None)
    if name is not None:
        yield from _trimmed(name.group(), start)


def _trimmed(name: str, start: int) -> Iterator[Span]:
    """Yield the part of a candidate before the first word that goes on with the sentence."""
    end = 0
    for word in re.finditer("[^ ]+", name):
        plain = word.group().lower().strip(".'")
        if plain in _NEVER:
            break
        end = word.end()
    if end:
        yield start, start + end
