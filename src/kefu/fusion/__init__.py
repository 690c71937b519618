"""Fusion strategies: one file each, from embeddings of any subset of modalities to logits."""
