"""E-mail addresses, as they are typed and as they are said."""

import re
from collections.abc import Iterator

from kefu.privacy.spans import Span

_LETTER = "A-Za-z\u00c0-\u024f"
_LOCAL = rf"[{_LETTER}0-9._%+'-]{{1,64}}"
_LABEL = rf"[{_LETTER}0-9-]{{1,63}}"
_TYPED = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL}){{1,5}}")
_SPACED = re.compile(rf"{_LOCAL} ?@ ?{_LABEL}(?: ?\. ?{_LABEL}){{0,3}} ?\. ?[A-Za-z]{{2,24}}(?![A-Za-z0-9])")
_SAID_LOCAL = rf"[{_LETTER}0-9._+-]{{1,64}}"
_AT = r"(?: ?[(\[] ?(?:at|@) ?[)\]] ?| at | ?艾特 ?)"
_DOT = r"(?: ?[(\[] ?dot ?[)\]] ?| dot | ?点 ?)"
_PROVIDER = r"(?:gmail|googlemail|outlook|hotmail|yahoo|icloud|proton|qq|163|126|foxmail|sina|gmx|web)"
_SAID = re.compile(
    rf"(?<![{_LETTER}0-9]){_SAID_LOCAL}(?:{_DOT}{_SAID_LOCAL}){{0,2}}{_AT}"
    rf"(?:{_LABEL}(?:\.{_LABEL}){{0,2}}(?:{_DOT}[A-Za-z]{{2,24}}){{1,2}}"
    rf"|{_PROVIDER}\.(?:[A-Za-z]{{2,3}}\.)?[A-Za-z]{{2,3}})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(
    rf"{_SAID_LOCAL} ?[(\[] ?(?:at|@) ?[)\]] ?{_LABEL}\.{_LABEL}(?:\.{_LABEL}){{0,2}}", re.IGNORECASE
)
_MAY_BE_SAID = re.compile(r"[ (\[](?:at|@)[ )\]]|艾特", re.IGNORECASE)


def find_emails(text: str) -> Iterator[Span]:
    """Yield where e-mail addresses are."""
    if "@" in text:
        for pattern in (_TYPED, _SPACED):
            yield from (match.span() for match in pattern.finditer(text))
    if _MAY_BE_SAID.search(text):
        for pattern in (_SAID, _IN_BRACKETS):
            yield from (match.span() for match in pattern.finditer(text))
