"""Shards of demo tickets: rows of the table, the files they point to and the ledger of what was broken."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kefu.demo.defects import REASONS, retype_text, spoil_label, spoil_picture, spoil_recording, spoil_text
from kefu.demo.intents import MODALITIES, Evidence, draw_evidence
from kefu.demo.parameters import DemoParameters
from kefu.demo.pictures import draw_picture
from kefu.demo.plans import Customer, Defect, Plan, Stream, generator, plan_ticket
from kefu.demo.speech import Voice, choose_words, draw_voice, record_call
from kefu.demo.text import draw_matter, write_text
from kefu.tickets.quarantine import TICKET

_OPENING = datetime(2025, 1, 1, tzinfo=UTC)
_MINUTES_BETWEEN_TICKETS = 5
_PATHS = {"image": "images/{}.jpg", "audio": "audio/{}.wav"}
_SPOIL = {"image": spoil_picture, "audio": spoil_recording}


@dataclass(frozen=True, slots=True)
class DemoShard:
    """Some consecutive tickets.

    Attributes:
        rows: Columns of the ticket table: ``ticket_id``, ``text``, ``image``, ``audio``, ``label``, ``language``,
            ``customer_id``, ``created_at`` and ``synthetic``; an absent text or file is an empty string.
        files: Contents of the files by the path that stands in the rows, relative to the table.
        defects: The ledger of what was broken on purpose: ``ticket_id``, ``modality`` (``ticket`` where the whole
            ticket is lost) and ``reason``, a value of :class:`kefu.tickets.faults.Reason` that cleaning should give.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    defects: list[dict[str, str]] = field(default_factory=list)


def generate_tickets(params: DemoParameters, start: int, stop: int) -> DemoShard:
    """Make the tickets number ``start`` up to, but not including, ``stop``.

    A ticket depends on the seed and its number alone, so shards can be made in any order and in any process, and
    the first tickets are the same however many there are. A duplicate points to the files of the earlier ticket it
    repeats; they are in ``files`` even if that ticket belongs to another shard.

    Raises:
        SpeechUnavailableError: The extra ``voice`` is not installed.
        ValueError: ``start`` is negative or greater than ``stop``.
    """
    if not 0 <= start <= stop:
        raise ValueError(f"start and stop must be 0 <= start <= stop, not {start} and {stop}")
    shard = DemoShard()
    for index in range(start, stop):
        plan = plan_ticket(params, index)
        shard.rows.append(_write_row(params, plan, shard.files))
        if plan.defect is not None:
            shard.defects.append(
                {
                    "ticket_id": plan.ticket_id,
                    "modality": plan.defect.modality or TICKET,
                    "reason": REASONS[plan.defect].value,
                }
            )
    return shard


def generate_shard(params: DemoParameters, limits: tuple[int, int]) -> DemoShard:
    """Make the tickets of one of :func:`shard_ranges`: what a worker process maps, free of Kedro and torch."""
    return generate_tickets(params, *limits)


def shard_ranges(params: DemoParameters) -> Iterator[tuple[int, int]]:
    """Yield ``start`` and ``stop`` of every shard of the table, for :func:`generate_tickets`."""
    for start in range(0, params.num_tickets, params.tickets_per_shard):
        yield start, min(start + params.tickets_per_shard, params.num_tickets)


def _write_row(params: DemoParameters, plan: Plan, files: dict[str, bytes]) -> dict[str, Any]:
    """Make one ticket, put its files into ``files`` and return its row."""
    source = plan if plan.original is None else plan_ticket(params, plan.original)
    content = _Content(params, source)
    rng = generator(params, plan.index, Stream.DEFECT)
    row: dict[str, Any] = {
        "ticket_id": plan.ticket_id,
        "text": "",
        "image": "",
        "audio": "",
        "label": source.intent.value,
        "language": source.customer.language,
        "customer_id": f"c{source.customer.number:06d}",
        "created_at": _created_at(params, source.index).isoformat(),
        "synthetic": True,
    }
    if "text" in plan.present:
        row["text"] = content.text()
    for modality, pattern in _PATHS.items():
        if modality not in plan.present:
            continue
        path = row[modality] = pattern.format(source.ticket_id)
        if path in files:
            continue
        data: bytes | None = content.file(modality)
        if data is not None and plan.defect is not None and plan.defect.modality == modality:
            data = _SPOIL[modality](data, plan.defect, rng)
        if data is not None:
            files[path] = data
    match plan.defect:
        case Defect.EMPTY_TEXT:
            row["text"] = spoil_text(rng)
        case Defect.BAD_LABEL:
            row["label"] = spoil_label(row["label"], rng)
        case Defect.MISSING_LABEL:
            row["label"] = ""
        case Defect.NEAR_DUPLICATE:
            row["text"] = retype_text(row["text"], rng)
    return row


class _Content:
    """What a sound ticket holds, made from the evidence of each modality and never from the intent."""

    def __init__(self, params: DemoParameters, plan: Plan) -> None:
        self._params, self._index, self._customer = params, plan.index, plan.customer
        self._matter = draw_matter(generator(params, plan.index, Stream.MATTER))
        rng = generator(params, plan.index, Stream.EVIDENCE)
        self._evidence: dict[str, Evidence] = {
            modality: draw_evidence(plan.intent, modality, params, rng) for modality in MODALITIES
        }

    def text(self) -> str:
        rng = generator(self._params, self._index, Stream.TEXT)
        return write_text(self._evidence["text"], self._customer.language, self._matter, self._params.typo_share, rng)

    def file(self, modality: str) -> bytes:
        language = self._customer.language
        if modality == "image":
            rng = generator(self._params, self._index, Stream.IMAGE)
            return draw_picture(self._evidence["image"], language, self._matter, self._params, rng)
        rng = generator(self._params, self._index, Stream.AUDIO)
        words = choose_words(self._evidence["audio"], language, rng)
        return record_call(words, _voice_of(self._params, self._customer), self._params, rng)


def _voice_of(params: DemoParameters, customer: Customer) -> Voice:
    return draw_voice(customer.language, generator(params, customer.number, Stream.VOICE))


def _created_at(params: DemoParameters, index: int) -> datetime:
    rng = generator(params, index, Stream.CREATED)
    seconds = int(rng.integers(60 * _MINUTES_BETWEEN_TICKETS))
    return _OPENING + timedelta(minutes=_MINUTES_BETWEEN_TICKETS * index, seconds=seconds)
