import base64

import cv2
import numpy as np
import pytest

from kefu.evaluation.contact_sheet import picture_sheet, severity_sheet, spectrogram_sheet, text_sheet


def pixels(image) -> np.ndarray:
    data = base64.b64decode(image.source.partition("base64,")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_pictures_stand_in_rows_shrunk_with_their_colours_and_shape():
    red = np.zeros((400, 200, 3), np.uint8)
    red[..., 0] = 250
    blue = np.zeros((100, 100, 3), np.uint8)
    blue[..., 2] = 250
    sheet = picture_sheet([(red, [blue, red]), (blue, [red])])
    assert len(sheet.layout.images) == 5
    assert pixels(sheet.layout.images[0]).shape == (160, 80, 3)
    assert pixels(sheet.layout.images[0]).mean(axis=(0, 1)) == pytest.approx([250, 0, 0], abs=4)
    assert pixels(sheet.layout.images[1]).mean(axis=(0, 1)) == pytest.approx([0, 0, 250], abs=4)
    assert [(image.x, image.y) for image in sheet.layout.images] == [
        (0.5, 0.5),
        (1.5, 0.5),
        (2.5, 0.5),
        (0.5, 1.5),
        (1.5, 1.5),
    ]
    assert list(sheet.layout.xaxis.ticktext) == ["before", "after 1", "after 2"]


def test_a_picture_gets_worse_from_left_to_right_under_its_heading():
    grey, black = (np.full((40, 40, 3), level, np.uint8) for level in (128, 0))
    sheet = severity_sheet([("<b>Blur", [("–", grey), ("5", black)]), ("Noise", [("–", grey), ("9", black)])])
    assert [pixels(image).mean() for image in sheet.layout.images] == pytest.approx([128, 0, 128, 0], abs=2)
    assert [note.text for note in sheet.layout.annotations] == ["&lt;b&gt;Blur", "–", "5", "Noise", "–", "9"]
    places = [
        (note.x, int(note.y)) for note in sheet.layout.annotations if "B" not in note.text and note.text != "Noise"
    ]
    assert places == [(image.x, int(image.y)) for image in sheet.layout.images]


def test_a_sheet_of_photos_is_small():
    rng = np.random.default_rng(0)
    photo = cv2.GaussianBlur(rng.integers(0, 255, (600, 800, 3), dtype=np.uint8), (0, 0), 3)
    assert len(picture_sheet([(photo, [photo] * 3)] * 3).to_json()) < 12 * 16_000


def test_low_frequencies_lie_below_and_loud_is_bright():
    log_mel = np.full((32, 50), -60.0)
    log_mel[2] = 0.0
    sheet = spectrogram_sheet([(log_mel, log_mel - 20.0)], hop_seconds=0.02)
    brightness = pixels(sheet.layout.images[0]).sum(axis=(1, 2))
    assert int(brightness.argmax()) == 32 - 1 - 2
    after = pixels(sheet.layout.images[1]).sum(axis=(1, 2))
    assert after.max() < brightness.max(), "one scale of decibels holds for the sheet"
    assert [note.text for note in sheet.layout.annotations] == ["1.00 s", "1.00 s"]


def test_silence_and_infinities_are_drawn():
    silent = np.full((8, 5), -np.inf)
    assert len(spectrogram_sheet([(silent, [silent])], hop_seconds=0.01).layout.images) == 2


def test_texts_are_escaped_and_a_lone_copy_is_not_taken_for_letters():
    sheet = text_sheet([("<b>我", "我们"), ("a", ["b", "c"])])
    assert [list(column) for column in sheet.data[0].cells["values"]] == [
        ["&lt;b&gt;我", "a"],
        ["我们", "b"],
        ["", "c"],
    ]


@pytest.mark.parametrize(
    "build",
    [
        lambda: picture_sheet([(np.zeros((4, 4), np.uint8), [])]),
        lambda: picture_sheet([(np.zeros((4, 4, 3)), [])]),
        lambda: spectrogram_sheet([(np.zeros(4), [])], hop_seconds=0.01),
        lambda: spectrogram_sheet([], hop_seconds=0.0),
    ],
)
def test_what_is_no_picture_is_refused(build):
    with pytest.raises(ValueError, match="must be"):
        build()


def test_empty_sheets_are_figures():
    for sheet in (picture_sheet([]), spectrogram_sheet([], hop_seconds=0.01), text_sheet([])):
        assert sheet.layout.height > 0
