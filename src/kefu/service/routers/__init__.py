"""The routes, a file a resource."""

from kefu.service.routers import conversations, health, metrics, models, page, predict, shop

ROUTERS = (
    conversations.router,
    shop.router,
    predict.router,
    models.router,
    health.router,
    metrics.router,
    page.router,
)

__all__ = ["ROUTERS"]
