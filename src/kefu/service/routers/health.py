"""``/healthz`` and ``/readyz``: is it alive, and may it get requests?"""

from fastapi import APIRouter

from kefu.service.dependencies import ModelsNeeded
from kefu.service.errors import ServiceError, error_answers
from kefu.service.schemas import StatusAnswer

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Tell whether the service is alive")
async def healthz() -> StatusAnswer:
    """Answers as long as the process does."""
    return StatusAnswer(status="ok")


@router.get("/readyz", summary="Tell whether the service may get requests", responses=error_answers(503))
async def readyz(models: ModelsNeeded) -> StatusAnswer:
    """Every model is loaded and warm."""
    if not models.ready:
        raise ServiceError(503, "not_ready", "models are being loaded, or the service is stopping")
    return StatusAnswer(status="ready")
