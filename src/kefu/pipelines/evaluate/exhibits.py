"""What tickets hold, as a page shows it."""

import base64
from collections.abc import Collection, Iterator, Mapping

import pandas as pd
import pyarrow as pa

from kefu import modalities
from kefu.modalities.contract import Exhibit

Cleaned = Mapping[str, Mapping[str, pa.Table]]
"""For each modality its cleaned shards."""

COLUMNS = ("ticket_id", "of_modality", "media", "content")
TEXT = "text"


def show_tickets(cleaned: Cleaned, ticket_ids: Collection[str], max_text_chars: int) -> pd.DataFrame:
    """Return all that some tickets hold, a row for each modality of a ticket, shard after shard.

    Args:
        cleaned: the payloads.
        ticket_ids: of which tickets.
        max_text_chars: longer texts are cut.

    Returns:
        ``ticket_id``, ``of_modality``, ``media`` (``text``, ``image``, ``audio``) and ``content``: a text, or a
        ``data:`` address that a browser shows or plays.
    """
    wanted = frozenset(ticket_ids)
    rows = [
        (ticket_id, modality, exhibit.media_type.partition("/")[0], _content(exhibit, max_text_chars))
        for modality, shards in cleaned.items()
        for ticket_id, exhibit in _exhibits(modality, shards, wanted)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(object)


def snippets(cleaned: Cleaned, ticket_ids: Collection[str], max_chars: int) -> dict[str, str]:
    """Return the beginning of the text of each ticket that has one, in one line."""
    written = {name: shards for name, shards in cleaned.items() if not modalities.get(name).HOLDS_FILES}
    shown = show_tickets(written, ticket_ids, max_chars)
    texts = shown[shown["media"] == TEXT]
    return {row["ticket_id"]: " ".join(str(row["content"]).split()) for row in texts.to_dict("records")}


def _exhibits(modality: str, shards: Mapping[str, pa.Table], wanted: frozenset[str]) -> Iterator[tuple[str, Exhibit]]:
    show = modalities.get(modality).show
    left = set(wanted)
    for name in shards if wanted else ():
        shard = shards[name]
        for ticket_id, packed in zip(shard["ticket_id"].to_pylist(), shard["payload"], strict=True):
            if ticket_id in left and packed.is_valid:
                left.discard(ticket_id)
                yield ticket_id, show(packed.as_py())
        if not left:
            return


def _content(exhibit: Exhibit, max_text_chars: int) -> str:
    if exhibit.media_type == "text/plain":
        text = exhibit.data.decode("utf-8", errors="replace")
        return text if len(text) <= max_text_chars else f"{text[:max_text_chars]}…"
    return f"data:{exhibit.media_type};base64,{base64.b64encode(exhibit.data).decode()}"
