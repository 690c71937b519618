"""Kedro datasets of the project, each with a preview for kedro-viz where there is something to see."""

from kefu.datasets.analyses import AnalysisDataset
from kefu.datasets.fused_models import FusedModelDataset, FusedModelsDataset
from kefu.datasets.history import HistoryDataset
from kefu.datasets.modality_models import EncoderWeightsDataset, ModalityModelDataset
from kefu.datasets.preprocessors import PreprocessorDataset
from kefu.datasets.shards import FeatureShardsDataset, PayloadShardsDataset
from kefu.datasets.speech import LogMelsDataset, ShopTextsDataset, SpeechModelDataset
from kefu.datasets.tickets import ImportedTicketsDataset, MediaFolderDataset, TicketShard, TicketTableDataset

__all__ = [
    "AnalysisDataset",
    "EncoderWeightsDataset",
    "FeatureShardsDataset",
    "FusedModelDataset",
    "FusedModelsDataset",
    "HistoryDataset",
    "ImportedTicketsDataset",
    "LogMelsDataset",
    "MediaFolderDataset",
    "ModalityModelDataset",
    "PayloadShardsDataset",
    "PreprocessorDataset",
    "ShopTextsDataset",
    "SpeechModelDataset",
    "TicketShard",
    "TicketTableDataset",
]
