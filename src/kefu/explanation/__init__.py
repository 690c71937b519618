"""Explanations: how much each modality, and each part of it, speaks for a label."""

from kefu.explanation.explain import explain_payloads
from kefu.explanation.explanation import Explanation, WeighedPart, explanation_columns, write_explanations

__all__ = ["Explanation", "WeighedPart", "explain_payloads", "explanation_columns", "write_explanations"]
