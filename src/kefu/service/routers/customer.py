"""``/v1/customer``: what customers may ask of all their conversations."""

from fastapi import APIRouter, Depends, Response
from starlette.concurrency import run_in_threadpool

from kefu.service.dependencies import AssistantNeeded, CustomerToken, refuse_cross_site
from kefu.service.errors import GUARDED, ServiceError, error_answers
from kefu.service.people import CUSTOMER_COOKIE, digest, forget_cookie

router = APIRouter(
    prefix="/v1/customer",
    tags=["conversations"],
    responses=error_answers(401, 403, 404, *GUARDED),
    dependencies=[Depends(refuse_cross_site)],
)


@router.delete("", status_code=204, summary="Erase all conversations of the customer")
async def erase(assistant: AssistantNeeded, token: CustomerToken, response: Response) -> None:
    """With their messages, pictures and recordings; the cookie, too."""
    if token is None:
        raise ServiceError(401, "no_customer_token", "send the token of the customer whose conversations are meant")
    await run_in_threadpool(assistant.erasure.erase_owner, digest(token))
    assistant.live.wake()
    forget_cookie(response, CUSTOMER_COOKIE)
