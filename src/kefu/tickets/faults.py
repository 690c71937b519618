"""What can be wrong with a ticket, and the record that is kept of it."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a ticket, or one modality of it, was quarantined. The values are written to the quarantine table."""

    # the whole ticket
    MISSING_ID = "missing_id"
    DUPLICATE_ID = "duplicate_id"
    MISSING_LABEL = "missing_label"
    BAD_LABEL = "bad_label"
    BAD_SPLIT = "bad_split"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    NOTHING_LEFT = "nothing_left"
    # any modality
    WRONG_TYPE = "wrong_type"
    EMPTY = "empty"
    # media files
    MISSING_FILE = "missing_file"
    PATH_OUTSIDE = "path_outside"
    UNREADABLE_FILE = "unreadable_file"
    FILE_TOO_LARGE = "file_too_large"
    NOT_AN_IMAGE = "not_an_image"
    NOT_AUDIO = "not_audio"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    BLANK = "blank"
    SILENT = "silent"
    CLIPPED = "clipped"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding that costs a ticket one modality, or the ticket itself.

    ``detail`` is one line for a person: what was found and, where there is one, the mend.
    """

    reason: Reason
    detail: str
