import pytest

from kefu.speech.ctc.errors import edit_distance


@pytest.mark.parametrize(
    ("found", "told", "distance"),
    [("", "", 0), ("", "退款", 2), ("退款", "", 2), ("我要退款", "我要退款", 0), ("我退款", "我要退款", 1),
     ("我要腿款", "我要退款", 1), ("要我退款", "我要退款", 2), ("kitten", "sitting", 3)],
)  # fmt: skip
def test_edits_are_counted(found: str, told: str, distance: int) -> None:
    assert edit_distance(found, told) == distance
