"""Recordings of several lengths, padded to one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Batch(NamedTuple):
    """B recordings, padded."""

    log_mel: Tensor
    """(B, n_mels, T)"""
    num_frames: Tensor
    """(B,)"""
    units: Tensor
    """all units of all recordings in a row"""
    num_units: Tensor
    """(B,)"""


def make_batch(log_mels: Sequence[NDArray[np.floating]], units: Sequence[NDArray[np.int64]]) -> Batch:
    """Pad recordings (T, n_mels) to one length."""
    num_frames = torch.tensor([len(log_mel) for log_mel in log_mels])
    padded = torch.zeros(len(log_mels), log_mels[0].shape[1], int(num_frames.max()))
    for row, log_mel in enumerate(log_mels):
        padded[row, :, : len(log_mel)] = torch.from_numpy(np.asarray(log_mel, dtype=np.float32).T)
    return Batch(
        padded, num_frames, torch.from_numpy(np.concatenate(units)), torch.tensor([len(told) for told in units])
    )
