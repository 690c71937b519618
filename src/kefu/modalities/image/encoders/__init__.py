"""Encoders of the image modality, one file each."""
