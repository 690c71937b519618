"""What agents corrected and customers judged, as :mod:`kefu.feedback` takes it."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from kefu.assistant.messages import Act, Understanding
from kefu.feedback import JudgedMessage
from kefu.service.storage.database import Database
from kefu.service.storage.tables import ConversationRow, CorrectionRow, MessageRow, Sender

_SMALL_TALK = frozenset({Act.GREETING, Act.THANKS, Act.GOODBYE, Act.YES, Act.NO})
_NUMBER = re.compile(r"\W*[\w-]*\d[\w-]*\W*")
"""An order number, a date or an amount by itself."""
_CUSTOMER_LETTERS = 16
_AT_ONCE = 500


def read_judged(database: Database, since: datetime | None = None) -> Iterator[JudgedMessage]:
    """Yield every message of a customer that has a correction or whose reply has a thumb, the oldest first.

    Args:
        database: of the service.
        since: only messages that came then or later.
    """
    reply = aliased(MessageRow)
    wanted = (
        select(MessageRow, ConversationRow.owner, CorrectionRow.label, reply.thumb)
        .join(ConversationRow, col(ConversationRow.id) == col(MessageRow.conversation_id))
        .outerjoin(CorrectionRow, col(CorrectionRow.message_id) == col(MessageRow.id))
        .outerjoin(reply, col(reply.answers) == col(MessageRow.id))
        .where(
            MessageRow.sender == Sender.CUSTOMER,
            or_(col(CorrectionRow.label).is_not(None), col(reply.thumb).is_not(None)),
        )
        .order_by(col(MessageRow.created_at), col(MessageRow.id))
        .execution_options(yield_per=_AT_ONCE)
    )
    if since is not None:
        wanted = wanted.where(col(MessageRow.created_at) >= since)
    with database.reading() as session:
        for row, owner, correction, thumb in session.exec(wanted):
            yield _judged(row, owner or row.conversation_id, correction, thumb)


def _judged(row: MessageRow, customer: str, correction: str | None, thumb: Any) -> JudgedMessage:
    understood = Understanding.model_validate(row.understanding) if row.understanding is not None else None
    return JudgedMessage(
        message_id=row.id,
        created_at=row.created_at,
        customer=customer[:_CUSTOMER_LETTERS],
        text=row.text,
        language=understood.language if understood is not None else row.language,
        image=row.image,
        audio=row.audio,
        guesses={guess.label: guess.probability for guess in understood.intents} if understood is not None else {},
        out_of_scope=understood is not None and understood.out_of_scope,
        is_answer=understood is None or bool(understood.acts & _SMALL_TALK) or bool(_NUMBER.fullmatch(understood.text)),
        correction=correction,
        thumb=thumb,
    )
