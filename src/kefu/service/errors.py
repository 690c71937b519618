"""What goes wrong, as clients see it: ``{"error": {"code": …, "message": …}}``."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from kefu.service.models import BatcherClosedError, QueueFullError, UnknownModelError

RETRY_SECONDS = 1
GUARDED = (408, 413, 415, 429, 503)
"""What every route may answer before it is asked: too slow, too large, encoded, too often, too busy."""


class ErrorDetail(BaseModel):
    """An error."""

    code: str = Field(description="For programs; never changes.", examples=["text_too_long"])
    message: str = Field(description="For people: what is wrong, and the mend.")


class ErrorBody(BaseModel):
    """The body of every answer whose status is 400 or higher."""

    error: ErrorDetail


class ServiceError(HTTPException):
    """An error that a client is told.

    Args:
        status: of HTTP.
        code: for programs.
        message: for people; one line.
        headers: of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, headers)
        self.code = code


def error_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error as an answer."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def error_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the errors of a route."""
    return {status: {"model": ErrorBody, "description": HTTPStatus(status).phrase} for status in statuses}


def busy_answer() -> JSONResponse:
    """Return the answer while too much is waiting."""
    return error_answer(
        503, "busy", "too many requests are waiting; try again in a second", {"Retry-After": str(RETRY_SECONDS)}
    )


def add_error_handlers(app: FastAPI) -> None:
    """Make an app answer every error in the one form."""

    @app.exception_handler(HTTPException)
    async def tell_http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = getattr(error, "code", None) or HTTPStatus(error.status_code).name.lower()
        return error_answer(error.status_code, code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def tell_misfit(request: Request, error: RequestValidationError) -> JSONResponse:
        # not what was given: it may be a customer's text
        found = (f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors())
        return error_answer(422, "invalid_request", "; ".join(found))

    @app.exception_handler(UnknownModelError)
    async def tell_unknown_model(request: Request, error: UnknownModelError) -> JSONResponse:
        return error_answer(404, "unknown_model", str(error))

    @app.exception_handler(QueueFullError)
    async def tell_busy(request: Request, error: QueueFullError) -> JSONResponse:
        return busy_answer()

    @app.exception_handler(BatcherClosedError)
    async def tell_stopping(request: Request, error: BatcherClosedError) -> JSONResponse:
        return error_answer(
            503, "stopping", "the service is stopping; try again in a moment", {"Retry-After": str(RETRY_SECONDS)}
        )
