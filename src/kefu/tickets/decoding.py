"""Bytes to text: UTF-8 is read, and of anything else the user is told what it seems to be."""

from pathlib import Path

from kefu.tickets.errors import TicketTableError


def decode(path: Path, data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises:
        TicketTableError: The bytes are not UTF-8; names the line of the first such byte and the likely encoding.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:1000].count(0) > len(data[:1000]) // 5:
        raise TicketTableError(f"{path}: the file is in UTF-16, not UTF-8; mend: {_iconv(path, _utf16(data))}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # the offset is counted after the mark, which holds no line break
        line = data.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
    guess = _guess(data)
    where = f"{path} line {line}: byte 0x{byte:02x} is not UTF-8"
    if guess is None:
        raise TicketTableError(f"{where}; save the table as UTF-8")
    raise TicketTableError(f"{where}, the file looks like {guess}; mend: {_iconv(path, guess)}")


def _guess(data: bytes) -> str | None:
    """Tell Chinese legacy encodings from Western ones: random bytes seldom decode to common characters."""
    for encoding, common in (("GB18030", "gb2312"), ("BIG5", "big5")):
        try:
            foreign = [char for char in data.decode(encoding) if ord(char) > 0x7F]
        except UnicodeDecodeError:
            continue
        level_one = sum(len(code) == 2 and _is_frequent(code, encoding) for code in _codes(foreign, common))
        if level_one >= 0.9 * len(foreign):
            return encoding
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return "WINDOWS-1252"


def _codes(chars: list[str], encoding: str) -> list[bytes]:
    return [char.encode(encoding, errors="ignore") for char in chars]


def _is_frequent(code: bytes, encoding: str) -> bool:
    """Say whether a double-byte code is punctuation or of the level that both standards give to frequent characters."""
    return code[0] <= 0xD7 if encoding == "GB18030" else code[0] <= 0xC6


def _utf16(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    return "UTF-16LE" if data[1::2].count(0) >= data[::2].count(0) else "UTF-16BE"


def _iconv(path: Path, encoding: str) -> str:
    return f"iconv -f {encoding} -t UTF-8 '{path.name}' > '{path.stem}.utf8{path.suffix}'"
