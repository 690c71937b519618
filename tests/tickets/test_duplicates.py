import numpy as np
import pandas as pd
import pytest

from kefu.tickets import duplicates
from kefu.tickets.duplicates import DuplicateParameters, find_duplicates

PARAMS = DuplicateParameters()
LONG, SHORT = 80, 12
BASE = {
    "customer_id": "c1",
    "text_digest": "t",
    "text_simhash": f"{0xDEADBEEF12345678:016x}",
    "text_num_chars": LONG,
    "image_digest": "i",
    "image_phash": f"{0x0F0F0F0F12345678:016x}",
    "audio_digest": "a",
}
NO_TEXT = {"text_digest": None, "text_simhash": None, "text_num_chars": None}
NO_IMAGE = {"image_digest": None, "image_phash": None}
NO_AUDIO = {"audio_digest": None}


def flip(value, *bits):
    return f"{int(value, 16) ^ sum(1 << bit for bit in bits):016x}"


def found(*changes, params=PARAMS):
    """Return (ticket, reason, original) for tickets that differ from ``BASE`` by ``changes``."""
    frame = pd.DataFrame([BASE | {"ticket_id": f"t{i}"} | change for i, change in enumerate(changes)])
    rows = find_duplicates(frame, params)
    return list(zip(rows["ticket_id"], rows["reason"], rows["original_id"], strict=True))


def other_text(*bits, chars=LONG):
    return {"text_digest": f"t{bits}", "text_simhash": flip(BASE["text_simhash"], *bits), "text_num_chars": chars}


def other_image(*bits):
    return {"image_digest": f"i{bits}", "image_phash": flip(BASE["image_phash"], *bits)}


EXACT = [("t1", "duplicate", "t0")]
NEAR = [("t1", "near_duplicate", "t0")]
SHORT_TEXT = NO_IMAGE | NO_AUDIO | {"text_num_chars": SHORT}


@pytest.mark.parametrize(
    ("both", "second", "expected"),
    [
        ({}, {}, EXACT),
        ({}, {"customer_id": "c2"}, EXACT),
        ({}, {"customer_id": None}, EXACT),
        ({}, {"audio_digest": "b", "image_digest": "j", "image_phash": "0" * 16}, []),
        ({}, NO_AUDIO | {"image_phash": "0" * 16, "image_digest": "j"}, []),
        # two customers may both write 'where is my order?'
        (SHORT_TEXT, {}, EXACT),
        (SHORT_TEXT, {"customer_id": "c2"}, []),
        (SHORT_TEXT | {"customer_id": None}, {}, []),
        (SHORT_TEXT | {"text_num_chars": 15, "text_language": "en"}, {"customer_id": "c2"}, []),
        (SHORT_TEXT | {"text_num_chars": 15, "text_language": "zh"}, {"customer_id": "c2"}, EXACT),
        (NO_IMAGE | NO_AUDIO, {"customer_id": "c2"}, EXACT),
        (NO_IMAGE | {"text_num_chars": SHORT}, {"customer_id": "c2"}, EXACT),
        (NO_TEXT | NO_IMAGE, {"customer_id": "c2"}, EXACT),
        (NO_TEXT | NO_IMAGE | NO_AUDIO, {}, []),
        # near ones, the voice being free where text and picture are there
        ({}, other_text(0, 20, 63), NEAR),
        ({}, other_text(0, 1, 2, 3), []),
        ({}, other_image(0, 17, 40, 63), NEAR),
        ({}, other_image(0, 17, 30, 40, 63), []),
        ({"text_num_chars": SHORT}, other_text(5, 40, chars=SHORT) | other_image(3, 33), NEAR),
        ({}, other_text(1) | other_image(1) | {"customer_id": "c2", "audio_digest": "b"}, NEAR),
        ({}, other_text(1) | NO_IMAGE, []),
        # less evidence: voice and customer must agree
        (NO_IMAGE, other_text(1), NEAR),
        (NO_IMAGE | NO_AUDIO, other_text(1), NEAR),
        (NO_IMAGE, other_text(1) | {"audio_digest": "b"}, []),
        (NO_IMAGE, other_text(1) | NO_AUDIO, []),
        (NO_IMAGE, other_text(1) | {"customer_id": "c2"}, []),
        (NO_IMAGE | {"customer_id": None}, other_text(1), []),
        (NO_IMAGE | {"text_num_chars": SHORT}, other_text(1, chars=SHORT), []),
        (NO_TEXT, other_image(1), NEAR),
        (NO_TEXT, other_image(1) | {"audio_digest": "b"}, []),
        (NO_TEXT | NO_IMAGE, {"audio_digest": "b"}, []),
        # same fingerprint, other digest: upper case, for one
        ({}, {"text_digest": "u"}, NEAR),
        # a text whose fingerprint is not known is like no other
        ({"text_simhash": None}, {"text_digest": "u"}, []),
    ],
)
def test_pairs(both, second, expected):
    assert found(both, both | second) == expected


