"""Node that spoils what the model is given, by degrees, and traces what becomes of its score."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kefu import modalities as contract
from kefu.engines import show_progress
from kefu.engines.corruption import extract_corrupted
from kefu.engines.shards import payloads
from kefu.evaluation.analysis import Analysis
from kefu.evaluation.bootstrap import customer_codes
from kefu.evaluation.corrupted_answers import (
    Heard,
    answers_to_corrupted,
    answers_to_nothing,
    answers_with_missing,
    as_they_came,
    opinion_of,
)
from kefu.evaluation.corruption_samples import picture_samples, text_samples
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.robustness_curves import (
    ALONE,
    FUSION,
    Curve,
    area_table,
    curve_metrics,
    sample_tickets,
    score_curve,
    weakest,
)
from kefu.evaluation.robustness_curves_figures import draw_curve
from kefu.fusion.contract import FusionRows
from kefu.fusion.strategies import END_TO_END
from kefu.model import FusedModel
from kefu.training.encoding import encode_shards
from kefu.training.hardware import Hardware, HardwareParameters, choose_hardware
from kefu.training.modality_model import ModalityModel

MISSING_PERCENT = tuple(range(0, 100, 10))
_TICKETS_AT_ONCE = 32


def trace_robustness(
    model: FusedModel,
    tickets: pd.DataFrame,
    params: EvaluationParameters,
    seed: int,
    hardware: HardwareParameters,
    **modalities: Any,
) -> Analysis:
    """Score the model while one modality gets worse, or is missing more often, and all else stays as it came.

    Args:
        model: the one that predicts.
        tickets: all kept tickets.
        params: which split, how many of its tickets, how intervals are made.
        seed: of what is drawn.
        hardware: device and threads of encoding.
        modalities: ``<modality>_cleaned`` and ``<modality>_model`` of each modality.
    """
    scored = tickets[tickets["split"] == params.split].reset_index(drop=True)
    sample = sample_tickets(scored, params.robustness_curves.tickets, seed).reset_index(drop=True)
    machine = choose_hardware(hardware)
    cleaned = {
        name: _sampled(name, sample, modalities[f"{name}_cleaned"])
        for name, part in model.parts.items()
        if part.is_trained
    }
    heard = {
        name: _hear(
            model.parts[name],
            modalities[f"{name}_model"] if model.strategy in END_TO_END else model.parts[name],
            table,
            list(sample["ticket_id"]),
            seed,
            machine,
        )
        for name, table in cleaned.items()
    }
    numbers = {label: number for number, label in enumerate(model.labels)}
    targets = np.array([numbers[label] for label in sample["label"]], dtype=np.int64)
    rows = as_they_came(heard, targets, customer_codes(sample.reindex(columns=["customer_id"])))
    curves = [
        *_corruption_curves(model, rows, heard),
        *_missing_curves(model, rows, heard, _chances(sample, list(heard), params.robustness_curves.draws, seed)),
    ]
    found = [score_curve(curve, len(model.labels), params.resampling) for curve in curves]
    shown = _shown(cleaned, sample)
    return Analysis(
        {
            "split": params.split,
            "tickets": len(sample),
            "of": len(scored),
            "draws": params.robustness_curves.draws,
            "seed": seed,
            "weakest": weakest(found),
            "curves": {one.curve.name: curve_metrics(one) for one in found},
        },
        {one.curve.name.replace(" ", "_"): draw_curve(one) for one in found} | picture_samples(shown, seed),
        {"areas": area_table(found), "samples": text_samples(shown, seed)},
    )


def _sampled(name: str, sample: pd.DataFrame, cleaned: Mapping[str, pa.Table]) -> pa.Table:
    """Return the cleaned payloads of the sampled tickets that have the modality."""
    wanted = frozenset(sample.loc[sample[f"has_{name}"].astype(bool), "ticket_id"])
    tables = []
    for table in cleaned.values():
        chosen = [ticket_id in wanted for ticket_id in table["ticket_id"].to_pylist()]
        tables.append(table.filter(pa.array(chosen, pa.bool_())))
    return pa.concat_tables(tables)


def _shown(cleaned: Mapping[str, pa.Table], sample: pd.DataFrame) -> dict[str, list[tuple[str, Any]]]:
    """Return for each modality the first ticket of each language, to be shown."""
    languages = dict(zip(sample["ticket_id"], sample["language"].astype(str), strict=True))
    shown: dict[str, list[tuple[str, Any]]] = {}
    for name, table in cleaned.items():
        firsts: dict[str, tuple[str, Any]] = {}
        for ticket_id, payload in payloads(name, table):
            firsts.setdefault(languages[ticket_id], (ticket_id, payload))
        shown[name] = list(firsts.values())
    return shown


def _hear(
    part: ModalityModel,
    alone: ModalityModel,
    cleaned: pa.Table,
    ticket_ids: Sequence[str],
    seed: int,
    machine: Hardware,
) -> Heard:
    """Return what a modality's classifiers say of the tickets (N,) as they came, and spoilt in every way.

    Args:
        part: the classifiers that the fusion builds on.
        alone: those that were trained for the modality alone; the same, but where fusion trained its own.
        cleaned: payloads of those that have the modality.
        ticket_ids: the tickets, in order.
        seed: of what is drawn.
        machine: device and threads.
    """
    assert part.preprocessor is not None
    position = {ticket_id: row for row, ticket_id in enumerate(ticket_ids)}
    times = 1 + sum(len(corruption.levels) for corruption in contract.get(part.name).CORRUPTIONS)
    members, dim = len(part.classifiers), part.classifiers[0].head.in_features
    present = np.zeros(len(ticket_ids), dtype=bool)
    embeddings = np.zeros((times, len(ticket_ids), members, dim), dtype=np.float32)
    classes = np.zeros((times, len(ticket_ids)), dtype=np.int64)
    starts = range(0, len(cleaned), _TICKETS_AT_ONCE)
    for start in show_progress(starts, total=len(starts), what=f"{part.name}: corruptions"):
        shard = extract_corrupted(part.name, cleaned.slice(start, _TICKETS_AT_ONCE), part.preprocessor, seed)
        at = [position[ticket_id] for ticket_id in shard.ticket_ids[: len(shard.ticket_ids) // times]]
        ((_, said),) = encode_shards(part, {"": shard}, machine)
        embeddings[:, at] = said.features["embedding"].reshape(times, len(at), members, dim)
        if alone is not part:
            ((_, said),) = encode_shards(alone, {"": shard}, machine)
        classes[:, at] = opinion_of(said.features["logits"]).reshape(times, len(at))
        present[at] = True
    return Heard(present, embeddings, classes)


def _corruption_curves(model: FusedModel, rows: FusionRows, heard: Mapping[str, Heard]) -> Iterator[Curve]:
    """Yield a curve for each corruption of each modality that some ticket has."""
    for name, one in heard.items():
        if not one.present.any():
            continue
        start = 1
        for corruption in contract.get(name).CORRUPTIONS:
            conditions = [0, *range(start, start + len(corruption.levels))]
            start += len(corruption.levels)
            yield Curve(
                name,
                corruption.name,
                corruption.axis,
                (corruption.intact, *corruption.levels),
                tuple(corruption.level_names),
                corruption.severities,
                rows.targets[one.present],
                rows.groups[one.present],
                answers_to_corrupted(model, rows, name, one, conditions),
                answers_to_nothing(model, rows),
            )


def _missing_curves(
    model: FusedModel, rows: FusionRows, heard: Mapping[str, Heard], chances: Mapping[str, NDArray[np.float64]]
) -> Iterator[Curve]:
    """Yield a curve for each modality that is taken away, and for all of them where there are several."""
    rates = [percent / 100 for percent in MISSING_PERCENT]
    names = [name for name, one in heard.items() if one.present.any()]
    guess = answers_to_nothing(model, rows) if names else 0
    for removed in (*([name] for name in names), *([names] if len(names) > 1 else [])):
        has = np.any([heard[name].present for name in removed], axis=0)
        drawn = {name: chances[name][:, has] for name in removed}
        answers = {FUSION: answers_with_missing(model, rows.take(np.flatnonzero(has)), rates, drawn)}
        if len(removed) == 1:
            said, gone = heard[removed[0]].classes[0, has], drawn[removed[0]]
            answers[ALONE] = np.stack([np.where(gone >= rate, said, guess) for rate in rates])
        yield Curve(
            removed[0] if len(removed) == 1 else "",
            "missing",
            "Missing, %",
            tuple(float(percent) for percent in MISSING_PERCENT),
            tuple(str(percent) for percent in MISSING_PERCENT),
            np.array(rates) / rates[-1],
            rows.targets[has],
            rows.groups[has],
            answers,
            guess,
        )


def _chances(sample: pd.DataFrame, names: Sequence[str], draws: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """Return for each modality numbers (R, N) from 0 to 1, which depend on seed, ticket and modality alone."""
    return {
        name: np.array(
            [
                np.random.default_rng([seed, zlib.crc32(ticket_id.encode()), zlib.crc32(name.encode())]).random(draws)
                for ticket_id in sample["ticket_id"]
            ]
        ).T
        for name in names
    }
