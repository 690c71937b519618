"""Sentences of replies as sound: made when they are first asked for, the first one of a reply before that."""

from collections import OrderedDict
from concurrent.futures import Executor, Future
from threading import Lock
from typing import Protocol

Key = tuple[str, str]
"""Language and sentence."""


class Mouth(Protocol):
    """Speaks."""

    def speak(self, sentence: str, language: str) -> bytes:
        """Return a sentence as a WAV file."""


class SpeechCache:
    """Spoken sentences, each made once: what shops say repeats."""

    def __init__(self, mouth: Mouth, pool: Executor, max_sentences: int = 256) -> None:
        self._mouth = mouth
        self._pool = pool
        self._max_sentences = max_sentences
        self._made: OrderedDict[Key, Future[bytes]] = OrderedDict()
        self._lock = Lock()

    def say(self, sentence: str, language: str) -> Future[bytes]:
        """Begin to speak a sentence, unless that was done before; the result is a WAV file."""
        key = (language, sentence)
        with self._lock:
            made = self._made.pop(key, None)
            if made is None or (made.done() and made.exception() is not None):
                made = self._pool.submit(self._mouth.speak, sentence, language)
            self._made[key] = made
            if len(self._made) > self._max_sentences:
                self._made.popitem(last=False)
            return made
