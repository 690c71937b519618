"""What the acoustic model is given of a recording: log-mel bands, with level and colour of the line taken out."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kefu.modalities.audio.features import AudioPreprocessor, Features
from kefu.speech.contract import SAMPLE_RATE_HZ, Samples

MAX_SECONDS = 60.0
"""Of a recording; what comes later is not heard."""
_RANGE_DB = 70.0  # what is so far below the loudest band is silence, however digital
_DEVIATION_DB = 15.0


def log_mel(samples: Samples, n_mels: int) -> NDArray[np.float32]:
    """Return the log-mel bands of a recording (T, ``n_mels``), about 0 to 1 in size, a frame every 10 ms.

    Each band has the mean 0 over the recording, so that how loud someone speaks and what the line does to the voice
    make no difference.

    Args:
        samples: (T,) at :data:`kefu.speech.contract.SAMPLE_RATE_HZ`.
        n_mels: bands.
    """
    bands, num_frames = _extractor(n_mels).log_mel([samples])
    heard = bands[0, :, : num_frames[0]].T
    heard = np.maximum(heard, heard.max() - _RANGE_DB)
    return np.ascontiguousarray((heard - heard.mean(axis=0)) / np.float32(_DEVIATION_DB))


@lru_cache(maxsize=2)
def _extractor(n_mels: int) -> AudioPreprocessor:
    params = Features(sample_rate_hz=SAMPLE_RATE_HZ, n_mels=n_mels, max_seconds=MAX_SECONDS)
    return AudioPreprocessor(params, np.zeros(n_mels, np.float32), np.ones(n_mels, np.float32))
