"""Free Spoken Digit Dataset: ``recordings/{digit}_{speaker}_{number}.wav`` (Z. Jackson et al.)."""

import re
from pathlib import Path

import pandas as pd

from kefu.tickets.errors import EmptyTableError, KefuError, did_you_mean

_NAME = re.compile(r"(?P<label>\d)_(?P<customer_id>[a-z]+)_\d+")


def read_recordings(path: Path, *, held_out_speaker: str, validation_speaker: str | None = None) -> pd.DataFrame:
    """Return the recordings, one speaker for testing and the others for training; the speaker is the customer.

    Random splits of this data set are saturated: a voice that was trained on is no test, so one speaker after the
    other is left out.

    Args:
        path: The folder of ``recordings``.
        held_out_speaker: The one for testing.
        validation_speaker: One of the others, to choose the best epoch by; null: all others are trained on.

    Returns:
        ``ticket_id``, ``audio``, ``label`` (the digit), ``customer_id`` (the speaker), ``split``.

    Raises:
        KefuError: There is no such speaker, or one and the same was given twice.
        EmptyTableError: There is no recording.
    """
    names = [re.fullmatch(_NAME, file.stem) for file in sorted((path / "recordings").glob("*.wav"))]
    rows = [{"ticket_id": name[0], "audio": f"recordings/{name[0]}.wav", **name.groupdict()} for name in names if name]
    if not rows:
        raise EmptyTableError(f"{path}: no file recordings/<digit>_<speaker>_<number>.wav")
    frame = pd.DataFrame(rows)
    speakers = sorted(frame["customer_id"].unique())
    _check_speaker("held_out_speaker", held_out_speaker, speakers)
    splits = {held_out_speaker: "test"}
    if validation_speaker is not None:
        _check_speaker("validation_speaker", validation_speaker, speakers)
        if validation_speaker == held_out_speaker:
            raise KefuError(f"validation_speaker '{validation_speaker}' is held_out_speaker too; choose another one")
        splits[validation_speaker] = "validation"
    return frame.assign(split=frame["customer_id"].map(splits).fillna("train"))


def _check_speaker(option: str, speaker: str, speakers: list[str]) -> None:
    if speaker not in speakers:
        raise KefuError(
            f"{option} '{speaker}': there is no such speaker{did_you_mean(str(speaker), speakers)} "
            f"(there are: {', '.join(speakers)})"
        )
