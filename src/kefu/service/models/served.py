"""One version of a model at work: its weights, its thread, its queue."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kefu.predictor import CleanTicket, Prediction, Predictor, RawTicket
from kefu.service.models.batcher import MicroBatcher
from kefu.service.models.folders import BundleVersion
from kefu.service.settings import BatchSettings

_WARM_UP = ("where is my order", "我的订单在哪里", "")


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A loaded version of a model."""

    name: str
    found: BundleVersion
    predictor: Predictor
    batcher: MicroBatcher[RawTicket | CleanTicket, Prediction]
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def load(
        cls,
        name: str,
        found: BundleVersion,
        batches: BatchSettings,
        on_batch: Callable[[int, float], None],
    ) -> "ServedModel":
        """Read a bundle and try it, so that the first request is as quick as any.

        Raises:
            KefuError: the bundle cannot be read.
        """
        predictor = Predictor.load(found.folder)

        def judge(tickets: Sequence[RawTicket | CleanTicket]) -> list[Prediction]:
            cleaned = [one if isinstance(one, CleanTicket) else predictor.clean_raw(one) for one in tickets]
            return predictor.predict_clean(cleaned)

        judge([RawTicket(text) for text in _WARM_UP])
        batcher = MicroBatcher(
            judge,
            max_items=batches.max_tickets,
            max_wait_seconds=batches.max_wait_ms / 1000,
            max_queued=batches.max_queued,
            name=f"model-{name}",
            on_batch=on_batch,
        )
        return cls(name, found, predictor, batcher)

    @property
    def version(self) -> str:
        """When it was trained, or the name of its folder."""
        return self.found.name

    def submit(self, ticket: RawTicket | CleanTicket) -> Future[Prediction]:
        """Queue a ticket; one with media should have been cleaned, which else holds up all others.

        Raises:
            QueueFullError: too many wait already.
            BatcherClosedError: another version has taken over.
        """
        return self.batcher.submit(ticket)
