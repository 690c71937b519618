"""Node that looks for what the splits share."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.leakage import analyse_leakage
from kefu.evaluation.predictions import Predictions
from kefu.tickets.assemble import spread_facts


def find_leaks(
    tickets: pd.DataFrame,
    quarantine: pd.DataFrame,
    predictions: list[Predictions],
    params: EvaluationParameters,
    **cleaned: Mapping[str, pa.Table],
) -> Analysis:
    """Return what the splits have in common that they should not.

    Args:
        tickets: all kept tickets, with ``split``.
        quarantine: all losses.
        predictions: what the model says of the evaluated split, then what each modality says.
        params: which split, and when two tickets are alike.
        cleaned: the shards of each modality.
    """
    kept = frozenset(tickets["ticket_id"])
    return analyse_leakage(
        tickets,
        {modality: _facts(shards, kept) for modality, shards in cleaned.items()},
        quarantine,
        predictions[0],
        split=params.split,
        params=params.leakage,
        resampling=params.resampling,
    )


def _facts(shards: Mapping[str, pa.Table], kept: frozenset[str]) -> pd.DataFrame:
    """Return the facts of the kept tickets whose value is fit for use; payloads are not looked at."""
    parts = [spread_facts(_verdicts(shard)) for shard in shards.values()]
    found: pd.DataFrame = pd.concat(parts, ignore_index=True)
    found = found[found["ticket_id"].isin(kept)]
    return found.reindex(columns=list(dict.fromkeys([*found.columns, "digest"])))


def _verdicts(shard: pa.Table) -> Any:
    return shard.select(["ticket_id", "facts"]).append_column("ok", shard["payload"].is_valid()).to_pandas()
