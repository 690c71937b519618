"""What has changed since one looked last, whichever process wrote it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from kefu.service.storage.database import Database
from kefu.service.storage.tables import ConversationRow, ConversationState, now

_OVERLAP = timedelta(seconds=10)
"""How much later a change may be seen than its time says: it is committed after it, and clocks differ."""


@dataclass(frozen=True)
class Change:
    """A conversation that was changed."""

    conversation_id: str
    state: ConversationState
    version: int


class ChangeFeed:
    """Tells each version of a conversation once, beginning with those after it was made.

    For one reader; a look costs one query by an index.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, tuple[int, datetime]] = {}
        self.next()

    def next(self) -> list[Change]:
        """Return the conversations that were changed since the last call, in the order of their changes."""
        since = now() - _OVERLAP
        with self._database.reading() as session:
            wanted = select(ConversationRow).where(col(ConversationRow.changed_at) >= since)
            rows = list(session.exec(wanted.order_by(col(ConversationRow.changed_at))))
        new = [row for row in rows if self._seen.get(row.id, (-1, since))[0] < row.version]
        self._seen |= {row.id: (row.version, row.changed_at) for row in rows}
        self._seen = {name: seen for name, seen in self._seen.items() if seen[1] >= since - _OVERLAP}
        return [Change(row.id, row.who_answers(), row.version) for row in new]
