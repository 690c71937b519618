"""kefu: multimodal customer-service tickets, from raw files to trained models."""

__version__ = "0.1.0"
