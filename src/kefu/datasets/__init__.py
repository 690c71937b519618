"""Kedro datasets of the project, each with a preview for kedro-viz where there is something to see."""

from kefu.datasets.history import HistoryDataset
from kefu.datasets.models import (
    EncoderWeightsDataset,
    FusedModelDataset,
    FusedModelsDataset,
    ModalityModelDataset,
    PreprocessorDataset,
)
from kefu.datasets.shards import FeatureShardsDataset, PayloadShardsDataset
from kefu.datasets.tickets import ImportedTicketsDataset, TicketShard, TicketTableDataset

__all__ = [
    "EncoderWeightsDataset",
    "FeatureShardsDataset",
    "FusedModelDataset",
    "FusedModelsDataset",
    "HistoryDataset",
    "ImportedTicketsDataset",
    "ModalityModelDataset",
    "PayloadShardsDataset",
    "PreprocessorDataset",
    "TicketShard",
    "TicketTableDataset",
]
