from pathlib import Path

import pytest

from kefu.assistant.playbooks import Playbook
from kefu.assistant.yaml_files import ShopError, read_yaml


def fault(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "refund.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ShopError) as error:
        read_yaml(path, Playbook)
    assert str(path) in str(error.value)
    return str(error.value).replace(str(path), "refund.yml")


TITLE = "title: {en: Refund, zh: 退款}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: {en: Refund}\n", "refund.yml line 1: title.zh: this field is needed"),
        ("say: {en: [a], zh: [b]}\n", "refund.yml line 1: title: this field is needed"),
        (TITLE + "sayy: {}\n", "refund.yml line 2: sayy: there is no such field; did you mean 'say'?"),
        (TITLE + "say: {en: [a]}\n", "refund.yml line 2: say: there is nothing in 'zh'; both languages are needed"),
        (TITLE + "say: {en: [' '], zh: [b]}\n", "refund.yml line 2: say: a sentence in 'en' is empty; leave it out"),
        (TITLE + "say:\n  en: [a]\n  zh: b\n", "refund.yml line 4: say.zh: should be a valid tuple (got 'b')"),
        (TITLE + "hand_over: maybe\n", "refund.yml line 2: hand_over: should be a valid boolean"),
        (TITLE + "title: {en: a, zh: b}\n", "refund.yml line 2: 'title' stands here a second time"),
        (TITLE + "say: [a\n", "line 3"),
        (TITLE + "then: {en: [Is it?, b], zh: []}\n", "put sentences that hold any of"),
        (TITLE + "? [a]\n: b\n", "refund.yml line 2: a name must be a word"),
        (b"\xff\xfe", "byte 0 is not UTF-8; save the file as UTF-8"),
        ("", "title: this field is needed"),
        (
            TITLE + "ask:\n- {slot: x, kind: colour, question: {en: a, zh: b}}\n",
            "refund.yml line 3: ask.0.kind: should be 'order_number'",
        ),
    ],
)
def test_mistakes_are_told_by_line_and_field(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert message in fault(tmp_path, text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match=r"refund\.yml: there is no such file"):
        read_yaml(tmp_path / "refund.yml", Playbook)


def test_yes_is_a_word_and_true_is_a_truth(tmp_path: Path) -> None:
    path = tmp_path / "refund.yml"
    path.write_text(TITLE + "say: {en: [yes], zh: [no]}\nhand_over: true\n", encoding="utf-8")
    playbook = read_yaml(path, Playbook)
    assert playbook.say.all() == ("yes", "no")
    assert playbook.hand_over is True
