"""What routes ask for by type."""

from typing import Annotated, cast

from fastapi import Depends, Request

from kefu.service.assistant import Assistant
from kefu.service.conversations import Desk
from kefu.service.errors import ServiceError
from kefu.service.models import ModelShelf
from kefu.service.services import Services
from kefu.service.settings import ServiceSettings


async def get_services(request: Request) -> Services:
    """Return the services of the app."""
    return cast(Services, request.app.state.services)


async def get_request_id(request: Request) -> str:
    """Return the id of the request."""
    return cast(str, request.state.request_id)


async def get_settings(request: Request) -> ServiceSettings:
    """Return the settings of the service."""
    return cast(ServiceSettings, request.app.state.services.settings)


async def get_models(request: Request) -> ModelShelf:
    """Return the models."""
    return cast(ModelShelf, request.app.state.services.models)


ServicesNeeded = Annotated[Services, Depends(get_services)]
RequestId = Annotated[str, Depends(get_request_id)]


async def get_assistant(services: ServicesNeeded) -> Assistant:
    """Return the assistant.

    Raises:
        ServiceError: 404, this service has models alone.
    """
    if services.assistant is None:
        raise ServiceError(404, "no_assistant", "this service has no assistant; KEFU_SHOP names the folder of a shop")
    return services.assistant


AssistantNeeded = Annotated[Assistant, Depends(get_assistant)]


async def get_desk(assistant: AssistantNeeded) -> Desk:
    """Return the desk of the assistant."""
    return assistant.desk


DeskNeeded = Annotated[Desk, Depends(get_desk)]
SettingsNeeded = Annotated[ServiceSettings, Depends(get_settings)]
ModelsNeeded = Annotated[ModelShelf, Depends(get_models)]
