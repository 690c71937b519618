"""What a model knows of its own knowing: label sets that keep a promised coverage, and tickets out of its scope."""

from kefu.confidence.confidence import Confidence, ConfidenceParameters

__all__ = ["Confidence", "ConfidenceParameters"]