def test_the_first_stays_and_copies_of_copies_point_to_it():
    assert found({}, {}, {"text_digest": "u"}, {}) == [
        ("t1", "duplicate", "t0"),
        ("t2", "near_duplicate", "t0"),
        ("t3", "duplicate", "t0"),
    ]


def test_a_chain_of_slight_changes_is_compared_with_what_stays():
    chain = [other_text(*range(0, 2 * i)) for i in range(4)]
    assert found(*chain) == [("t1", "near_duplicate", "t0"), ("t3", "near_duplicate", "t2")]


def test_another_modality_counts_like_audio():
    assert found({"video_digest": "v"}, {"video_digest": "w"}) == NEAR
    assert found(NO_IMAGE | {"video_digest": "v"}, NO_IMAGE | other_text(1) | {"video_digest": "w"}) == []


def test_nothing_to_compare():
    assert found({}) == []
    frame = pd.DataFrame({"ticket_id": ["a", "b"], "customer_id": ["c", "c"], "audio_digest": ["x", "x"]})
    assert find_duplicates(frame, PARAMS)["ticket_id"].tolist() == ["b"]
    assert find_duplicates(frame.iloc[:0], PARAMS).empty


def brute_force(frame, params):
    """Compare each ticket that has text and picture with every earlier one that stays."""
    text = [int(value, 16) for value in frame["text_simhash"]]
    picture = [int(value, 16) for value in frame["image_phash"]]
    kept, dropped = [], {}
    for j in range(len(frame)):
        for i in kept:
            near_text = (text[i] ^ text[j]).bit_count() <= params.max_text_distance
            if near_text and (picture[i] ^ picture[j]).bit_count() <= params.max_picture_distance:
                dropped[f"t{j}"] = f"t{i}"
                break
        else:
            kept.append(j)
    return dropped


def test_banding_finds_what_brute_force_finds(monkeypatch):
    monkeypatch.setattr(duplicates, "_PAIRS_PER_CHUNK", 7)
    rng = np.random.default_rng(0)

    def noisy(centres):
        flips = np.packbits(rng.random((300, 64)) < 0.03, axis=1).view(np.uint64).ravel()
        return [f"{value:016x}" for value in (centres ^ flips).tolist()]

    which = rng.integers(0, 12, 300)
    centres = rng.integers(0, 2**63, (2, 12), dtype=np.uint64)
    frame = pd.DataFrame(
        {
            "ticket_id": [f"t{i}" for i in range(300)],
            "text_digest": [f"t{i}" for i in range(300)],
            "text_simhash": noisy(centres[0][which]),
            "image_digest": [f"i{i}" for i in range(300)],
            "image_phash": noisy(centres[1][which]),
        }
    )
    rows = find_duplicates(frame, PARAMS)
    expected = brute_force(frame, PARAMS)
    assert 50 < len(expected) < 290
    assert dict(zip(rows["ticket_id"], rows["original_id"], strict=True)) == expected
