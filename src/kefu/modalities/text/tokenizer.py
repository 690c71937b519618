"""Subword tokens: learned byte-pair merges within words and single Chinese characters, or those of a given folder."""

import os
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from kefu.modalities.pretrained import PretrainedError, find_folder

# the library's threads, which forked workers would not survive; read before each use
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

PAD_ID = 0
UNKNOWN_ID = 1
_SPECIAL_TOKENS = ["<pad>", "<unk>"]

_LETTER = r"[[\p{L}\p{M}\p{N}]&&[^\p{Han}]]"
# "▁" marks where a word starts, so that "cat" is not the middle of "location"; apostrophes within words are theirs
_WORD_START = rf"(?<!{_LETTER}|{_LETTER}')(?={_LETTER})"
_SINGLE = rf"\p{{Han}}|(?<!{_LETTER})'|'(?!{_LETTER})|[^\p{{L}}\p{{M}}\p{{N}}▁']"


def train_tokenizer(texts: Sequence[str], vocab_size: int) -> Tokenizer:
    """Learn a vocabulary of at most ``vocab_size`` tokens; the same texts give the same one in every run.

    Byte-pair encoding (Sennrich, Haddow and Birch, 2016) of lower-cased words. Rare characters, beyond half of
    the vocabulary, become ``<unk>``.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(_WORD_START), "▁")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(_SINGLE), "isolated")]
    )
    normalised = [normalizer.normalize_str(text) for text in texts]
    # left to itself the trainer breaks ties between rare characters by chance
    counts = Counter("".join(normalised))
    by_frequency = sorted((char for char in counts if not char.isspace()), key=lambda char: (-counts[char], char))
    alphabet = sorted(by_frequency[: max(1, (vocab_size - len(_SPECIAL_TOKENS)) // 2)])
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=_SPECIAL_TOKENS,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        max_token_length=24,
        show_progress=False,
    )
    tokenizer.train_from_iterator(normalised, trainer, length=len(normalised))
    tokenizer.normalizer = normalizer
    return tokenizer


def load_tokenizer(source: str, max_tokens: int) -> Tokenizer:
    """Read the tokenizer that belongs to pretrained weights; it adds its special tokens to what is left of a cut text.

    Args:
        source: a folder with ``tokenizer.json``, or ``package:NAME``.
        max_tokens: longer texts are cut, special tokens included.

    Raises:
        PretrainedError: there is none, it is damaged, or ``max_tokens`` leaves no room for text.
    """
    path = find_folder(source) / "tokenizer.json"
    if not path.is_file():
        raise PretrainedError(f"text.features.tokenizer: {path.parent} has no {path.name}; save a fast tokenizer there")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more particular
        raise PretrainedError(f"text.features.tokenizer: {path} cannot be read ({error})") from error
    num_special = tokenizer.num_special_tokens_to_add(is_pair=False)
    if max_tokens <= num_special:
        raise PretrainedError(
            f"text.features.max_tokens is {max_tokens}; {source} adds {num_special} special tokens to each text"
        )
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return token ids (N, ``max_tokens``), padded with 0 and cut at the end, and their numbers (N,), at least 1."""
    token_ids = np.full((len(texts), max_tokens), PAD_ID, dtype=np.int32)
    num_tokens = np.zeros(len(texts), dtype=np.int32)
    for row, encoding in enumerate(tokenizer.encode_batch_fast(list(texts))):
        ids = encoding.ids[:max_tokens] or [UNKNOWN_ID]
        token_ids[row, : len(ids)] = ids
        num_tokens[row] = len(ids)
    return token_ids, num_tokens
