"""Pictures and recordings of scenarios: drawn and spoken by the demo's generators, or files."""

import zlib
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from pydantic import Field, model_validator

from kefu.assistant.yaml_files import ShopError
from kefu.knowledge.articles import Language
from kefu.parameters import Parameters

_LINE_HEIGHT_PX = 56
_LETTER_WIDTH_PX = 24


class DrawnPicture(Parameters):
    """A picture: one of ``draw``, ``words`` and ``file``."""

    draw: tuple[str, ...] = Field(
        (), description="Demo intents that it fits: one, a pair that pictures mix up, or 'anything'"
    )
    words: tuple[str, ...] = Field((), description="Lines of Latin text on a white sheet")
    file: str | None = Field(None, description="A file beside the scenario")
    order: str | None = Field(None, description="Order number on labels and slips of what is drawn")
    amount: str | None = Field(None, description="Amount on receipts of what is drawn")
    seed: int = Field(0, ge=0, description="Another seed is another picture")
    broken: bool = Field(False, description="Whether the file ends in the middle")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(map(bool, (self.draw, self.words, self.file))) != 1:
            raise ValueError("give one of draw, words and file")
        if any(not line.isascii() for line in self.words):
            raise ValueError("only Latin letters can be drawn as words; give a file")
        return self


class SpokenWords(Parameters):
    """A recording: what is said, or a WAV file that says it."""

    say: str = Field(min_length=1, description="The words; of a file, too")
    file: str | None = Field(None, description="A WAV file beside the scenario")
    seed: int = Field(0, ge=0, description="Another seed is another voice, and another noise")
    snr_db: float = Field(25, ge=-10, le=60, description="How far the noise lies below the voice")


def draw(picture: DrawnPicture, language: Language, folder: Path) -> bytes:
    """Return a picture file.

    Raises:
        ShopError: there is no such file, or no drawing that fits those intents.
    """
    if picture.file is not None:
        data = _read(folder / picture.file)
    elif picture.words:
        data = _write_sheet(picture.words)
    else:
        data = _draw_evidence(picture, language)
    return data[: len(data) // 2] if picture.broken else data


def record(voice: SpokenWords, language: Language, folder: Path) -> bytes:
    """Return a WAV file: mono, 16 bit.

    Raises:
        ShopError: there is no such file.
        SpeechUnavailableError: there is no synthesiser.
    """
    if voice.file is not None:
        return _read(folder / voice.file)
    from kefu.demo.parameters import DemoParameters
    from kefu.demo.speech import draw_voice, record_call

    rng = np.random.default_rng([voice.seed, zlib.crc32(voice.say.encode())])
    params = DemoParameters(min_snr_db=voice.snr_db, max_snr_db=voice.snr_db)
    return record_call(voice.say, draw_voice(language, rng), params, rng)


def _draw_evidence(picture: DrawnPicture, language: Language) -> bytes:
    from kefu.demo.intents import CONFUSIONS, VAGUE, Intent
    from kefu.demo.parameters import DemoParameters
    from kefu.demo.pictures import draw_picture
    from kefu.demo.text import draw_matter

    known = {intent.value for intent in Intent}
    if wrong := [name for name in picture.draw if name not in {*known, "anything"}]:
        raise ShopError(f"draw: there is no demo intent '{wrong[0]}' (there are: {', '.join(sorted(known))}, anything)")
    evidence = VAGUE if "anything" in picture.draw else frozenset(Intent(name) for name in picture.draw)
    if len(evidence) > 1 and evidence not in (VAGUE, *CONFUSIONS["image"]):
        pairs = "; ".join(", ".join(sorted(pair)) for pair in CONFUSIONS["image"])
        raise ShopError(f"draw: nothing looks like {', '.join(picture.draw)} alike; pairs that do: {pairs}")
    rng = np.random.default_rng(picture.seed)
    given = {"order": picture.order, "amount": picture.amount}
    matter = draw_matter(rng) | {name: value for name, value in given.items() if value is not None}
    return draw_picture(evidence, language, matter, DemoParameters(), rng)


def _write_sheet(lines: tuple[str, ...]) -> bytes:
    width = _LETTER_WIDTH_PX * max(map(len, lines)) + 80
    sheet = np.full((_LINE_HEIGHT_PX * len(lines) + 60, width, 3), 255, dtype=np.uint8)
    for row, line in enumerate(lines, start=1):
        place = (40, _LINE_HEIGHT_PX * row)
        cv2.putText(sheet, line, place, cv2.FONT_HERSHEY_SIMPLEX, 1.1, (20, 20, 20), 2, cv2.LINE_AA)
    return cv2.imencode(".png", sheet)[1].tobytes()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ShopError(f"{path}: {error.strerror}; a scenario names it") from None
