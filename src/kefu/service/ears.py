"""Who hears which language in this service."""

import structlog

from kefu.assistant.ears import ShopEars, open_recognisers
from kefu.assistant.shop import Shop
from kefu.knowledge import KnowledgeBase
from kefu.service.settings import ServiceSettings
from kefu.speech import Recogniser
from kefu.speech.decoding import Decoding, RecordingDecoder
from kefu.speech.whisper import WhisperRecogniser

_log = structlog.get_logger("kefu.service")


def open_ears(settings: ServiceSettings, shop: Shop, knowledge: KnowledgeBase) -> ShopEars | None:
    """Load the recognisers, and start the processes that decode; None where no language can be heard.

    Raises:
        KefuError: a recogniser that there is cannot be loaded.
    """
    recognisers = _recognisers(settings, shop, knowledge)
    if not recognisers:
        return None
    limits = Decoding(max_bytes=settings.limits.audio_bytes, max_seconds=settings.limits.audio_seconds)
    decoders = [RecordingDecoder(limits) for _ in range(settings.threads.media)]
    for decoder in decoders:
        decoder.start()
    _log.info("recordings are heard", by={language: found.name for language, found in recognisers.items()})
    return ShopEars(decoders, recognisers)


def _recognisers(settings: ServiceSettings, shop: Shop, knowledge: KnowledgeBase) -> dict[str, Recogniser]:
    if settings.whisper is not None:
        whisper = WhisperRecogniser.load(settings.whisper)
        return dict.fromkeys(sorted(whisper.languages), whisper)
    found = open_recognisers(shop, knowledge.articles, settings.chinese_speech)
    for language, why in found.not_heard.items():
        _log.info("a language is not heard", language=language, why=why)
    return found.by_language
