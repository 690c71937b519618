"""The app: routes, what surrounds them, and what they work with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kefu import __version__
from kefu.service.errors import add_error_handlers
from kefu.service.middleware import LimitedBody, RequestContext
from kefu.service.routers import ROUTERS
from kefu.service.services import Services
from kefu.service.settings import ServiceSettings

_ABOUT = """Labels for customer tickets of text, pictures and voice.

Every error is `{"error": {"code", "message"}}`. Every answer has an `X-Request-ID`: that of the request, or a new one.
"""
_MARKUP_BYTES = 4096
"""What a form may need beside the text itself, in UTF-8 up to four bytes a character."""


def create_app(settings: ServiceSettings) -> FastAPI:
    """Build the app; models are loaded when it starts.

    Its ``state.services`` are the :class:`~kefu.service.services.Services` that routes work with.
    """
    services = Services(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(services.start)
        try:
            await services.resume()
            yield
        finally:
            await services.finish()
            await asyncio.to_thread(services.close)

    app = FastAPI(
        title="kefu",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        # their pages load scripts from other hosts
        docs_url=None,
        redoc_url=None,
        # it would hold on to bodies, and the service has metrics and logs of its own
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
        form_limits={"max_files": 8, "max_fields": 32, "max_part_size": 4 * settings.limits.text_chars + _MARKUP_BYTES},
    )
    app.state.services = services
    add_error_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(LimitedBody, max_bytes=settings.limits.body_bytes)
    app.add_middleware(RequestContext, metrics=services.metrics)
    return app
