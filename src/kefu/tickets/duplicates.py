"""Tickets that were sent or exported twice, found by fingerprints in near-linear time.

Near duplicates are found by banding (Manku, Jain and Das Sarma, Detecting near-duplicates for web crawling, 2007):
if two 64-bit values differ in at most d bits and are cut into d + 1 bands, at least one band is equal.
"""

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from kefu.parameters import Parameters
from kefu.tickets.faults import Reason

_PAIRS_PER_CHUNK = 1_000_000  # 16 MB of pairs at a time
_COLUMNS = ("ticket_id", "reason", "detail", "original_id")


class DuplicateParameters(Parameters):
    """When two tickets are one."""

    max_text_distance: int = Field(3, ge=0, le=16, description="Bits of 64 in which near texts may differ")
    max_picture_distance: int = Field(4, ge=0, le=16, description="Bits of 64 in which near pictures may differ")
    min_text_chars: int = Field(
        30, ge=1, description="Texts this long are not written twice by chance; a Chinese character counts as two"
    )


def find_duplicates(frame: pd.DataFrame, params: DuplicateParameters) -> pd.DataFrame:
    """Find the tickets that repeat an earlier one; the first stays.

    A ``duplicate`` has the same digests as another in every modality, and the same customer; two customers may well
    both write 'where is my order?', so theirs are duplicates only if a media file is the same or the text is long.

    A ``near_duplicate`` has a text within ``max_text_distance`` bits of the other's and a picture within
    ``max_picture_distance`` (absent from both counts as equal), where a picture or a long text is there. If text or
    picture is absent, less evidence is left, and every other modality and the customer must be the same.

    Customers that are not known are never the same. Likeness is not transitive: a ticket is compared with those that
    stay, so a chain of slight changes is not swallowed whole.

    Args:
        frame: A row a ticket in table order: ``ticket_id``, ``customer_id`` and, for each modality,
            ``<modality>_digest`` (null where it is absent); with a text ``text_simhash`` (16 hexadecimal digits),
            ``text_num_chars`` and optionally ``text_language``; with a picture ``image_phash`` (16 hexadecimal
            digits). Tickets without a digest are never duplicates, and those that lack another fingerprint are
            never near ones.
        params: When two tickets are one.

    Returns:
        ``ticket_id``, ``reason``, ``detail`` and ``original_id`` of every ticket to drop, in table order.
    """
    prints = _Fingerprints(frame, params)
    original = _find_exact(prints)
    near = _find_near(prints, np.flatnonzero((original < 0) & prints.any_present & prints.comparable), params)
    dropped = sorted([(int(copy), int(original[copy]), False) for copy in np.flatnonzero(original >= 0)] + near)
    ids = frame["ticket_id"].to_numpy()
    rows = [
        (
            ids[copy],
            (Reason.NEAR_DUPLICATE if is_near else Reason.DUPLICATE).value,
            f"{'nearly ' if is_near else ''}the same as ticket '{ids[first]}', which is kept",
            ids[first],
        )
        for copy, first, is_near in dropped
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype("str")


class _Fingerprints:
    """The columns of :func:`find_duplicates` as arrays (N,), whatever is absent coded as such."""

    def __init__(self, frame: pd.DataFrame, params: DuplicateParameters) -> None:
        self.size = len(frame)
        # codes are -1 where a digest or a customer is null
        self.digests = {
            name.removesuffix("_digest"): pd.factorize(frame[name])[0]
            for name in frame.columns
            if name.endswith("_digest")
        }
        self.customer = pd.factorize(frame["customer_id"])[0] if "customer_id" in frame else self._column(-1)
        self.text = self._values(frame, "text_simhash")
        self.picture = self._values(frame, "image_phash")
        self.has_text = self._present("text")
        self.has_picture = self._present("image")
        num_chars = pd.to_numeric(frame.get("text_num_chars", pd.Series(0, index=frame.index))).fillna(0)
        chinese = frame.get("text_language", pd.Series(None, index=frame.index, dtype="str")) == "zh"
        is_long = num_chars.mul(chinese + 1).to_numpy() >= params.min_text_chars
        self.has_long_text = self.has_text & is_long
        self.comparable = (self.has_text == self._known(frame, "text_simhash")) & (
            self.has_picture == self._known(frame, "image_phash")
        )
        media = [codes >= 0 for modality, codes in self.digests.items() if modality != "text"]
        self.has_media = np.logical_or.reduce([self._column(-1) > 0, *media])
        self.any_present = self.has_media | self.has_text

    def others(self) -> list[NDArray[np.int64]]:
        """Return the digests of the modalities for which there is no measure of likeness."""
        return [codes for modality, codes in self.digests.items() if modality not in {"text", "image"}]

    def _column(self, value: int) -> NDArray[np.int64]:
        return np.full(self.size, value, dtype=np.int64)

    def _present(self, modality: str) -> NDArray[np.bool_]:
        return self.digests.get(modality, self._column(-1)) >= 0

    def _known(self, frame: pd.DataFrame, name: str) -> NDArray[np.bool_]:
        return frame[name].notna().to_numpy() if name in frame else self._column(0) > 0

    def _values(self, frame: pd.DataFrame, name: str) -> NDArray[np.uint64]:
        if name not in frame:
            return np.zeros(self.size, dtype=np.uint64)
        digits = frame[name].fillna("0").to_list()
        return np.fromiter((int(value, 16) for value in digits), dtype=np.uint64, count=self.size)


def _find_exact(prints: _Fingerprints) -> NDArray[np.int64]:
    """Return the position of the ticket that each repeats exactly (N,), -1 where none."""
    original = np.full(prints.size, -1, dtype=np.int64)
    same_content = list(prints.digests.values())
    convincing = prints.has_media | prints.has_long_text
    for columns, eligible in (
        (same_content, prints.any_present & convincing),
        ([*same_content, prints.customer], prints.any_present & ~convincing & (prints.customer >= 0)),
    ):
        positions = np.flatnonzero(eligible)
        first = _first_alike(positions, columns)
        original[positions] = np.where(first < positions, first, -1)
    return original


def _find_near(
    prints: _Fingerprints, positions: NDArray[np.int64], params: DuplicateParameters
) -> list[tuple[int, int, bool]]:
    """Return (copy, original, True) for the tickets among ``positions`` that are like an earlier one that stays."""
    text, picture = prints.has_text[positions], prints.has_picture[positions]
    known_customer = prints.customer[positions] >= 0
    long_text = prints.has_long_text[positions]
    text_bands = cut_into_bands(prints.text, params.max_text_distance)
    picture_bands = cut_into_bands(prints.picture, params.max_picture_distance)
    sender = [prints.customer, *prints.others()]
    likely: list[tuple[int, int, bool]] = []
    for chosen, same, bands in (
        (text & picture, [], [[a, b] for a, b in product(text_bands, picture_bands)]),
        (~text & picture & known_customer, sender, [[band] for band in picture_bands]),
        (text & ~picture & long_text & known_customer, sender, [[band] for band in text_bands]),
    ):
        first = _first_alike(positions[chosen], [*same, prints.text.view(np.int64), prints.picture.view(np.int64)])
        kept_for = dict(_near_pairs(np.unique(first), [[*same, *columns] for columns in bands], prints, params))
        for copy, alike in zip(positions[chosen].tolist(), first.tolist(), strict=True):
            original = kept_for.get(alike, alike)
            if original != copy:
                likely.append((copy, original, True))
    return likely


def _first_alike(positions: NDArray[np.int64], columns: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return for each of ``positions`` the first one that equals it in all columns, itself included."""
    if not len(positions):
        return positions
    order, sizes = _sort_by_group(positions, columns)
    first = np.empty_like(positions)
    first[order] = np.repeat(positions[order[np.cumsum(sizes) - sizes]], sizes)
    return first


def _sort_by_group(
    positions: NDArray[np.int64], columns: list[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order (N,) of ``positions`` in which those equal in all columns are neighbours, and how many are."""
    keys = [column[positions] for column in columns]
    order = np.lexsort(keys)
    differs = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    starts = np.flatnonzero(np.append(True, differs))
    return order, np.diff(starts, append=len(order))


def cut_into_bands(values: NDArray[np.uint64], distance: int) -> list[NDArray[np.int64]]:
    """Cut 64-bit values into ``distance`` + 1 bands of nearly equal width."""
    edges = np.linspace(0, 64, distance + 2).astype(int)
    bands = []
    for low, high in pairwise(edges.tolist()):
        mask = np.uint64((1 << (high - low)) - 1)
        bands.append(((values >> np.uint64(low)) & mask).view(np.int64))
    return bands


def _near_pairs(
    positions: NDArray[np.int64],
    keys: list[list[NDArray[np.int64]]],
    prints: _Fingerprints,
    params: DuplicateParameters,
) -> Iterator[tuple[int, int]]:
    """Yield (copy, original) for each copy, comparing only with tickets that stay."""
    found: list[NDArray[np.int64]] = []
    for columns in keys:
        for first, second in _candidates(positions, columns):
            near = np.bitwise_count(prints.text[first] ^ prints.text[second]) <= params.max_text_distance
            near &= np.bitwise_count(prints.picture[first] ^ prints.picture[second]) <= params.max_picture_distance
            found.append(np.stack([second[near], first[near]], axis=1))
    if not found:
        return
    dropped: set[int] = set()
    for copy, first in np.unique(np.concatenate(found), axis=0).tolist():
        if copy not in dropped and first not in dropped:
            dropped.add(copy)
            yield copy, first


def _candidates(
    positions: NDArray[np.int64], columns: list[NDArray[np.int64]]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the pairs (earlier, later) of positions that agree in all columns, a bounded number at a time."""
    if len(positions) < 2:
        return
    order, sizes = _sort_by_group(positions, columns)
    members = positions[order]
    followers = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(members)) - 1
    totals = np.cumsum(followers)
    start = 0
    while start < len(members):
        before = totals[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(totals, before + _PAIRS_PER_CHUNK, side="right")))
        counts = followers[start:stop]
        first = np.repeat(np.arange(start, stop), counts)
        step = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield members[first], members[first + 1 + step]
        start = stop
