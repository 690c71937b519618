"""From a message to all that is understood of it: words, intents, details, acts, what a picture shows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from kefu.assistant.acts import own_words, split_words
from kefu.assistant.entities import Source, find_entities
from kefu.assistant.messages import Act, Entity, IntentGuess, Message, PictureReading, Understanding
from kefu.assistant.shop import Shop
from kefu.knowledge.articles import Language
from kefu.modalities.text.language import detect_language
from kefu.speech import Transcript

if TYPE_CHECKING:
    from kefu.predictor import Prediction, RawTicket

Judge = Callable[["RawTicket"], "Prediction"]
"""The trained model: what a ticket is about."""

Hear = Callable[[bytes, Language], Transcript]
"""Writes down what is said in a WAV file, in the language that is expected."""

ReadPicture = Callable[[bytes], tuple[str, ...]]
"""Reads the lines of text in a picture file."""

DEFAULT_LANGUAGE: Language = "en"
"""Where neither the customer nor his words tell."""


@dataclass(frozen=True)
class Understander:
    """Understands messages with a model and, where there are such, a recogniser of speech and a reader of pictures."""

    judge: Judge
    shop: Shop
    hear: Hear | None = None
    read_picture: ReadPicture | None = None

    def understand(
        self,
        message: Message,
        *,
        today: date,
        language: Language | None = None,
        heard: Transcript | None = None,
        lines: tuple[str, ...] | None = None,
    ) -> Understanding:
        """Understand one message.

        A message that holds nothing but greetings, answers and details (``yes``, ``it is A12345``) is not sent to the
        model: it would take it for one of its labels.

        Args:
            message: what the customer sent.
            today: what ``yesterday`` is reckoned from.
            language: that of the conversation so far.
            heard: what was heard in the recording, where that is known already.
            lines: what was read in the picture, where that is known already.
        """
        if message.audio is not None and heard is None and self.hear is not None:
            heard = self.hear(message.audio, message.language or language or DEFAULT_LANGUAGE)
        said = heard.text if heard is not None and heard.confidence >= self.shop.thresholds.heard else ""
        text = message.text.strip() or said
        details = (*self._entities(message.text, "text", today), *self._entities(said, "audio", today))
        fused = None
        if self._is_worth_judging(message, said, details):
            fused = self._judge(text, message.image, message.audio)
        picture = self._look_at(message, fused, lines) if message.image is not None else None
        read = self._entities("\n".join(picture.lines), "image", today) if picture is not None else ()
        return Understanding(
            language=message.language or _language_of(_without(text, details), heard, language),
            text=text,
            intents=_guesses(fused) if fused is not None else (),
            out_of_scope=fused.out_of_scope if fused is not None else False,
            acts=self._acts(message.text, said),
            entities=(*details, *read),
            picture=picture,
            heard=heard,
            not_used={name: why for name, why in fused.not_used.items() if name in _given(message)} if fused else {},
        )

    def _acts(self, *own: str) -> frozenset[Act]:
        acts = frozenset(act for part in own for act in self.shop.phrases.find(part))
        is_hedged = any(self.shop.phrases.hedged(part) for part in own)
        return acts - {Act.YES} if is_hedged or Act.NO in acts else acts

    def _look_at(self, message: Message, fused: "Prediction | None", lines: tuple[str, ...] | None) -> PictureReading:
        """Read and judge the picture by itself; one that the model could not open is not read, either."""
        fault = fused.not_used.get("image") if fused is not None else None
        if fault is not None or fused is None or message.image is None:
            return PictureReading(lines=lines or (), fault=fault)
        if lines is None:
            lines = self.read_picture(message.image) if self.read_picture is not None else ()
        alone = fused if _given(message) == {"image"} else self._judge("", message.image, None)
        return PictureReading(lines=lines, shows=_guesses(alone))

    def _entities(self, text: str, source: Source, today: date) -> tuple[Entity, ...]:
        return find_entities(
            text, source, today=today, order_numbers=self.shop.order_numbers, currency=self.shop.currency
        )

    def _is_worth_judging(self, message: Message, said: str, entities: tuple[Entity, ...]) -> bool:
        if message.image is not None:
            return True
        if message.audio is not None and not said:
            return True
        return not all(self.shop.phrases.is_pure(_without(part, entities)) for part in (message.text, said))

    def _judge(self, text: str, image: bytes | None, audio: bytes | None) -> "Prediction":
        from kefu.predictor import RawTicket

        return self.judge(RawTicket(text=text or None, image=image, audio=audio))


def _given(message: Message) -> set[str]:
    given = {"text": bool(message.text.strip()), "image": message.image is not None, "audio": message.audio is not None}
    return {name for name, is_given in given.items() if is_given}


def _without(text: str, entities: tuple[Entity, ...]) -> str:
    for entity in entities:
        text = text.replace(entity.written, " ")
    return text


def _guesses(prediction: "Prediction") -> tuple[IntentGuess, ...]:
    if not prediction.used:
        return ()
    ranked = sorted(prediction.probabilities.items(), key=lambda one: -one[1])
    return tuple(IntentGuess(label=label, probability=min(1.0, max(0.0, float(p)))) for label, p in ranked)


def _language_of(text: str, heard: Transcript | None, before: Language | None) -> Language:
    """Return the language of a text without its details.

    Where it is mixed, without words, or too short to change the language (`ok`, `谢谢`), it is that of the
    conversation so far.
    """
    own = own_words(text)
    found = detect_language(own)
    latin, han = _count_words(own)
    if before is not None:
        is_telling = (found == "en" and latin >= 3) or (found == "zh" and han >= 2)
        return ("en" if found == "en" else "zh") if is_telling else before
    if heard is not None:
        return heard.language
    if found in {"en", "other"}:
        return DEFAULT_LANGUAGE
    return "zh" if han > latin else "en"


def _count_words(text: str) -> tuple[int, float]:
    """Return how many Latin words and how many Chinese ones (of two characters) a text has."""
    words = split_words(text)
    return sum(word.isalpha() and word.isascii() for word in words), sum(not word.isascii() for word in words) / 2
