"""Who hears which language in this service."""

from collections.abc import Iterator
from pathlib import Path

import structlog

from kefu.assistant.grounding import split_sentences
from kefu.assistant.shop import Shop
from kefu.knowledge import KnowledgeBase
from kefu.service.conversations.shop_voice import ShopEars
from kefu.service.settings import ServiceSettings
from kefu.speech import Recogniser
from kefu.speech.contract import SpeechUnavailableError
from kefu.speech.ctc import CtcRecogniser
from kefu.speech.decoding import Decoding, RecordingDecoder
from kefu.speech.sphinx import SphinxRecogniser
from kefu.speech.whisper import WhisperRecogniser

_log = structlog.get_logger("kefu.service")


def open_ears(settings: ServiceSettings, shop: Shop, knowledge: KnowledgeBase) -> ShopEars | None:
    """Load the recognisers, and start the processes that decode; None where no language can be heard.

    Raises:
        KefuError: a recogniser that there is cannot be loaded.
    """
    recognisers = dict(_recognisers(settings, shop, knowledge))
    if not recognisers:
        return None
    limits = Decoding(max_bytes=settings.limits.audio_bytes, max_seconds=settings.limits.audio_seconds)
    decoders = [RecordingDecoder(limits) for _ in range(settings.threads.media)]
    for decoder in decoders:
        decoder.start()
    _log.info("recordings are heard", by={language: found.name for language, found in recognisers.items()})
    return ShopEars(decoders, recognisers)


def _recognisers(settings: ServiceSettings, shop: Shop, knowledge: KnowledgeBase) -> Iterator[tuple[str, Recogniser]]:
    if settings.whisper is not None:
        whisper = WhisperRecogniser.load(settings.whisper)
        yield from ((language, whisper) for language in sorted(whisper.languages))
        return
    articles = (article.text for article in knowledge.articles if article.language == "en")
    try:
        yield (
            "en",
            SphinxRecogniser.from_phrases(
                shop.spoken("en"), [sentence for text in articles for sentence in split_sentences(text)]
            ),
        )
    except SpeechUnavailableError as error:
        _log.info("English is not heard", why=str(error))
    chinese = find_speech_model(settings.chinese_speech)
    if chinese is None:
        _log.info(
            "Chinese is not heard: `kedro run --pipelines train_speech` was not run",
            folder=str(settings.chinese_speech),
        )
    else:
        yield "zh", CtcRecogniser.load(chinese)


def find_speech_model(folder: Path) -> Path | None:
    """Return the newest bundle of ``data/06_models/speech``, the folder itself if it is one, None if there is none."""
    found = [folder, *folder.glob("current/ctc"), *sorted(folder.glob("versions/ctc/*/ctc"))]
    return next((path for path in reversed(found) if (path / "config.json").is_file()), None)
