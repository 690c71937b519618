"""Nodes of the augmentation pipeline."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from kefu import modalities
from kefu.datasets.shards import PayloadShards
from kefu.engines import ShardPlan, recipe
from kefu.engines.shards import AugmentTask, augment_shard, payloads
from kefu.evaluation.contact_sheet import picture_sheet, spectrogram_sheet, text_sheet
from kefu.experiments.code import code_digest
from kefu.modalities.contract import Modality
from kefu.tickets.copies import CopyParameters, plan_copies, plan_noisy_copies
from kefu.training.folds import BaggingParameters
from kefu.training.hardware import HardwareParameters

_PAIRS_SHOWN = 6


def augment_shards_of(modality: str) -> Callable[..., ShardPlan[AugmentTask, pa.Table]]:
    """Return the node function that augments one modality, shard by shard."""

    def augment_shards(
        tickets: pd.DataFrame,
        cleaned: PayloadShards,
        params: Any,
        copies: CopyParameters,
        bagging: BaggingParameters,
        seed: int,
        hardware: HardwareParameters,
    ) -> ShardPlan[AugmentTask, pa.Table]:
        """Make changed copies of the training tickets."""
        plan = plan_copies(tickets, modality, copies, bagging.training_splits)
        return _copied(modality, cleaned, plan, params, seed, hardware, what="augment")

    augment_shards.__annotations__["params"] = modalities.get(modality).Augmentation
    return augment_shards


def add_noise_of(modality: str) -> Callable[..., ShardPlan[AugmentTask, pa.Table]]:
    """Return the node function that makes noisy copies of one modality, shard by shard."""

    def add_noise(
        tickets: pd.DataFrame,
        cleaned: PayloadShards,
        params: Any,
        bagging: BaggingParameters,
        seed: int,
        hardware: HardwareParameters,
    ) -> ShardPlan[AugmentTask, pa.Table]:
        """Make a noisy copy of each ticket that some model is judged by; nothing is trained on it."""
        plan = plan_noisy_copies(tickets, modality, bagging.judging_splits)
        return _copied(modality, cleaned, plan, params, seed, hardware, what="noise")

    add_noise.__annotations__["params"] = modalities.get(modality).Augmentation
    return add_noise


def _copied(
    modality: str,
    cleaned: PayloadShards,
    plan: Mapping[str, int],
    params: Any,
    seed: int,
    hardware: HardwareParameters,
    *,
    what: str,
) -> ShardPlan[AugmentTask, pa.Table]:
    """Plan a shard of changed copies for each cleaned one: of each ticket as many as the plan says."""
    module = modalities.get(modality)
    names = list(cleaned)
    copies = [{i: plan[i] for i in cleaned.ticket_ids(name) if i in plan} for name in names]
    code = code_digest(
        "kefu.engines.shards", module.augment.__module__, module.pack.__module__, module.unpack.__module__
    )
    return ShardPlan(
        f"{modality}: {what}",
        [
            recipe(
                code=code, params=params.model_dump(mode="json"), seed=seed, copies=some, cleaned=cleaned.digest(name)
            )
            for name, some in zip(names, copies, strict=True)
        ],
        lambda number: AugmentTask(modality, cleaned[names[number]], copies[number], params, seed),
        augment_shard,
        hardware.num_workers,
    )


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
