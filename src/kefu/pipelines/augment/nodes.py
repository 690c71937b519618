"""Nodes of the augmentation pipeline."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from kefu import modalities
from kefu.engines import map_in_order, show_progress
from kefu.engines.shards import AugmentTask, augment_shard, payloads
from kefu.evaluation.contact_sheet import picture_sheet, spectrogram_sheet, text_sheet
from kefu.modalities.contract import Modality
from kefu.tickets.copies import CopyParameters, plan_copies, plan_noisy_copies
from kefu.training.folds import BaggingParameters
from kefu.training.hardware import HardwareParameters

_PAIRS_SHOWN = 6


def augment_shards_of(modality: str) -> Callable[..., Iterator[dict[str, pa.Table]]]:
    """Return the node function that augments one modality, shard by shard."""

    def augment_shards(
        tickets: pd.DataFrame,
        cleaned: Mapping[str, pa.Table],
        params: Any,
        copies: CopyParameters,
        bagging: BaggingParameters,
        seed: int,
        hardware: HardwareParameters,
    ) -> Iterator[dict[str, pa.Table]]:
        """Make changed copies of the training tickets."""
        plan = plan_copies(tickets, modality, copies, bagging.training_splits)
        yield from _copied(modality, cleaned, plan, params, seed, hardware, what="augment")

    augment_shards.__annotations__["params"] = modalities.get(modality).Augmentation
    return augment_shards


def add_noise_of(modality: str) -> Callable[..., Iterator[dict[str, pa.Table]]]:
    """Return the node function that makes noisy copies of one modality, shard by shard."""

    def add_noise(
        tickets: pd.DataFrame,
        cleaned: Mapping[str, pa.Table],
        params: Any,
        bagging: BaggingParameters,
        seed: int,
        hardware: HardwareParameters,
    ) -> Iterator[dict[str, pa.Table]]:
        """Make a noisy copy of each ticket that some model is judged by; nothing is trained on it."""
        plan = plan_noisy_copies(tickets, modality, bagging.judging_splits)
        yield from _copied(modality, cleaned, plan, params, seed, hardware, what="noise")

    add_noise.__annotations__["params"] = modalities.get(modality).Augmentation
    return add_noise


def _copied(
    modality: str,
    cleaned: Mapping[str, pa.Table],
    plan: Mapping[str, int],
    params: Any,
    seed: int,
    hardware: HardwareParameters,
    *,
    what: str,
) -> Iterator[dict[str, pa.Table]]:
    """Yield a shard of changed copies for each cleaned one: of each ticket as many as the plan says."""
    tasks = (
        AugmentTask(modality, table, {i: plan[i] for i in table["ticket_id"].to_pylist() if i in plan}, params, seed)
        for table in cleaned.values()
    )
    results = map_in_order(augment_shard, tasks, workers=hardware.num_workers)
    done = show_progress(results, total=len(cleaned), what=f"{modality}: {what}")
    for name, table in zip(cleaned, done, strict=True):
        yield {name: table}


def draw_contact_sheet_of(modality: str) -> Callable[..., go.Figure]:
    """Return the node function that shows originals beside their copies."""
    module = modalities.get(modality)

    def draw_contact_sheet(
        cleaned: Mapping[str, pa.Table], augmented: Mapping[str, pa.Table], features: Any
    ) -> go.Figure:
        """Draw some training tickets before and after."""
        copies: dict[str, list[Any]] = {}
        originals: dict[str, Any] = {}
        for name, table in augmented.items():
            for ticket_id, payload in payloads(modality, table):
                if ticket_id in copies or len(copies) < _PAIRS_SHOWN:
                    copies.setdefault(ticket_id, []).append(payload)
                else:
                    break
            originals |= dict(payloads(modality, cleaned[name], frozenset(copies)))
            if len(copies) >= _PAIRS_SHOWN:
                break
        return _sheet([(originals[i], copies[i][:3]) for i in copies], module, features)

    draw_contact_sheet.__annotations__["features"] = module.Features
    return draw_contact_sheet


def _sheet(pairs: list[tuple[Any, list[Any]]], module: Modality, features: Any) -> go.Figure:
    """Draw pairs of payloads by what they are: texts, pictures, or waveforms by their spectrograms."""
    if not pairs:
        return go.Figure()
    if isinstance(pairs[0][0], str):
        return text_sheet(pairs)
    if pairs[0][0].ndim == 3:
        return picture_sheet(pairs)
    preprocessor = module.fit([original for original, _ in pairs], features)

    def log_mel(waveform: Any) -> Any:
        extracted = preprocessor.extract([waveform])
        return extracted["log_mel"][0, :, : extracted["num_frames"][0]]

    drawn = [(log_mel(original), [log_mel(copy) for copy in copies]) for original, copies in pairs]
    return spectrogram_sheet(drawn, hop_seconds=features.hop_length / features.sample_rate_hz)
