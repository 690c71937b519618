"""``/v1/predict``: labels for tickets."""

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile

from kefu.predictor import RawTicket
from kefu.service.dependencies import ModelsNeeded, RequestId, SettingsNeeded
from kefu.service.errors import GUARDED, ErrorDetail, ServiceError, error_answers
from kefu.service.forms import FILE, SOME_PART, STRING
from kefu.service.logs import describe_error
from kefu.service.models import BatcherClosedError, ModelShelf, QueueFullError, UnknownModelError
from kefu.service.schemas import BatchAnswer, BatchBody, PredictionAnswer, TextBody, TicketAnswer, TicketBody
from kefu.service.services import Services
from kefu.service.settings import LimitSettings
from kefu.service.uploads import check_ticket, read_ticket

_log = structlog.get_logger("kefu.service")
router = APIRouter(prefix="/v1/predict", tags=["predict"], responses=error_answers(400, 401, 404, 422, *GUARDED))

ModelName = Annotated[
    str | None, Query(description="The name of a model; without, the traffic is shared out.", examples=["demo"])
]
_image = File(description="A picture: JPEG, PNG, WebP, GIF, BMP or TIFF.")
_audio = File(description="A recording: WAV, FLAC, OGG or MP3.")


@dataclass(frozen=True)
class _ChosenModel:
    """The model that a request is meant for, and the limits of what it is shown."""

    services: Services
    request_id: str
    name: str | None

    async def predict(
        self, text: str | None = None, image: UploadFile | None = None, audio: UploadFile | None = None
    ) -> PredictionAnswer:
        ticket = await read_ticket(self.services.settings.limits, text, image, audio)
        return PredictionAnswer.of(await self.services.models.predict(ticket, key=self.request_id, model=self.name))


async def _choose_model(request: Request, model: ModelName = None) -> _ChosenModel:
    """Return it in one step: every dependency more is resolved anew with each request."""
    return _ChosenModel(request.app.state.services, request.state.request_id, model)


ModelNeeded = Annotated[_ChosenModel, Depends(_choose_model)]


@router.post(
    "",
    openapi_extra=SOME_PART,
    summary="Predict the label of a ticket of text, picture and voice, or of any of them",
)
async def predict(
    model: ModelNeeded,
    text: Annotated[str | None, STRING, Form(description="What the customer wrote.")] = None,
    image: Annotated[UploadFile | None, FILE, _image] = None,
    audio: Annotated[UploadFile | None, FILE, _audio] = None,
) -> PredictionAnswer:
    """The label comes from what can be used; `not_used` says why the rest could not."""
    return await model.predict(text, image, audio)


@router.post("/text", summary="Predict the label of a text")
async def predict_text(model: ModelNeeded, body: TextBody) -> PredictionAnswer:
    """As `/v1/predict`, in JSON."""
    return await model.predict(text=body.text)


@router.post("/image", summary="Predict the label of a picture")
async def predict_image(model: ModelNeeded, image: Annotated[UploadFile, _image]) -> PredictionAnswer:
    """As `/v1/predict`, of a picture alone."""
    return await model.predict(image=image)


@router.post("/audio", summary="Predict the label of a recording")
async def predict_audio(model: ModelNeeded, audio: Annotated[UploadFile, _audio]) -> PredictionAnswer:
    """As `/v1/predict`, of a recording alone."""
    return await model.predict(audio=audio)


@router.post("/batch", summary="Predict the labels of several tickets")
async def predict_batch(
    models: ModelsNeeded, settings: SettingsNeeded, request_id: RequestId, body: BatchBody, model: ModelName = None
) -> BatchAnswer:
    """Tickets that are at fault get an error in their place, the others their prediction."""
    if len(body.tickets) > settings.limits.batch_tickets:
        found = f"{len(body.tickets)} tickets, at most {settings.limits.batch_tickets}"
        raise ServiceError(413, "too_many_tickets", f"{found}; send them in several requests")
    name = model or models.choose(request_id)
    # one request alone does not fill the queue of media
    media = asyncio.Semaphore(settings.threads.media)

    async def answer(ticket: TicketBody) -> TicketAnswer:
        async with media if ticket.image is not None or ticket.audio is not None else nullcontext():
            return await _answer(ticket, models, settings.limits, name)

    return BatchAnswer(predictions=list(await asyncio.gather(*map(answer, body.tickets))))


async def _answer(body: TicketBody, models: ModelShelf, limits: LimitSettings, model: str) -> TicketAnswer:
    ticket = RawTicket(body.text or None, body.image, body.audio)
    try:
        await check_ticket(ticket, limits)
        found = PredictionAnswer.of(await models.predict(ticket, key="", model=model))
    except ServiceError as error:
        return TicketAnswer(ticket_id=body.ticket_id, error=ErrorDetail(code=error.code, message=str(error.detail)))
    except (QueueFullError, BatcherClosedError, UnknownModelError):
        raise  # of the service, not of the ticket
    except Exception as error:
        _log.error("a ticket failed", why=describe_error(error))
        failed = ErrorDetail(code="internal_error", message="the model failed on this ticket")
        return TicketAnswer(ticket_id=body.ticket_id, error=failed)
    return TicketAnswer(ticket_id=body.ticket_id, prediction=found)
