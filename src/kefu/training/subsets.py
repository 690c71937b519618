"""Growing subsets of the tickets: what a learning curve over their number is trained on."""

import math
from dataclasses import dataclass

import pandas as pd
from pydantic import Field, field_validator

from kefu.parameters import Parameters
from kefu.tickets.splits import group_keys


class DataSizeParameters(Parameters):
    """On how many tickets, how often and for how long models are trained to see what more tickets would bring."""

    shares: tuple[float, ...] = Field((0.25, 0.5, 1.0), min_length=1, description="Shares of the tickets to train on.")
    seeds: int = Field(2, ge=1, description="Repetitions of each share, with other customers and starting weights.")
    epoch_factor: float = Field(
        0.5, gt=0, description="Epochs of a training on all tickets, as a share of max_epochs; fewer tickets get more."
    )

    @field_validator("shares")
    @classmethod
    def _some_of_the_tickets(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < share <= 1 for share in shares):
            raise ValueError("every share must be above 0 and at most 1")
        return shares


@dataclass(frozen=True)
class Subset:
    """The tickets of some customers, and all those that are scored."""

    share: float
    seed: int
    """Of the choice of customers, of starting weights and shuffling."""
    size: int
    """How many tickets a model is made with, at most: a customer's tickets are not divided."""
    tickets: pd.DataFrame

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names, in the order of the class numbers."""
        return tuple(sorted(self.tickets["label"].unique()))


def draw_subsets(tickets: pd.DataFrame, params: DataSizeParameters, split: str, seed: int) -> list[Subset]:
    """Return a subset for each share and repetition, the smallest first; smaller ones lie within larger ones.

    The same customers, splits and labels give the same subsets whatever else is known of the tickets, so that each
    modality can be trained on its own.

    Args:
        tickets: all kept tickets.
        params: which shares, how often.
        split: the one that is scored; all of it is in every subset.
        seed: of the first repetition.
    """
    scored = tickets["split"] == split
    rest = tickets[~scored & (tickets["split"] != "test")]
    subsets = []
    for share in sorted(set(params.shares)):
        size = round(share * len(rest))
        for number in range(params.seeds):
            kept = keep_labels(rest, size, seed + number)
            chosen = pd.concat([kept, tickets[scored]]).sort_index().reset_index(drop=True)
            subsets.append(Subset(share, seed + number, size, chosen))
    return subsets


def keep_labels(tickets: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Return tickets of ``count`` labels at most: whole customers, labels in their shares, less within more.

    A customer stands where its first ticket stands in a shuffled list of that ticket's label, as a share of the list.
    """
    customers = pd.DataFrame({"group": group_keys(tickets), "label": tickets["label"]}).drop_duplicates("group")
    customers = customers.sample(frac=1, random_state=seed)
    by_label = customers.groupby("label")["group"]
    customers["place"] = (by_label.cumcount() + 0.5) / by_label.transform("size")
    order = customers.sort_values("place", kind="stable")["group"]
    sizes = group_keys(tickets).value_counts()
    kept = order[sizes.loc[order].cumsum().to_numpy() <= count]
    return tickets[group_keys(tickets).isin(kept)]


def epochs_of(max_epochs: int, factor: float, share: float) -> int:
    """Return how many epochs a training on a share of the tickets gets: what lacks in size has partly more of them."""
    return max(1, round(max_epochs * factor / math.sqrt(share)))
