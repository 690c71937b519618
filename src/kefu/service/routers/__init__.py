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

# in this order they are tried: first what is asked for most often
ROUTERS = (
    predict.router,
    conversations.router,
    customer.router,
    agent.router,
    agent_conversations.router,
    shop.router,
    models.router,
    health.router,
    metrics.router,
    page.router,
)

__all__ = ["ROUTERS"]
