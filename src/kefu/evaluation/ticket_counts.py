"""How many tickets there are: by label, by split, by modality, and how many were lost."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from kefu.evaluation.predictions import known, modality_columns


def labels_by_split(tickets: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count tickets, one row a label, one column a split; the classes first, in their order."""
    counts = pd.crosstab(known(tickets["label"], "no label"), known(tickets["split"], "no split"))
    others = [label for label in counts.index if label not in classes]
    counts = counts.reindex([*classes, *others], fill_value=0)
    counts = counts[in_usual_order(counts.columns)]
    return counts.rename_axis(index="label", columns=None).reset_index()


def modalities_by_split(tickets: pd.DataFrame) -> pd.DataFrame:
    """Count tickets and those that have each modality, one row a split."""
    columns = modality_columns(tickets)
    counts = tickets[columns].astype(int).groupby(known(tickets["split"], "no split")).sum()
    counts.columns = [column.removeprefix("has_") for column in columns]
    counts.insert(0, "tickets", known(tickets["split"], "no split").value_counts())
    return counts.loc[in_usual_order(counts.index)].rename_axis("split").reset_index()


def quarantine_reasons(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Count losses, one row a ``modality`` and ``reason``, the commonest first; ``ticket`` where all of it was lost."""
    modality = known(quarantine["modality"], "ticket")
    counts = pd.DataFrame({"modality": modality, "reason": quarantine["reason"].astype(str)}).value_counts()
    return (
        counts.rename("losses")
        .reset_index()
        .sort_values(["losses", "reason"], ascending=[False, True], ignore_index=True)
    )


def data_facts(tickets: pd.DataFrame, quarantine: pd.DataFrame) -> dict[str, Any]:
    """Return the same counts for machines: tickets, splits, modalities, languages, quarantined, reasons."""
    return {
        "tickets": len(tickets),
        "splits": {str(name): int(n) for name, n in known(tickets["split"], "no split").value_counts().items()},
        "modalities": {name.removeprefix("has_"): int(tickets[name].sum()) for name in modality_columns(tickets)},
        "languages": {str(name): int(n) for name, n in known(tickets["language"]).value_counts().items()},
        "quarantined": len(quarantine),
        "reasons": {str(name): int(n) for name, n in quarantine["reason"].astype(str).value_counts().items()},
    }


def in_usual_order(splits: Iterable[str]) -> list[str]:
    """Return the names of splits: training, validation, test, then others."""
    usual = ("train", "validation", "test")
    return sorted(splits, key=lambda split: (usual.index(split) if split in usual else len(usual), split))
