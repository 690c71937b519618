"""The text payload: a string, packed as UTF-8."""

from kefu.modalities.contract import Exhibit
from kefu.parameters import Parameters


def pack(payload: str, params: Parameters | None = None) -> bytes:
    """Encode a text as UTF-8."""
    return payload.encode("utf-8")


def unpack(data: bytes) -> str:
    """Undo :func:`pack`."""
    return data.decode("utf-8")


def show(packed: bytes) -> Exhibit:
    """Return a packed text as it is."""
    return Exhibit("text/plain", packed)
