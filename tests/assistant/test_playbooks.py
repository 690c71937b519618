from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kefu.assistant.playbooks import Playbook, read_playbooks
from kefu.assistant.yaml_files import ShopError

TITLE = {"en": "A refund", "zh": "退款"}
QUESTION = {"en": "Which?", "zh": "哪个？"}
OPTIONS = [{"value": name, "words": {"en": [name], "zh": [name]}} for name in ("new", "money")]
ORDER = {"slot": "order_number", "kind": "order_number", "question": QUESTION}


def both(text: str) -> dict[str, list[str]]:
    return {"en": [text], "zh": [text]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"say": both("Order {order}")}, "nothing fills {order}"),
        ({"ask": [{**ORDER, "question": {"en": "{order_number}?", "zh": "?"}}]}, "nothing fills {order_number}"),
        ({"say": both("See [[]]")}, "names no article"),
        ({"ask": [ORDER, ORDER]}, "'order_number' is asked twice"),
        ({"ask": [{**ORDER, "slot": "number"}]}, "has a wrong name"),
        ({"ask": [{**ORDER, "kind": "text"}]}, "has a wrong name"),
        ({"ask": [{**ORDER, "slot": "Order"}]}, "a slot is named by small letters"),
        ({"ask": [{"slot": "way", "kind": "choice", "question": QUESTION}]}, "at least two of them"),
        ({"ask": [{"slot": "way", "kind": "text", "question": QUESTION, "options": OPTIONS}]}, "belong to the kind"),
        ({"action": {"name": "pay", "confirm": TITLE, "arguments": {"to": "order_number"}}}, "which nothing asks for"),
        ({"action": {"name": "pay", "confirm": {"en": "{amount}?", "zh": "?"}}}, "nothing fills {amount}"),
    ],
)
def test_playbooks_that_cannot_be_followed_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("{", r"\{").replace("}", r"\}").replace("[", r"\[")):
        Playbook.model_validate({"title": TITLE, **fields})


def test_all_citations_are_listed() -> None:
    playbook = Playbook.model_validate({"title": TITLE, "say": both("A [[a/b]] [[c]]"), "then": both("B [[d]].")})
    assert set(playbook.cited()) == {"a/b", "c", "d"}


def test_a_folder_without_playbooks_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match="there are no playbooks; write one a label"):
        read_playbooks(tmp_path)


def test_another_ending_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("title: {en: a, zh: b}")
    (tmp_path / "b.yaml").write_text("title: {en: a, zh: b}")
    with pytest.raises(ShopError, match=r"b\.yaml: playbooks end in \.yml; rename it"):
        read_playbooks(tmp_path)
