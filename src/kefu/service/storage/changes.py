"""What has changed since one looked last, whichever process wrote it."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import defer
from sqlmodel import col, select

from kefu.service.storage.database import Database
from kefu.service.storage.tables import ConversationRow, ConversationState, ErasedConversationRow, now

_OVERLAP = timedelta(seconds=10)
"""How much later a change may be seen than its time says: it is committed after it, and clocks differ."""


@dataclass(frozen=True)
class Change:
    """A conversation that was changed, or erased: then it has neither state nor version."""

    conversation_id: str
    state: ConversationState | None = None
    version: int | None = None


class ChangeFeed:
    """Tells each version of a conversation once, and its end, beginning with those after it was made.

    For one reader; a look costs two queries by an index.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, tuple[float, datetime]] = {}
        self.next()

    def next(self) -> list[Change]:
        """Return the conversations that were changed since the last call, in order of time, then those erased."""
        since = now() - _OVERLAP
        with self._database.reading() as session:
            wanted = select(ConversationRow).options(defer(ConversationRow.state))  # type: ignore[arg-type]
            wanted = wanted.where(col(ConversationRow.changed_at) >= since)
            rows = list(session.exec(wanted.order_by(col(ConversationRow.changed_at))))
            gone = select(ErasedConversationRow).where(col(ErasedConversationRow.erased_at) >= since)
            erased = list(session.exec(gone.order_by(col(ErasedConversationRow.erased_at))))
        found: list[tuple[Change, float, datetime]]
        found = [(Change(row.id, row.who_answers(), row.version), row.version, row.changed_at) for row in rows]
        found += [(Change(row.id), math.inf, row.erased_at) for row in erased]
        new = [
            change for change, version, _ in found if self._seen.get(change.conversation_id, (-1, since))[0] < version
        ]
        self._seen |= {change.conversation_id: (version, at) for change, version, at in found}
        self._seen = {name: seen for name, seen in self._seen.items() if seen[1] >= since - _OVERLAP}
        return new
