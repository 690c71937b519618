import json
from pathlib import Path

import numpy as np
import pytest
import soxr
import torch
from tokenizers import pre_tokenizers
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

from kefu.modalities.pretrained import PretrainedError
from kefu.speech.contract import SAMPLE_RATE_HZ
from kefu.speech.espeak import synthesise
from kefu.speech.whisper import WhisperRecogniser

SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a Whisper of two thin layers with random weights, and the tokens of single bytes."""
    path = tmp_path_factory.mktemp("whisper")
    vocabulary = {token: number for number, token in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    vocabulary |= {token: len(vocabulary) + number for number, token in enumerate(SPECIAL)}
    tokenizer = WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL[1:]})
    end, start, english, chinese, transcribe, no_timestamps = (vocabulary[token] for token in SPECIAL)
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=len(vocabulary),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_mel_bins=80,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    network = WhisperForConditionalGeneration(config)
    network.generation_config = GenerationConfig(
        is_multilingual=True,
        lang_to_id={"<|en|>": english, "<|zh|>": chinese},
        task_to_id={"transcribe": transcribe},
        no_timestamps_token_id=no_timestamps,
        decoder_start_token_id=start,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        max_length=448,
        return_timestamps=False,
    )
    network.save_pretrained(path)
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(path)
    return path


def say(words: str, voice: str) -> np.ndarray:
    spoken, rate_hz = synthesise(words, voice, 170, 50)
    return soxr.resample(spoken, rate_hz, SAMPLE_RATE_HZ).astype(np.float32)


@pytest.mark.parametrize(
    ("language", "words", "voice"),
    [("en", "where is my parcel", "gmw/en-US+Denis"), ("zh", "快递在哪", "sit/cmn+Denis")],
)
def test_speech_is_written_down_with_a_confidence(folder: Path, language: str, words: str, voice: str) -> None:
    recogniser = WhisperRecogniser.load(folder)
    samples = say(words, voice)
    transcript = recogniser.recognise(samples, language)
    assert transcript == recogniser.recognise(samples, language)
    assert transcript.text
    assert not any(token in transcript.text for token in SPECIAL)
    assert transcript.language == language
    assert transcript.recogniser == "whisper"
    assert transcript.seconds == pytest.approx(len(samples) / SAMPLE_RATE_HZ)
    # the weights are random: each token is about as likely as any other
    assert 0 < transcript.confidence < 0.5


def test_the_language_is_told_to_the_network(folder: Path) -> None:
    recogniser = WhisperRecogniser.load(folder)
    told = []
    generate = recogniser._network.generate
    recogniser._network.generate = lambda *features, **options: (  # type: ignore[method-assign]
        told.append(options["language"]) or generate(*features, **options)
    )
    for language in ("en", "zh"):
        recogniser.recognise(say("hello", "gmw/en-US+Denis"), language)
    assert told == ["en", "zh"]


def test_where_nobody_speaks_the_network_is_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = WhisperRecogniser.load(folder)
    monkeypatch.setattr(recogniser, "_hear", lambda *_: pytest.fail("asked"))
    for samples in (np.zeros(0, np.float32), np.zeros(3 * SAMPLE_RATE_HZ, np.float32)):
        transcript = recogniser.recognise(samples, "en")
        assert (transcript.text, transcript.confidence) == ("", 0)


def test_long_speech_is_heard_in_windows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = WhisperRecogniser.load(folder)
    lengths: list[int] = []
    monkeypatch.setattr(recogniser, "_hear", lambda speech, _: (lengths.append(len(speech)) or "words", 0.5))
    speech = np.tile(say("where is my parcel", "gmw/en-US+Denis"), 40)
    assert recogniser.recognise(speech, "en").text.split() == ["words"] * len(lengths)
    assert len(lengths) > 1
    assert max(lengths) <= 30 * SAMPLE_RATE_HZ
    assert sum(lengths) > 0.9 * len(speech)


def test_another_language_is_an_error(folder: Path) -> None:
    with pytest.raises(ValueError, match="not 'fr'"):
        WhisperRecogniser.load(folder).recognise(np.zeros(10, np.float32), "fr")


def test_a_folder_that_is_none_says_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PretrainedError, match="there is no folder"):
        WhisperRecogniser.load(tmp_path / "nothing")
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(PretrainedError, match=r"pytorch_model\.bin is a pickle"):
        WhisperRecogniser.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(PretrainedError, match="tokens or the features"):
        WhisperRecogniser.load(tmp_path)
