"""How well a recogniser hears, and with what uncertainty."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import roc_auc_score

from kefu.evaluation.bootstrap import Resampling, intervals
from kefu.speech.ctc.errors import edit_distance


def score_transcripts(utterances: pd.DataFrame, resampling: Resampling) -> dict[str, Any]:
    """Score what was heard in recordings.

    Args:
        utterances: ``spoken`` and ``heard`` of each recording, its ``source``, whether it was ``seen`` in training, and
            ``confidence``.
        resampling: how many resamples, which interval.

    Returns:
        For ``all``, ``seen`` and ``unseen``: ``recordings``, ``character_error_rate`` (edits by characters said
        [Levenshtein 1966]) with ``_low`` and ``_high``, resampled by source, and ``exact_share`` without any error;
        and ``confidence_auc``, how often a transcript without an error is surer than one with errors.
    """
    edits = np.array(
        [edit_distance(heard, spoken) for heard, spoken in zip(utterances["heard"], utterances["spoken"], strict=True)],
        dtype=np.int64,
    )
    seen = utterances["seen"].to_numpy(dtype=bool)
    groups = {"all": np.ones(len(edits), dtype=bool), "unseen": ~seen, "seen": seen}
    scores: dict[str, Any] = {name: _score(utterances[rows], edits[rows], resampling) for name, rows in groups.items()}
    exact = edits == 0
    both = 0 < exact.sum() < len(exact)
    scores["confidence_auc"] = float(roc_auc_score(exact, utterances["confidence"])) if both else None
    return scores


def _score(utterances: pd.DataFrame, edits: NDArray[np.int64], resampling: Resampling) -> dict[str, Any]:
    if utterances.empty:
        return {"recordings": 0}
    terms = sparse.csr_array(np.column_stack([edits, utterances["spoken"].str.len()]).astype(float))
    sources: NDArray[np.int64] = pd.factorize(utterances["source"])[0].astype(np.int64)
    found = intervals(terms, sources, lambda sums: sums[:, :1] / sums[:, 1:], resampling)
    return {
        "recordings": len(utterances),
        "character_error_rate": float(found.estimate[0]),
        "character_error_rate_low": _finite(found.low),
        "character_error_rate_high": _finite(found.high),
        "exact_share": float((edits == 0).mean()),
    }


def _finite(bounds: NDArray[np.float64]) -> float | None:
    return float(bounds[0]) if np.isfinite(bounds[0]) else None
