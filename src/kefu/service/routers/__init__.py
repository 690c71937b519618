"""The routes, a file a resource."""

from kefu.service.routers import (
    agent,
    agent_conversations,
    conversations,
    customer,
    health,
    metrics,
    models,
    page,
    predict,
    shop,
)

ROUTERS = (
    conversations.router,
    customer.router,
    agent.router,
    agent_conversations.router,
    shop.router,
    predict.router,
    models.router,
    health.router,
    metrics.router,
    page.router,
)

__all__ = ["ROUTERS"]
