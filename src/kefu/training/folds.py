"""Which tickets each member of an ensemble is trained on, and which it is judged by."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.model_selection import StratifiedGroupKFold

from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError
from kefu.tickets.splits import group_keys


class BaggingParameters(Parameters):
    """How many models are trained of each modality."""

    folds: int = Field(
        1,
        ge=1,
        le=20,
        description="1: one model, judged by the validation split. More: training and validation split are joined and "
        "their customers divided into so many folds; each model is trained without one of them, fusion is fitted on "
        "what each says of the fold that it has not seen, and their opinions are averaged",
    )

    @property
    def training_splits(self) -> tuple[str, ...]:
        """The splits whose tickets some model is trained on."""
        return ("train",) if self.folds == 1 else ("train", "validation")

    @property
    def judging_splits(self) -> tuple[str, ...]:
        """The splits whose tickets some model has not been trained on."""
        return ("validation", "test") if self.folds == 1 else ("train", "validation", "test")


@dataclass(frozen=True)
class Fold:
    """The tickets of one member."""

    training: pd.DataFrame
    validation: pd.DataFrame
    """No customer of these is among the others."""

    def labels_of(self, modality: str) -> pd.Series:
        """Return the labels of the training tickets that have a modality."""
        return self.training.loc[self.training[f"has_{modality}"], "label"]


def make_folds(tickets: pd.DataFrame, params: BaggingParameters, seed: int) -> tuple[Fold, ...]:
    """Divide the tickets that are not for testing.

    The same tickets give the same folds for every modality, which fusion counts on. Labels are spread evenly as far
    as customers allow (scikit-learn's ``StratifiedGroupKFold``).

    Args:
        tickets: all kept tickets.
        params: how many folds.
        seed: of the shuffling.

    Raises:
        KefuError: there are fewer customers than folds.
    """
    split = tickets["split"]
    if params.folds == 1:
        return (Fold(tickets[split == "train"], tickets[split == "validation"]),)
    pool = tickets[split != "test"]
    groups = group_keys(pool)
    if groups.nunique() < params.folds:
        raise KefuError(
            f"{groups.nunique()} customers cannot be divided into {params.folds} folds; lower bagging.folds"
        )
    divide = StratifiedGroupKFold(params.folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        # a label with fewer tickets than folds is just not in every fold; one label for all the rare ones, as the
        # division refuses to work if all labels are rarer than the folds
        labels = pool["label"].where(pool["label"].map(pool["label"].value_counts()) >= params.folds, "")
        parts = list(divide.split(np.zeros(len(pool)), labels, groups))
    return tuple(Fold(pool.iloc[training], pool.iloc[validation]) for training, validation in parts)
