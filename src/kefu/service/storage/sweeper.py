"""What is too old is deleted while the service runs."""

import threading

import structlog

from kefu.service.storage.erasure import Erasure

_log = structlog.get_logger("kefu.service")

_SECONDS_BETWEEN = 3600.0
_SECONDS_TO_END = 5.0


class Sweeper:
    """Sweeps at the start and every hour, in a thread of its own; several processes may do it at once.

    Args:
        erasure: of the database and the media.
        retention_days: after which conversations are deleted; None: never.
        media_retention_days: after which pictures and recordings are deleted; None: with their conversation.
        seconds_between: one sweep and the next.
    """

    def __init__(
        self,
        erasure: Erasure,
        retention_days: int | None,
        media_retention_days: int | None,
        seconds_between: float = _SECONDS_BETWEEN,
    ) -> None:
        self._erasure = erasure
        self._limits = (retention_days, media_retention_days)
        self._seconds_between = seconds_between
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End; a sweep that goes on is waited for a moment, and may be ended anywhere."""
        self._ended.set()
        self._thread.join(_SECONDS_TO_END)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                swept = self._erasure.sweep(*self._limits)
            except Exception:  # the database may be back in an hour
                _log.exception("nothing swept")
            else:
                if swept.conversations or swept.media:
                    _log.info("swept", **vars(swept))
            self._ended.wait(self._seconds_between)
