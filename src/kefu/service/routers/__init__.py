"""The routes, a file a resource."""

from kefu.service.routers import health, metrics, models, predict

ROUTERS = (predict.router, models.router, health.router, metrics.router)

__all__ = ["ROUTERS"]
