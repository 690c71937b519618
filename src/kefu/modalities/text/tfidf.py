"""TF-IDF of hashed n-grams: learned in one pass and constant memory, the same in every process."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from safetensors.numpy import load, save

from kefu.modalities.text.ngrams import NGrams, character_ngrams, find_units, word_ngrams
from kefu.parameters import Parameters

Range = tuple[int, int]


class TfidfParameters(Parameters):
    """Which n-grams are counted, and how they are weighted."""

    word_ngrams: Range = Field((1, 2), description="Shortest and longest n-gram of words.")
    han_ngrams: Range = Field((1, 3), description="Shortest and longest n-gram of Chinese characters.")
    char_ngrams: Range = Field((3, 5), description="Shortest and longest n-gram of characters within a word.")
    num_buckets: int = Field(2**20, ge=1, le=2**31, description="Hash values told apart while counting.")
    max_features: int = Field(2**16, ge=1, description="At most so many n-grams are kept, those in most texts.")
    min_df: int = Field(2, ge=1, description="An n-gram in fewer training texts is dropped.")
    sublinear_tf: bool = Field(True, description="Count c times as 1 + ln c.")
    word_weight: float = Field(1.0, gt=0, description="Norm of the words' part, where the characters' part has 1.")
    max_terms: int = Field(768, ge=1, description="Only so many n-grams of a text are kept, those of most weight.")

    @model_validator(mode="after")
    def _check_ranges(self) -> "TfidfParameters":
        for name in ("word_ngrams", "han_ngrams", "char_ngrams"):
            shortest, longest = getattr(self, name)
            if not 1 <= shortest <= longest:
                raise ValueError(f"{name} must be [shortest, longest] with 1 <= shortest <= longest")
        return self


@dataclass(frozen=True, slots=True)
class Tfidf:
    """Weights of hashed n-grams.

    Words and characters are two blocks. Each is scaled to unit length, then the words' to ``word_weight`` and the
    characters', in which no Chinese is, to the root of the part of the text that is not Chinese (so that an order
    number does not outweigh the Chinese sentence around it), and at last both together to unit length.
    """

    params: TfidfParameters
    buckets: NDArray[np.int64]
    """Hash buckets that are kept (F,), ascending; the place here is the column of the features."""
    idf: NDArray[np.float32]
    """Smooth inverse document frequencies (F,): ln((1 + texts) / (1 + texts with it)) + 1."""

    def extract(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the columns and the weights of each text's n-grams, both (N, ``max_terms``), heaviest first.

        Rows are padded with column 0 of weight 0.
        """
        indices = np.zeros((len(texts), self.params.max_terms), dtype=np.int32)
        values = np.zeros((len(texts), self.params.max_terms), dtype=np.float32)
        for start in range(0, len(texts), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            self._extract_chunk(texts[chunk], indices[chunk], values[chunk])
        return indices, values

    def _extract_chunk(self, texts: Sequence[str], indices: NDArray[np.int32], values: NDArray[np.float32]) -> None:
        units = find_units(texts)
        words = self._weigh(word_ngrams(units, self.params.word_ngrams, self.params.han_ngrams), len(texts))
        characters = self._weigh(character_ngrams(texts, self.params.char_ngrams), len(texts))
        rows = np.concatenate([words[0], characters[0]])
        columns = np.concatenate([words[1], characters[1]])
        not_han = np.sqrt(1 - units.han_shares())
        weights = np.concatenate([words[2] * self.params.word_weight, characters[2] * not_han[characters[0]]])
        rows, columns, weights = (array[weights > 0] for array in (rows, columns, weights))
        weights = weights / _norms(rows, weights, len(texts))[rows]
        # words and characters each come by row and column, which is quick to merge; rows are few, and quick to sort by
        merged = np.argsort(rows * len(self.buckets) + columns, kind="stable")
        order = merged[np.lexsort((-weights[merged], rows[merged].astype(np.uint8)))]
        rows, columns, weights = rows[order], columns[order], weights[order]
        ranks = np.arange(len(rows)) - np.searchsorted(rows, np.arange(len(texts)))[rows]
        kept = ranks < self.params.max_terms
        indices[rows[kept], ranks[kept]] = columns[kept]
        values[rows[kept], ranks[kept]] = weights[kept]

    def _weigh(self, grams: NGrams, num_texts: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        rows, buckets, counts = _count(grams, self.params.num_buckets)
        columns = np.searchsorted(self.buckets, buckets)
        known = columns < len(self.buckets)
        known[known] = self.buckets[columns[known]] == buckets[known]
        rows, columns, counts = rows[known], columns[known], counts[known]
        frequencies = 1 + np.log(counts) if self.params.sublinear_tf else counts.astype(np.float64)
        weights = frequencies * self.idf[columns].astype(np.float64)
        return rows, columns, weights / _norms(rows, weights, num_texts)[rows]

    def to_bytes(self) -> bytes:
        """Return the buckets and their weights as a safetensors file."""
        return save({"buckets": self.buckets, "idf": self.idf})

    @classmethod
    def from_bytes(cls, data: bytes, params: TfidfParameters) -> "Tfidf":
        """Undo :meth:`to_bytes`."""
        arrays = load(data)
        return cls(params, arrays["buckets"], arrays["idf"])


def find_buckets(texts: Sequence[str], params: TfidfParameters) -> NDArray[np.int64]:
    """Return the hash buckets of the different n-grams of N texts (N, most), padded with -1."""
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        of_words = word_ngrams(find_units(chunk), params.word_ngrams, params.han_ngrams)
        of_characters = character_ngrams(chunk, params.char_ngrams)
        counted = [_count(grams, params.num_buckets) for grams in (of_words, of_characters)]
        rows = np.concatenate([start + rows for rows, _, _ in counted])
        order = np.argsort(rows, kind="stable")
        found.append((rows[order], np.concatenate([buckets for _, buckets, _ in counted])[order]))
    rows, buckets = (np.concatenate(parts) for parts in zip(*found, strict=True))
    numbers = np.bincount(rows, minlength=len(texts))
    places = np.arange(len(rows)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    padded = np.full((len(texts), numbers.max(initial=0)), _NO_BUCKET, dtype=np.int64)
    padded[rows, places] = buckets
    return padded


class TfidfCounter:
    """Counts in how many texts each n-gram is, in memory that does not grow with the texts."""

    def __init__(self, params: TfidfParameters) -> None:
        self.params = params
        self.num_texts = 0
        self._document_frequencies = np.zeros(params.num_buckets, dtype=np.int64)

    def add(self, buckets: NDArray[np.int64]) -> None:
        """Count some more texts, told by :func:`find_buckets`."""
        np.add.at(self._document_frequencies, buckets[buckets != _NO_BUCKET], 1)
        self.num_texts += len(buckets)

    def finish(self) -> Tfidf:
        """Choose the n-grams to keep and weigh them."""
        frequencies = self._document_frequencies
        kept = np.flatnonzero(frequencies >= self.params.min_df)
        if len(kept) > self.params.max_features:
            kept = np.sort(kept[np.argsort(-frequencies[kept], kind="stable")[: self.params.max_features]])
        idf = np.log((1 + self.num_texts) / (1 + frequencies[kept])) + 1
        return Tfidf(self.params, kept, idf.astype(np.float32))


_NO_BUCKET = -1
_CHUNK = 64
"""Texts looked at together: enough to be fast, few enough to need little memory."""


def _count(grams: NGrams, num_buckets: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    buckets = (grams.hashes % np.uint64(num_buckets)).astype(np.int64)
    keys, counts = np.unique(grams.rows * num_buckets + buckets, return_counts=True)
    return keys // num_buckets, keys % num_buckets, counts


def _norms(rows: NDArray[np.int64], weights: NDArray[np.float64], num_texts: int) -> NDArray[np.float64]:
    norms = np.sqrt(np.bincount(rows, weights * weights, minlength=num_texts))
    return np.where(norms > 0, norms, 1.0)
