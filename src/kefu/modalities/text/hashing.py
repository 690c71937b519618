"""Hashes of characters as NumPy arrays: the same on every machine, in every process and every run."""

import numpy as np
from numpy.typing import NDArray


def code_points(text: str) -> NDArray[np.uint64]:
    """Return the text's Unicode code points (``len(text)``,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter 64-bit values one to one (the finaliser of SplitMix64, Steele, Lea and Flood, 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
