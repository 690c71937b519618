"""International bank account numbers (IBAN)."""

import re
from collections.abc import Iterator

from kefu.privacy.checksums import is_iban
from kefu.privacy.spans import Span

# of the IBAN registry: https://www.swift.com/standards/data-standards/iban-international-bank-account-number
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_START = re.compile(r"[A-Za-z]{2} ?[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_CHARACTER = re.compile(r"[ .-]{0,2}([A-Za-z0-9])")


def find_ibans(text: str) -> Iterator[Span]:
    """Yield where account numbers with right check digits are, typed in groups or in one."""
    for start in _START.finditer(text):
        iban = start.group().replace(" ", "").upper()
        if iban[:2] not in _LENGTHS or re.match("[A-Za-z0-9]", text[max(0, start.start() - 1) : start.start()]):
            continue
        end = start.end()
        for _ in range(_LENGTHS[iban[:2]] - 4):
            following = _CHARACTER.match(text, end)
            if following is None:
                break
            iban, end = iban + following[1].upper(), following.end()
        is_whole = len(iban) == _LENGTHS[iban[:2]] and not re.match("[A-Za-z0-9]", text[end : end + 1])
        if is_whole and is_iban(iban):
            yield start.start(), end
