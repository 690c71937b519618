"""Experiments that can be repeated: DVC's stages, derived from pipelines, catalog, parameters and code."""
