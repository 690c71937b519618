"""Errors that a user can mend: one line that says what is wrong, where, and how to mend it.

The command line and the Kedro hooks print ``str(error)`` and exit with status 2, without a traceback.
"""

import difflib
from collections.abc import Iterable

_KNOWN_AS: dict[str, tuple[str, ...]] = {
    "ticket_id": ("id", "ticket", "ticketid", "ticket_no", "case_id", "工单号", "工单编号", "编号"),
    "text": ("message", "body", "content", "description", "utterance", "query", "文本", "内容", "问题", "描述"),
    "image": ("picture", "photo", "image_path", "img", "图片", "图像", "照片"),
    "audio": ("voice", "sound", "audio_path", "recording", "wav", "语音", "音频", "录音"),
    "label": ("category", "class", "intent", "target", "department", "标签", "类别", "分类", "部门"),
}


class KefuError(Exception):
    """A mistake in what the user gave; ``str(error)`` is one line fit to be shown as it stands."""


class TicketTableError(KefuError):
    """A ticket table that cannot be read or written."""


class EmptyTableError(TicketTableError):
    """A ticket table without tickets, or of which none is left."""


class LabelError(KefuError):
    """Labels that nothing can be trained on."""


class SplitError(KefuError):
    """Given splits that contradict one another."""


class SchemaError(KefuError):
    """A table that is not of the shape that its schema asks for."""


class BookkeepingError(AssertionError):
    """Tickets were lost or counted twice: a defect of kefu, not a mistake of the user."""


def did_you_mean(wanted: str, found: Iterable[str]) -> str:
    """Return ``"; did you mean 'id'?"`` for the found name that ``wanted`` is likely to stand under, else ``""``."""
    names = {name.strip().casefold(): name for name in found}
    aliases = (alias for alias in (wanted, *_KNOWN_AS.get(wanted, ())) if alias in names)
    near = next(aliases, None) or next(iter(difflib.get_close_matches(wanted, names, n=1, cutoff=0.7)), None)
    return f"; did you mean '{names[near]}'?" if near is not None else ""
