"""Who hears which language in the service."""

from pathlib import Path

import pytest
import structlog

from kefu.assistant.shop import Shop
from kefu.knowledge import KnowledgeBase
from kefu.service.ears import open_ears
from kefu.service.settings import ServiceSettings

SHOP = Path(__file__).parents[2] / "conf/assistant/demo"


def test_languages_that_are_not_heard_are_logged(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    pytest.importorskip("av")
    settings = ServiceSettings(chinese_speech=tmp_path)
    with structlog.testing.capture_logs() as logs:
        ears = open_ears(settings, Shop.load(SHOP), KnowledgeBase.load(SHOP / "knowledge"))
    assert ears is not None
    ears.close()
    assert ears.languages == {"en"}
    assert [log["language"] for log in logs if log["event"] == "a language is not heard"] == ["zh"]
