"""What the assistant of a service is made of."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from kefu.knowledge.dense import Vectors
from kefu.service import assistant
from kefu.service.assistant import Assistant, open_assistant
from kefu.service.metrics import Metrics
from kefu.service.models import ModelShelf
from kefu.service.settings import ServiceSettings

SHOP = Path(__file__).parents[2] / "conf/assistant/demo"


class Embedder:
    """Knows one thing: whoever talks of a jersey means returning something."""

    digest = "stub"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[1, 0] if "jersey" in text or text.startswith("Returning") else [0, 1] for text in texts], "f")


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> Embedder:
    stub = Embedder()
    monkeypatch.setattr(assistant, "installed_embedder", lambda: stub)
    return stub


@pytest.fixture
def open_with(make_settings: Callable[..., ServiceSettings], tmp_path: Path) -> Iterator[Callable[..., Assistant]]:
    opened = []

    def open_shop(**changes: object) -> Assistant:
        settings = make_settings(
            shop=SHOP,
            hear=False,
            read_pictures=False,
            storage=f"sqlite:///{tmp_path}/kefu.db",
            media=tmp_path / "media",
            vectors=tmp_path / "vectors.safetensors",
            **changes,
        )
        found = open_assistant(settings, ModelShelf(settings, Metrics()))
        assert found is not None
        opened.append(found)
        return found

    yield open_shop
    for found in opened:
        found.close()


def test_articles_are_found_by_meaning_where_there_is_an_embedder(
    embedder: Embedder, open_with: Callable[..., Assistant]
) -> None:
    question = "a jersey that I ordered"
    knowledge = open_with(find_by_meaning=True).knowledge
    assert knowledge.search(question, "en")[0].article_id == "returns/how-to-return"
    by_words = open_with(find_by_meaning=False).knowledge
    assert by_words.search(question, "en")[0].article_id != "returns/how-to-return"


def test_vectors_are_kept_and_the_first_question_does_not_wait_for_the_network(
    embedder: Embedder, open_with: Callable[..., Assistant], tmp_path: Path
) -> None:
    open_with(find_by_meaning=True)
    assert (tmp_path / "vectors.safetensors").is_file()
    assert len(embedder.asked) > 50
    embedder.asked.clear()
    open_with(find_by_meaning=True)
    assert len(embedder.asked) == 1, "one text that warms up"


def test_without_the_extra_words_must_do(
    monkeypatch: pytest.MonkeyPatch, open_with: Callable[..., Assistant], tmp_path: Path
) -> None:
    monkeypatch.setattr(assistant, "installed_embedder", lambda: None)
    assert open_with(find_by_meaning=True).knowledge.search("how do I return it", "en")
    assert not (tmp_path / "vectors.safetensors").exists()
