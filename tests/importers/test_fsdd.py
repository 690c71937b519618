"""Spoken digits: the speaker is the customer, one is left out."""

import pytest

from kefu.importers.fsdd import read_recordings
from kefu.tickets.errors import EmptyTableError, KefuError

SPEAKERS = ("george", "lucas", "theo")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "recordings").mkdir()
    for name in (*(f"{digit}_{speaker}_{n}" for digit in (0, 7) for speaker in SPEAKERS for n in (0, 10)), "readme"):
        (tmp_path / f"recordings/{name}.wav").touch()
    return tmp_path


def test_one_speaker_is_for_testing_and_the_others_for_training(folder):
    frame = read_recordings(folder, held_out_speaker="theo")
    assert len(frame) == 12
    assert frame.groupby("customer_id")["split"].unique().map(list).to_dict() == {
        "george": ["train"],
        "lucas": ["train"],
        "theo": ["test"],
    }
    first = frame.set_index("ticket_id").loc["7_lucas_10"]
    assert first.to_dict() == {
        "audio": "recordings/7_lucas_10.wav",
        "label": "7",
        "customer_id": "lucas",
        "split": "train",
    }


def test_the_speaker_for_validation_can_be_named(folder):
    frame = read_recordings(folder, held_out_speaker="theo", validation_speaker="lucas")
    assert set(frame.loc[frame["split"] == "validation", "customer_id"]) == {"lucas"}


@pytest.mark.parametrize(
    ("held_out", "validation", "said"),
    [
        ("teo", None, "held_out_speaker 'teo': there is no such speaker; did you mean 'theo'?"),
        (7, None, "held_out_speaker '7': there is no such speaker (there are: george, lucas, theo)"),
        ("theo", "nobody", "validation_speaker 'nobody': there is no such speaker"),
        ("theo", "theo", "'theo' is held_out_speaker too"),
    ],
)
def test_speakers_that_do_not_fit(folder, held_out, validation, said):
    with pytest.raises(KefuError) as error:
        read_recordings(folder, held_out_speaker=held_out, validation_speaker=validation)
    assert said in str(error.value)


def test_no_recordings(tmp_path):
    with pytest.raises(EmptyTableError, match="<digit>_<speaker>"):
        read_recordings(tmp_path, held_out_speaker="theo")
