"""Nodes of the demo pipeline."""

from collections.abc import Iterator
from functools import partial

from kefu.datasets import TicketShard
from kefu.demo import DemoParameters, generate_shard, shard_ranges
from kefu.engines import map_in_order, show_progress
from kefu.training.hardware import HardwareParameters


def make_demo_tickets(params: DemoParameters, hardware: HardwareParameters) -> Iterator[TicketShard]:
    """Make synthetic tickets, shard by shard."""
    ranges = list(shard_ranges(params))
    shards = map_in_order(partial(generate_shard, params), ranges, workers=hardware.num_workers)
    for number, shard in enumerate(show_progress(shards, total=len(ranges), what="demo tickets"), start=1):
        yield TicketShard(shard.rows, shard.files, shard.defects, number == 1, number == len(ranges))
