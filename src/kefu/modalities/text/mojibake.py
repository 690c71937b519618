"""Repair of UTF-8 that was read as Latin-1 or Windows-1252, where there is no doubt about it.

``ombrÃ©`` (also lower-cased to ``ombrã©``) is ombré, ``donâ€™t`` is don’t, ``æ²¡æœ‰`` is 没有. What could be
meant as it stands (``MAÇÃ »``, ``café”…``) is left alone.
"""

import re

_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)}
for _byte in range(0x80, 0xA0):
    _BYTES[bytes([_byte]).decode("cp1252", "ignore") or chr(_byte)] = _byte
_CONTINUATION = "[" + "".join(re.escape(char) for char, byte in _BYTES.items() if byte < 0xC0) + "]"

_SUSPECT = re.compile(
    "(?<![A-Z\u00c0-\u00de])[\u00c2\u00c3\u00e3][\u00a0-\u00aa\u00ac-\u00ba\u00bc-\u00bf]"
    f"|\u00e2[\u0080\u20ac]{_CONTINUATION}"
    "|\u00e2\u201e\u00a2|\u00e2\u201a\u00ac"
    f"|(?:[\u00e3-\u00e9\u00ef]{_CONTINUATION}{{2}}){{2,}}"
    f"|\u00f0[\u009f\u0178]{_CONTINUATION}{{2}}"
)


def _decode(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 2 and found[0] == "\u00e3":  # Ã, lower-cased together with the rest of the text
        found = "\u00c3" + found[1]
    try:
        return bytes(_BYTES[char] for char in found).decode("utf-8")
    except UnicodeDecodeError:
        return match.group()


def repair_mojibake(text: str) -> str:
    """Return the text with certain mojibake decoded, everything else unchanged."""
    return text if text.isascii() else _SUSPECT.sub(_decode, text)
