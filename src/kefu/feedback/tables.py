"""Judged messages as tables of tickets: a folder of their own, or rows more of a table that is there."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kefu.feedback.judged import MIN_PROBABILITY, JudgedMessage, Source, label_of
from kefu.modalities.image.header import Header, read_header
from kefu.tickets.errors import EmptyTableError, TicketTableError
from kefu.tickets.folder import whole_folder, write_whole_file
from kefu.tickets.table import read_tickets, write_table

ReadMedia = Callable[[str], bytes | None]
"""From the name of a picture or recording to what it holds; None where it is there no longer."""

COLUMNS = (
    "ticket_id", "text", "image", "audio", "label", "language", "customer_id", "created_at", "label_source",
)  # fmt: skip
MEDIA = "feedback"
"""Folder of the pictures and recordings, beside the table."""


@dataclass(frozen=True)
class Added:
    """What became of judged messages."""

    new: int
    """Tickets that were not there before."""
    relabelled: int
    """Tickets that were there, with another label."""
    labels: Mapping[str, int]
    """New and relabelled tickets by label."""
    media_gone: int
    """Pictures and recordings that are kept no longer."""


def write_folder(
    messages: Iterable[JudgedMessage],
    read_media: ReadMedia,
    mask: Callable[[str], str],
    folder: Path,
    *,
    min_probability: float = MIN_PROBABILITY,
    with_unlabelled: bool = False,
) -> Added:
    """Write ``tickets.csv`` and the media of judged messages to a folder that appears whole or not at all.

    Args:
        messages: each once.
        read_media: reads pictures and recordings.
        mask: takes personal data out of a text.
        folder: is replaced if it is there.
        min_probability: see :func:`~kefu.feedback.judged.label_of`.
        with_unlabelled: also write messages that nobody gave a label, for labelling.

    Raises:
        EmptyTableError: there is no such message.
    """
    with whole_folder(folder) as new:
        made = list(_tickets(messages, read_media, mask, new, min_probability, with_unlabelled))
        rows = [row for row, _ in made]
        if not rows:
            raise EmptyTableError("nobody has judged a message yet: no correction of an agent, no thumb of a customer")
        write_table(pd.DataFrame(rows, columns=list(COLUMNS), dtype="str"), new / "tickets.csv")
    return Added(len(rows), 0, _by_label(rows), sum(gone for _, gone in made))


def add_to_table(
    messages: Iterable[JudgedMessage],
    read_media: ReadMedia,
    mask: Callable[[str], str],
    table: Path,
    *,
    min_probability: float = MIN_PROBABILITY,
) -> Added:
    """Append labelled messages to a table of tickets, and their media to its folder.

    New rows come last, so that no ticket of before changes its split. A message that is in the table already keeps its
    place, and gets the label that it has by now. The table is replaced at the end, media stand before it names them.

    Args:
        messages: each once.
        read_media: reads pictures and recordings.
        mask: takes personal data out of a text.
        table: of the project, in any format that kefu reads.
        min_probability: see :func:`~kefu.feedback.judged.label_of`.

    Raises:
        TicketTableError: the table cannot be read or written.
    """
    frame = read_tickets(table).frame.drop(columns="row")
    places = {ticket_id: place for place, ticket_id in enumerate(frame["ticket_id"].tolist())}
    known = dict(zip(frame["ticket_id"].tolist(), frame.get("label", pd.Series(dtype="str")).tolist(), strict=False))
    new, changed, gone = [], [], 0
    for row, num_gone in _tickets(messages, read_media, mask, table.parent, min_probability, with_unlabelled=False):
        gone += num_gone
        if row["ticket_id"] not in known:
            new.append(row)
        elif known[row["ticket_id"]] != row["label"]:
            changed.append(row)
    for row in changed:
        place = places[str(row["ticket_id"])]
        frame.loc[place, "label"] = row["label"]
        if "label_source" in frame:
            frame.loc[place, "label_source"] = row["label_source"]
    if new or changed:
        appended = pd.DataFrame(new, columns=list(COLUMNS), dtype="str")
        write_table(pd.concat([frame, appended], ignore_index=True) if new else frame, table)
    return Added(len(new), len(changed), _by_label([*new, *changed]), gone)


def _tickets(
    messages: Iterable[JudgedMessage],
    read_media: ReadMedia,
    mask: Callable[[str], str],
    root: Path,
    min_probability: float,
    with_unlabelled: bool,
) -> Iterator[tuple[dict[str, str | None], int]]:
    """Yield each ticket, its media written below ``root``, and how many of its media are gone."""
    for message in messages:
        label, source = label_of(message, min_probability)
        if label is None and not with_unlabelled:
            continue
        image = _keep(message.image, read_media, root)
        audio = _keep(message.audio, read_media, root)
        gone = sum(name is not None and path is None for name, path in ((message.image, image), (message.audio, audio)))
        text = mask(message.text) or None
        if text is None and image is None and audio is None:
            continue
        yield (
            {
                "ticket_id": f"feedback-{message.message_id}",
                "text": text,
                "image": image,
                "audio": audio,
                "label": label,
                "language": message.language,
                "customer_id": f"feedback-{message.customer}",
                "created_at": message.created_at.isoformat(),
                "label_source": source.value or None,
            },
            gone,
        )


def _keep(name: str | None, read_media: ReadMedia, root: Path) -> str | None:
    """Write a picture or recording below ``root`` and return its path there; None where it is gone."""
    content = read_media(name) if name is not None else None
    if name is None or content is None:
        return None
    header = read_header(content)
    ending = header.format.lower() if isinstance(header, Header) else "wav"
    path = root / MEDIA / f"{name}.{ending}"
    if not path.exists():
        try:
            write_whole_file(path, content)
        except OSError as error:
            raise TicketTableError(f"{path}: cannot be written ({error.strerror})") from None
    return path.relative_to(root).as_posix()


def _by_label(rows: Iterable[Mapping[str, str | None]]) -> dict[str, int]:
    return dict(Counter(row["label"] or Source.NOBODY for row in rows).most_common())
