"""Kedro pipelines: thin wiring of the rooms below."""
