"""``/v1/shop``, ``/v1/articles`` and ``/v1/speech``: what the page shows and plays around a conversation."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from kefu.assistant.messages import Reply
from kefu.knowledge import Article
from kefu.service.conversations import Desk
from kefu.service.dependencies import AssistantNeeded, CustomerToken, DeskNeeded
from kefu.service.errors import GUARDED, ServiceError, error_answers
from kefu.service.people import digest
from kefu.service.storage import MessageRow

router = APIRouter(prefix="/v1", tags=["shop"], responses=error_answers(404, 422, *GUARDED))

Language = Literal["en", "zh"]


class ShopAnswer(BaseModel):
    """Who the assistant speaks for, in both languages."""

    name: dict[Language, str]
    starters: dict[Language, list[str]] = Field(description="What customers may begin with.")
    hears: bool = Field(description="Whether recordings are taken.")


@router.get("/shop", summary="Get the shop")
async def get_shop(assistant: AssistantNeeded) -> ShopAnswer:
    """For the first sight of the page."""
    shop = assistant.shop
    return ShopAnswer(
        name={"en": shop.name.en, "zh": shop.name.zh},
        starters={
            "en": [playbook.title.en for playbook in shop.playbooks.values()],
            "zh": [playbook.title.zh for playbook in shop.playbooks.values()],
        },
        hears=assistant.desk.hears,
    )


@router.get("/articles/{article_id:path}", summary="Get an article of the knowledge base")
async def get_article(
    assistant: AssistantNeeded,
    article_id: Annotated[str, Path(description="As it is cited.", examples=["returns/refund-time"])],
    language: Annotated[Language, Query(description="Where it is not written in it: the other one.")] = "en",
) -> Article:
    """What a citation points to."""
    found = assistant.knowledge.article(article_id, language)
    if found is None:
        raise ServiceError(404, "unknown_article", "there is no such article")
    return found


@router.get(
    "/speech/{message_id}/{index}.wav",
    summary="Hear a sentence of a reply",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_speech(
    desk: DeskNeeded,
    token: CustomerToken,
    message_id: Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")],
    index: Annotated[int, Path(ge=0, le=999)],
) -> Response:
    """Made when it is first asked for; of the customer's own conversations."""
    row = await run_in_threadpool(_own_reply, desk, token, message_id)
    reply = Reply.model_validate(row.reply) if row is not None else None
    if desk.speech is None or reply is None or index >= len(reply.sentences):
        raise ServiceError(404, "unknown_speech", "there is no such sentence, or this service does not speak")
    wav = await asyncio.wrap_future(desk.speech.say(reply.sentences[index].text, reply.language))
    return Response(wav, media_type="audio/wav", headers={"Cache-Control": "private, max-age=86400"})


def _own_reply(desk: Desk, token: str | None, message_id: str) -> MessageRow | None:
    """Return a reply of a customer's own conversation, if there is such a one."""
    row = desk.store.reply(message_id)
    if row is None or token is None or desk.store.conversation_of(digest(token), row.conversation_id) is None:
        return None
    return row
