"""The app: routes, what surrounds them, and what they work with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kefu import __version__
from kefu.service.errors import add_error_handlers
from kefu.service.middleware import RequestContext
from kefu.service.routers import ROUTERS
from kefu.service.security.admission import Admission
from kefu.service.security.bodies import LimitedBody, max_field_bytes
from kefu.service.security.forms import MAX_PARTS
from kefu.service.security.gate import Gate
from kefu.service.security.headers import SecureHeaders
from kefu.service.security.proxies import TrustedProxies
from kefu.service.security.secrets import ApiKeys
from kefu.service.services import Services
from kefu.service.settings import ServiceSettings

_ABOUT = """Labels for customer tickets of text, pictures and voice.

Every error is `{"error": {"code", "message"}}`. Every answer has an `X-Request-ID`: that of the request, or a new one.
"""


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
        form_limits={"max_files": 8, "max_fields": MAX_PARTS, "max_part_size": max_field_bytes(settings.limits)},
    )
    app.state.services = services
    add_error_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    _guard(app, services)
    return app


def _guard(app: FastAPI, services: Services) -> None:
    """Put around the routes what every request must pass, the last one first."""
    settings = services.settings
    keys = ApiKeys({name: key.get_secret_value() for name, key in settings.api_keys.items()})
    app.add_middleware(LimitedBody, limits=settings.limits, connections=settings.connections)
    app.add_middleware(Admission, settings=settings.admission, messages_at_work=lambda: services.messages_at_work)
    app.add_middleware(Gate, keys=keys, rates=settings.rates)
    app.add_middleware(SecureHeaders, strict_transport=settings.in_production)
    app.add_middleware(RequestContext, metrics=services.metrics)
    app.add_middleware(TrustedProxies, networks=settings.trusted_proxies)
