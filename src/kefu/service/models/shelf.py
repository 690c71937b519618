"""The models that are served: loaded, shared out among requests, and replaced while they work."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog
import torch

from kefu.predictor import CleanTicket, Prediction, RawTicket
from kefu.service.logs import describe_error
from kefu.service.memory import keep_out_of_collections
from kefu.service.metrics import Metrics
from kefu.service.models.batcher import BatcherClosedError, QueueFullError
from kefu.service.models.folders import BundleVersion, find_version
from kefu.service.models.served import ServedModel
from kefu.service.models.traffic import choose_model
from kefu.service.settings import ModelSettings, ServiceSettings
from kefu.tickets.errors import KefuError

_log = structlog.get_logger("kefu.service.models")


class UnknownModelError(KefuError):
    """A model that is not served."""


@dataclass(frozen=True)
class ServedPrediction:
    """A prediction, and who made it."""

    prediction: Prediction
    model: str
    version: str


class ModelShelf:
    """Models by name.

    Requests may come from the event loop (:meth:`predict`) and from any thread (:meth:`judge`). A new version on disk
    is loaded and tried beside the one that works; then it takes all new requests, and the old one ends what it has
    begun. A version that cannot be loaded leaves the old one in its place.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._settings, self._metrics = settings, metrics
        self._shares = {name: model.share for name, model in settings.models.items()}
        self._served: dict[str, ServedModel] = {}
        self._refused: dict[str, tuple[BundleVersion | None, str]] = {}
        self._replacing = threading.Lock()
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None
        self._decoders = ThreadPoolExecutor(settings.threads.media, thread_name_prefix="decode")
        self._decoding = 0

    def start(self) -> None:
        """Load every model, and watch for new versions.

        Raises:
            KefuError: a model cannot be found or read.
        """
        torch.set_num_threads(self._settings.threads.torch)
        for name, model in self._settings.models.items():
            self._take(self._load(name, find_version(model.folder)))
        if self._settings.watch_seconds:
            self._watcher = threading.Thread(target=self._watch, name="watch-models", daemon=True)
            self._watcher.start()

    def close(self, timeout_seconds: float | None = None) -> None:
        """Refuse new tickets, and end those that were accepted."""
        self._stopped.set()
        with self._replacing:
            for served in self._served.values():
                served.batcher.close(timeout_seconds)
        self._decoders.shutdown(wait=True, cancel_futures=True)

    @property
    def settings(self) -> Mapping[str, ModelSettings]:
        """What was asked for, by name."""
        return self._settings.models

    @property
    def served(self) -> Mapping[str, ServedModel]:
        """The versions at work, by name."""
        return dict(self._served)

    @property
    def ready(self) -> bool:
        """Whether every model is loaded."""
        return self._served.keys() == self._shares.keys() and not self._stopped.is_set()

    def choose(self, key: str) -> str:
        """Return the model of a conversation or request; the same one for the same key.

        Raises:
            UnknownModelError: no model has a share of the traffic.
        """
        name = choose_model(key, self._shares)
        if name is None:
            raise UnknownModelError("no model has a share of the traffic; name one")
        return name

    async def predict(self, ticket: RawTicket, *, key: str, model: str | None = None) -> ServedPrediction:
        """Judge a ticket from the event loop, without blocking it.

        Args:
            ticket: any part may be missing.
            key: of the conversation, else of the request.
            model: the name of a model; without, the key decides.

        Raises:
            UnknownModelError: there is no such model.
            QueueFullError: too much is waiting; come back later.
            BatcherClosedError: the service is stopping.
        """
        loop = asyncio.get_running_loop()
        while True:
            served = self._choose(key, model)
            clean: RawTicket | CleanTicket = ticket
            if ticket.image is not None or ticket.audio is not None:
                if self._decoding >= self._settings.threads.max_media:
                    self._metrics.refused.labels(served.name).inc()
                    raise QueueFullError
                self._decoding += 1
                try:
                    clean = await loop.run_in_executor(self._decoders, served.predictor.clean_raw, ticket)
                finally:
                    self._decoding -= 1
            future = self._submit(served, clean)
            if future is not None:
                return ServedPrediction(await asyncio.wrap_future(future), served.name, served.version)

    def judge(self, ticket: RawTicket, *, key: str, model: str | None = None) -> ServedPrediction:
        """Judge a ticket from a worker thread, which waits for it; as :meth:`predict` in all else."""
        while True:
            served = self._choose(key, model)
            future = self._submit(served, served.predictor.clean_raw(ticket))
            if future is not None:
                return ServedPrediction(future.result(), served.name, served.version)

    def refresh(self) -> None:
        """Look for new versions now, and let them take over; what is wrong with one is logged once."""
        with self._replacing:
            for name, model in self._settings.models.items():
                if self._stopped.is_set():
                    return
                self._refresh(name, model.folder)

    def _refresh(self, name: str, folder: Path) -> None:
        found = None
        refused, reason = self._refused.get(name, (None, ""))
        try:
            found = find_version(folder)
            if found not in (self._served[name].found, refused):
                self._take(self._load(name, found))
        except Exception as error:  # whatever it is, the version at work is better than none
            if (found, describe_error(error)) != (refused, reason):
                self._refused[name] = (found, describe_error(error))
                self._metrics.reloads.labels(name, "failed").inc()
                _log.error("a new version of a model cannot be served", model=name, why=describe_error(error))

    def _load(self, name: str, found: BundleVersion) -> ServedModel:
        def on_batch(size: int, seconds: float) -> None:
            self._metrics.batch_size.labels(name).observe(size)
            self._metrics.batch_seconds.labels(name).observe(seconds)

        return ServedModel.load(name, found, self._settings.batches, on_batch)

    def _take(self, new: ServedModel) -> None:
        """Let a version take all new tickets, and wait until the one before has ended what it had begun."""
        old = self._served.get(new.name)
        self._served[new.name] = new
        self._metrics.take(new.name, new.version, new.predictor.model.strategy)
        self._metrics.queued.labels(new.name).set_function(lambda: self._served[new.name].batcher.queued)
        _log.info("a model is served", model=new.name, version=new.version, folder=str(new.found.folder))
        if old is not None:
            self._metrics.reloads.labels(new.name, "done").inc()
            old.batcher.close()
            keep_out_of_collections()

    def _watch(self) -> None:
        while not self._stopped.wait(self._settings.watch_seconds):
            self.refresh()

    def _choose(self, key: str, model: str | None) -> ServedModel:
        name = model or self.choose(key)
        served = self._served.get(name)
        if served is None:
            raise UnknownModelError(f"there is no model '{name}' (there are: {', '.join(self._served) or 'none'})")
        return served

    def _submit(self, served: ServedModel, ticket: RawTicket | CleanTicket) -> Future[Prediction] | None:
        """Queue a ticket; None where another version has taken over in the meantime."""
        try:
            return served.submit(ticket)
        except QueueFullError:
            self._metrics.refused.labels(served.name).inc()
            raise
        except BatcherClosedError:
            if self._stopped.is_set():
                raise
            return None
