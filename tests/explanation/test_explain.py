"""What the model was made to look at must be found, and nothing before it."""

import numpy as np
import pytest

from kefu.explanation import explain_payloads
from kefu.modalities.image import Parts as Grid

RATE = 8_000


def picture_with_a_bright_corner() -> np.ndarray:
    pixels = np.full((64, 80, 3), 30, np.uint8)
    pixels[8:24, 48:72] = 250
    return pixels


def recording_with_a_loud_moment() -> np.ndarray:
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.01, RATE)
    samples[5 * RATE // 8 : 6 * RATE // 8] = rng.normal(0, 0.4, RATE // 8)
    return samples.astype(np.float32)


def explain(model, parts=None, **payloads):
    given = {name: [payloads.get(name)] for name in model.parts}
    return explain_payloads(model, ["t1"], given, parts)[0]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("refund", "hello, where is my Refund? i asked for it on monday"),
        ("退款", "你好，我上周要求退款，还没有到"),
        ("退款", "my order 123: 请退款 please"),
    ],
)
def test_the_word_that_counts_comes_first(watchful, word, text):
    found = explain(watchful(word), text=text)
    best, second = found.parts["text"][:2]
    assert found.label == "refund"
    assert best.part.name.lower() == word
    assert text[int(best.part.place["start"]) : int(best.part.place["end"])].lower() == word
    assert best.evidence == pytest.approx(2.0, abs=1e-4), "the weight of the head"
    assert [one.part.name for one in found.most_important("text")] == [best.part.name]
    assert second.evidence < best.evidence or not set(second.part.name).isdisjoint(word)


def test_a_repeated_word_is_hidden_everywhere(watchful):
    found = explain(watchful(), text="refund, refund, Refund!")
    assert [(one.part.name, round(one.evidence, 3)) for one in found.parts["text"]] == [("refund", 2.0)]


def test_the_corner_that_counts_comes_first(watchful):
    found = explain(watchful(), image=picture_with_a_bright_corner(), parts={"image": Grid(rows=2, columns=2)})
    best, *others = found.parts["image"]
    assert best.part.place == {"left": 0.5, "top": 0.0, "right": 1.0, "bottom": 0.5}
    assert all(abs(one.evidence) < 0.05 * best.evidence for one in others)


def test_a_finer_grid_finds_the_same_corner(watchful):
    found = explain(watchful(), image=picture_with_a_bright_corner())
    assert len(found.parts["image"]) == 16
    for one in found.most_important("image"):
        assert one.part.place["left"] >= 0.5
        assert one.part.place["bottom"] <= 0.5


def test_the_moment_that_counts_comes_first(watchful):
    found = explain(watchful(), audio=recording_with_a_loud_moment())
    best = found.parts["audio"][0].part.place
    assert best["start"] < 6 / 8
    assert best["end"] > 5 / 8
    assert found.parts["audio"][0].evidence > 2 * found.parts["audio"][2].evidence


def test_evidence_of_modalities_adds_up_and_is_shared(watchful):
    model = watchful()
    found = explain(model, text="my refund", image=picture_with_a_bright_corner(), audio=recording_with_a_loud_moment())
    odds = np.log(found.confidence / (1 - found.confidence)) - np.log(found.prior / (1 - found.prior))
    assert sum(found.evidence.values()) == pytest.approx(odds, abs=1e-4)
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert set(found.parts) == {"audio", "image", "text"}
    without = explain(model, image=picture_with_a_bright_corner())
    assert without.evidence["text"] == without.evidence["audio"] == 0.0
    assert without.shares["image"] == 1.0
    assert set(without.parts) == {"image"}


def test_a_ticket_with_nothing_has_nothing_to_explain(watchful):
    found = explain(watchful())
    assert set(found.evidence.values()) == set(found.shares.values()) == {0.0}
    assert found.parts == found.texts == {}
    assert found.confidence == pytest.approx(0.5)


def test_neighbours_and_repetition_change_nothing(watchful):
    model = watchful()
    texts = ["my refund", None, "where is it", "我要退款"]
    payloads = {"text": texts, "image": [None] * 4, "audio": [None] * 4}
    together = explain_payloads(model, list("abcd"), payloads)
    assert together == explain_payloads(model, list("abcd"), payloads)
    assert [one.evidence for one in together] == [explain(model, text=text).evidence for text in texts]
