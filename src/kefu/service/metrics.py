"""What the service counts, for Prometheus."""

import threading

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The counters of one service, in a registry of their own.

    Attributes:
        requests: by method, route and status.
        request_seconds: by route, until the last byte.
        batch_size: tickets of each batch, by model.
        batch_seconds: time of each batch, by model.
        queued: tickets that wait, by model.
        refused: tickets that found too many waiting, by model.
        reloads: of models, by outcome (``done``, ``failed``).
        model: 1 for each version that is served.
    """

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "kefu_requests", "Requests that were answered.", ("method", "route", "status"), registry=registry
        )
        self.request_seconds = Histogram(
            "kefu_request_seconds", "Time of a request.", ("route",), buckets=_SECONDS, registry=registry
        )
        self.batch_size = Histogram(
            "kefu_batch_tickets", "Tickets that a model judged at once.", ("model",), buckets=_SIZES, registry=registry
        )
        self.batch_seconds = Histogram(
            "kefu_batch_seconds", "Time that a model took for a batch.", ("model",), buckets=_SECONDS, registry=registry
        )
        self.queued = Gauge("kefu_queued_tickets", "Tickets that wait for a model.", ("model",), registry=registry)
        self.refused = Counter(
            "kefu_refused_tickets", "Tickets that found too many waiting.", ("model",), registry=registry
        )
        self.reloads = Counter(
            "kefu_model_reloads", "Models that were replaced, or could not be.", ("model", "outcome"), registry=registry
        )
        self.model = Gauge(
            "kefu_model_info", "The versions that are served.", ("model", "version", "strategy"), registry=registry
        )
        self._versions: dict[str, tuple[str, str, str]] = {}
        self._lock = threading.Lock()

    def take(self, model: str, version: str, strategy: str) -> None:
        """Write down which version of a model is served now."""
        with self._lock:
            before, now = self._versions.get(model), (model, version, strategy)
            self._versions[model] = now
            if before is not None and before != now:
                self.model.remove(*before)
            self.model.labels(*now).set(1)

    def render(self) -> bytes:
        """Return all of it in the text format of Prometheus."""
        return generate_latest(self.registry)
