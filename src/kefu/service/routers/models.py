"""``/v1/models``: what is served."""

from fastapi import APIRouter

from kefu.service.dependencies import ModelsNeeded
from kefu.service.errors import GUARDED, error_answers
from kefu.service.schemas import ModelAnswer

router = APIRouter(prefix="/v1/models", tags=["models"], responses=error_answers(401, *GUARDED))


@router.get("", summary="List the models that are served")
async def list_models(models: ModelsNeeded) -> list[ModelAnswer]:
    """Each with its version, its labels, its share of the traffic and what it rests on."""
    total = sum(model.share for model in models.settings.values()) or 1.0
    return [
        ModelAnswer(
            name=name,
            version=served.version,
            labels=list(served.predictor.labels),
            strategy=served.predictor.model.strategy,
            share=models.settings[name].share / total,
            since=served.since,
            provenance=dict(served.predictor.model.provenance),
        )
        for name, served in models.served.items()
    ]
