"""``/metrics``: counters for Prometheus."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from kefu.service.dependencies import ServicesNeeded

router = APIRouter(tags=["health"])


@router.get("/metrics", summary="Counters in the text format of Prometheus", response_class=PlainTextResponse)
async def metrics(services: ServicesNeeded) -> Response:
    """Requests, their time, the size and time of batches, queues, versions of models."""
    return Response(services.metrics.render(), media_type=CONTENT_TYPE_LATEST)
