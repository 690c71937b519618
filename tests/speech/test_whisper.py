"""Whisper, as a tiny one with random weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

from kefu.speech.whisper import WhisperError, WhisperRecogniser

SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>"]
SOUND = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whisper")
    words = {chr(ord("a") + number): number for number in range(26)}
    (folder / "vocab.json").write_text(json.dumps(words | {name: 26 + place for place, name in enumerate(SPECIAL)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = WhisperTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), additional_special_tokens=SPECIAL[1:]
    )
    numbers = dict(zip(SPECIAL, tokenizer.convert_tokens_to_ids(SPECIAL), strict=True))
    end, start = numbers["<|endoftext|>"], numbers["<|startoftranscript|>"]
    torch.manual_seed(1)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=8,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_target_positions=300,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=start,
        eos_token_id=end,
        pad_token_id=end,
        bos_token_id=end,
        is_multilingual=True,
        lang_to_id={"<|en|>": numbers["<|en|>"], "<|zh|>": numbers["<|zh|>"]},
        task_to_id={"transcribe": numbers["<|transcribe|>"]},
        no_timestamps_token_id=numbers["<|notimestamps|>"],
        max_length=40,
    )
    model.save_pretrained(folder)
    WhisperProcessor(WhisperFeatureExtractor(feature_size=8), tokenizer).save_pretrained(folder)
    return folder


def test_it_keeps_the_contract(folder: Path) -> None:
    recogniser = WhisperRecogniser.load(folder)
    assert recogniser.languages == {"en", "zh"}
    for language in ("en", "zh"):
        heard = recogniser.recognise(SOUND, language)
        assert (heard.language, heard.seconds, heard.recogniser) == (language, 1.0, "whisper")
        assert heard == recogniser.recognise(SOUND, language)
        assert "<|" not in heard.text
        assert (heard.confidence > 0) == bool(heard.text)


def test_silence_of_no_length_is_nothing(folder: Path) -> None:
    heard = WhisperRecogniser.load(folder).recognise(SOUND[:0], "en")
    assert (heard.text, heard.confidence, heard.seconds) == ("", 0.0, 0.0)


def test_another_language_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="hears en, zh, not 'fr'"):
        WhisperRecogniser.load(folder).recognise(SOUND, "fr")


@pytest.mark.parametrize("missing", ["*.safetensors", "config.json", "tokenizer*"])
def test_what_is_incomplete_is_said_in_one_line(folder: Path, missing: str, tmp_path: Path) -> None:
    for path in folder.iterdir():
        if not path.match(missing) and not (missing == "tokenizer*" and path.match("vocab.json")):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(WhisperError) as told:
        WhisperRecogniser.load(tmp_path)
    assert "\n" not in str(told.value)


def test_pickled_weights_are_not_read(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(WhisperError, match="pickled"):
        WhisperRecogniser.load(tmp_path)
