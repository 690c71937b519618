"""Nodes of the training of a recogniser."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from kefu.demo.phrases import draw_phrases
from kefu.demo.utterances import Utterance, VoiceParameters, record_utterance
from kefu.engines import map_in_order, show_progress
from kefu.evaluation.bootstrap import Resampling
from kefu.speech.contract import SAMPLE_RATE_HZ
from kefu.speech.ctc.evaluation import score_transcripts
from kefu.speech.ctc.features import log_mel
from kefu.speech.ctc.language_model import LanguageModel
from kefu.speech.ctc.lexicon import Lexicon, make_lexicon
from kefu.speech.ctc.model import SpeechModel, SpeechModelParameters
from kefu.speech.ctc.network import CtcNetwork
from kefu.speech.ctc.phrases import Phrase, PhraseParameters, gather_phrases
from kefu.speech.ctc.pronunciation import pronounce, read_out, units_of
from kefu.speech.ctc.recordings import LogMels, Planned, RecordingParameters, plan_recordings
from kefu.speech.ctc.training import Recordings, TrainingParameters, train_network
from kefu.training.hardware import HardwareParameters, choose_hardware
from kefu.training.run_facts import Meter

logger = logging.getLogger(__name__)

_RECORDINGS_AT_A_TIME = 50


def gather_spoken_phrases(shop_texts: Mapping[str, str], params: PhraseParameters, seed: int) -> pd.DataFrame:
    """Gather what the shop writes and its customers say, and split it by source.

    Args:
        shop_texts: articles, playbooks and questions by their path; there may be none.
        params: how many phrases, and how they are split.
        seed: of the split and of whatever is drawn.

    Returns:
        ``spoken``, ``source``, ``kind`` and ``split`` of each phrase.
    """
    if not shop_texts:
        logger.warning("no texts of a shop: the recogniser will know the phrases of the demo's customers alone")
    customers = draw_phrases(params.customer_phrases, np.random.default_rng([seed, 0]))
    phrases = gather_phrases(shop_texts.values(), customers, params, seed)
    return pd.DataFrame(phrases, columns=list(Phrase._fields))


def record_phrases(
    phrases: pd.DataFrame, params: RecordingParameters, voices: VoiceParameters, seed: int, hardware: HardwareParameters
) -> tuple[pd.DataFrame, LogMels]:
    """Have phrases spoken by the voices of each split, and keep the spectrograms.

    Args:
        phrases: as :func:`gather_spoken_phrases` returns them.
        params: how many recordings.
        voices: who speaks, and on what line.
        seed: of voices and noise.
        hardware: how many processes record.

    Returns:
        A row and a spectrogram for each recording: ``spoken``, ``source``, ``kind``, ``split`` (of the voice),
        ``seen``, ``speaker``, ``words_per_minute``, ``pitch`` and ``throat``.
    """
    planned = list(plan_recordings(list(_phrases(phrases)), params, seed))
    numbered = list(enumerate(planned))
    shards = [
        numbered[start : start + _RECORDINGS_AT_A_TIME] for start in range(0, len(numbered), _RECORDINGS_AT_A_TIME)
    ]
    record = partial(_record_shard, voices, params.n_mels, seed)
    made = show_progress(
        map_in_order(record, shards, workers=hardware.num_workers), total=len(shards), what="recordings, by fifty"
    )
    rows: list[dict[str, Any]] = []
    spectrograms: list[NDArray[np.float16]] = []
    for shard_rows, shard_spectrograms in made:
        rows += shard_rows
        spectrograms += shard_spectrograms
    lengths = np.array([len(spectrogram) for spectrogram in spectrograms], dtype=np.int64)
    return pd.DataFrame(rows), LogMels(np.concatenate(spectrograms), lengths)


def train_recogniser(
    phrases: pd.DataFrame,
    utterances: pd.DataFrame,
    log_mels: LogMels,
    params: SpeechModelParameters,
    training: TrainingParameters,
    seed: int,
    hardware: HardwareParameters,
    checkpoints: str,
) -> tuple[SpeechModel, pd.DataFrame, dict[str, Any]]:
    """Train an acoustic model on recordings and a language model on phrases, both of the training split.

    Args:
        phrases: as :func:`gather_spoken_phrases` returns them.
        utterances: as :func:`record_phrases` returns them.
        log_mels: the spectrograms of the utterances.
        params: units, sizes, how characters are searched for.
        training: epochs, batch size, learning rate …
        seed: of starting weights and of the order of recordings.
        hardware: device, precision, threads.
        checkpoints: folder in which an interrupted training is found again.

    Returns:
        The model, its learning curve, and how the run went.
    """
    known = [phrase for phrase in _phrases(phrases) if phrase.split == "train"]
    lexicon = make_lexicon(((phrase.spoken, pronounce(phrase.spoken) or ()) for phrase in known), params.units)
    language = LanguageModel.fit((phrase.spoken for phrase in known if phrase.kind != "drill"), params.order)
    rows = log_mels.rows()
    parts = {
        split: _recordings(utterances[utterances["split"] == split], rows, lexicon, params)
        for split in ("train", "validation")
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = CtcNetwork(log_mels.n_mels, len(lexicon.units), params.network)
    machine = choose_hardware(hardware)
    meter = Meter(machine)
    with meter:
        trained = train_network(
            network,
            parts["train"],
            parts["validation"],
            training,
            hardware=machine,
            seed=seed,
            checkpoints=Path(checkpoints) / "train_recogniser",
        )
    facts = {"run": {"speech": meter.facts([(len(parts["train"]), trained.history)])}}
    model = SpeechModel(trained.network, lexicon, language, log_mels.n_mels, params)
    return model, trained.history, facts


def judge_recogniser(
    model: SpeechModel, utterances: pd.DataFrame, log_mels: LogMels, provenance: Mapping[str, Any]
) -> tuple[SpeechModel, dict[str, Any]]:
    """Test a recogniser on voices that it has not heard, and return it with its scores, and the scores."""
    wanted = np.flatnonzero(utterances["split"] == "test")
    rows = log_mels.rows()
    heard, confidences = [], []
    for place in wanted:
        text, confidence = model.transcribe(rows[place])
        heard.append(text)
        confidences.append(confidence)
    judged = utterances.iloc[wanted].assign(heard=heard, confidence=confidences)
    metrics = {
        **score_transcripts(judged, Resampling()),
        "voices": sorted(judged["speaker"].unique()),
        "language_model_perplexity": model.language.perplexity(judged.loc[~judged["seen"], "spoken"]),
    }
    for name in ("unseen", "seen"):
        if metrics[name]["recordings"]:
            logger.info(
                "synthetic voices that training never heard, %s phrases: character error rate %.3f",
                name, metrics[name]["character_error_rate"],
            )  # fmt: skip
    return model.with_metrics(metrics, provenance), metrics


def _record_shard(
    voices: VoiceParameters, n_mels: int, seed: int, shard: Sequence[tuple[int, Planned]]
) -> tuple[list[dict[str, Any]], list[NDArray[np.float16]]]:
    rows, spectrograms = [], []
    for number, planned in shard:
        utterance = Utterance(read_out(planned.spoken), planned.split, number)
        samples, voice = record_utterance(voices, SAMPLE_RATE_HZ, seed, utterance)
        spectrograms.append(log_mel(samples, n_mels).astype(np.float16))
        rows.append(
            {
                **planned._asdict(),
                "speaker": voice.name.partition("+")[2],
                "words_per_minute": voice.words_per_minute,
                "pitch": voice.pitch,
                "throat": voice.throat,
            }
        )
    return rows, spectrograms


def _phrases(frame: pd.DataFrame) -> Iterator[Phrase]:
    return (Phrase(*row) for row in frame[list(Phrase._fields)].itertuples(index=False))


def _recordings(
    utterances: pd.DataFrame, rows: Sequence[NDArray[np.float16]], lexicon: Lexicon, params: SpeechModelParameters
) -> Recordings:
    """Gather spectrograms and unit numbers; a sound that training does not have cannot be a target, and is left out."""
    number = {unit: place for place, unit in enumerate(lexicon.units, start=1)}
    told = [
        np.array(
            [
                number[unit]
                for symbol, syllable in zip(spoken, pronounce(spoken) or (), strict=True)
                for unit in units_of(symbol, syllable, params.units)
                if unit in number
            ],
            dtype=np.int64,
        )
        for spoken in utterances["spoken"]
    ]
    return Recordings([rows[place] for place in utterances.index], told)
