import io
import wave

import numpy as np

from kefu.speech.wav import encode_wav


def test_a_wav_file_holds_the_samples_on_16_bits() -> None:
    samples = np.array([0.0, 0.5, -1.0, 1.0], np.float32)
    with wave.open(io.BytesIO(encode_wav(samples, 22_050))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        steps = np.frombuffer(file.readframes(4), "<i2")
    np.testing.assert_array_equal(steps, [0, 16_384, -32_767, 32_767])
