"""How many augmented copies each training ticket gets, and which tickets get a noisy one."""

from collections.abc import Sequence

import pandas as pd
from pydantic import Field

from kefu.parameters import Parameters


class CopyParameters(Parameters):
    """Amount of augmentation of one modality."""

    copies: int = Field(4, ge=0, description="Copies of a ticket of the most frequent label; 0 augments nothing.")
    rare_boost: float = Field(2.0, ge=1, description="A rare label's tickets get up to this many times as many.")


def plan_copies(
    tickets: pd.DataFrame, modality: str, params: CopyParameters, splits: Sequence[str] = ("train",)
) -> dict[str, int]:
    """Return the number of copies of each ticket of the splits trained on that has the modality.

    Tickets of a label that is k times rarer than the most frequent one get k times the copies, up to
    ``rare_boost``. Tickets of other splits are never augmented.
    """
    chosen = tickets[tickets["split"].isin(splits) & tickets[f"has_{modality}"]]
    if params.copies == 0 or chosen.empty:
        return {}
    counts = chosen["label"].value_counts()
    factor = chosen["label"].map(counts.max() / counts).clip(upper=params.rare_boost).astype(float)
    copies = (factor * params.copies).round().astype(int)
    return dict(zip(chosen["ticket_id"], copies, strict=True))


def plan_noisy_copies(tickets: pd.DataFrame, modality: str, splits: Sequence[str]) -> dict[str, int]:
    """Return 1 for each ticket of the splits that has the modality: how many noisy copies it gets."""
    chosen = tickets[tickets["split"].isin(splits) & tickets[f"has_{modality}"]]
    return dict.fromkeys(chosen["ticket_id"], 1)
