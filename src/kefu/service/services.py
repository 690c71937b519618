"""All that routes work with, built once from the settings."""

import structlog

from kefu.service.assistant import Assistant, open_assistant
from kefu.service.metrics import Metrics
from kefu.service.models import ModelShelf
from kefu.service.pictures import PictureCleaner
from kefu.service.settings import ServiceSettings

_log = structlog.get_logger("kefu.service")


class Services:
    """What an app holds as ``app.state.services``; nothing is loaded before :meth:`start`."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self._started = False
        self.metrics = Metrics()
        self.models = ModelShelf(settings, self.metrics)
        self.pictures = PictureCleaner(settings.limits, settings.threads.media)
        self.assistant: Assistant | None = None

    def start(self) -> None:
        """Load and warm up; may be called again, to no effect.

        Raises:
            KefuError: a model cannot be found or read.
        """
        if not self._started:
            self._started = True
            self.models.start()
            self.assistant = open_assistant(self.settings, self.models)
            _log.info("ready", models=list(self.models.served))

    async def resume(self) -> None:
        """Go on where a service that was killed left off."""
        if self.assistant is not None:
            await self.assistant.desk.resume()

    @property
    def messages_at_work(self) -> int:
        """Messages that the assistant answers or will, also those whose customers have gone."""
        return self.assistant.desk.working if self.assistant is not None else 0

    def end_streams(self) -> None:
        """End what has no end of its own: pages that listen for changes; from the event loop."""
        if self.assistant is not None:
            self.assistant.live.close()

    async def finish(self) -> None:
        """Wait until all messages that were accepted are answered."""
        if self.assistant is not None:
            await self.assistant.finish()

    def close(self) -> None:
        """End what was accepted, and give back threads."""
        if self.assistant is not None:
            self.assistant.close()
        self.pictures.close()
        self.models.close(self.settings.shutdown_seconds)
        _log.info("stopped")
