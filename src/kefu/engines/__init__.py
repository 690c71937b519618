"""Engines: where the shards of a table are mapped."""

from pydantic import Field

from kefu.engines.local import map_in_order
from kefu.engines.plans import ShardPlan, recipe
from kefu.engines.progress import show_progress
from kefu.parameters import Parameters

__all__ = ["EngineParameters", "ShardPlan", "map_in_order", "recipe", "show_progress"]


class EngineParameters(Parameters):
    """How work on shards is divided."""

    tickets_per_shard: int = Field(
        256,
        ge=1,
        description="Tickets that are held in memory at a time, per process: twice as many at most.",
    )
