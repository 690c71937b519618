"""Engines: where the shards of a table are mapped."""
