import io

import cv2
import numpy as np
import pytest
import soundfile

OLD = "2026-01-01T00.00.00.000Z"
PNG = cv2.imencode(".png", np.random.default_rng(7).integers(0, 256, (40, 48, 3), dtype=np.uint8))[1].tobytes()


def make_wav(seconds):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(int(seconds * 8000), dtype=np.int16), 8000, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize(
    ("limits", "request_", "code"),
    [
        ({"text_chars": 10}, {"data": {"text": "x" * 11}}, "text_too_long"),
        ({"image_bytes": len(PNG) - 1}, {"files": {"image": ("a.png", PNG)}}, "image_too_large"),
        ({"image_megapixels": 0.0019}, {"files": {"image": ("a.png", PNG)}}, "image_too_large"),
        ({"audio_bytes": 100}, {"files": {"audio": ("a.wav", make_wav(0.1))}}, "audio_too_large"),
        ({"audio_seconds": 1.0}, {"files": {"audio": ("a.wav", make_wav(1.1))}}, "audio_too_long"),
        ({"body_bytes": 2000}, {"files": {"audio": ("a.wav", make_wav(1.0))}}, "body_too_large"),
    ],
)
def test_what_is_too_large_is_refused(make_client, limits, request_, code):
    response = make_client(limits=limits).post("/v1/predict", **request_)
    assert (response.status_code, response.json()["error"]["code"]) == (413, code)


@pytest.mark.parametrize(
    ("limits", "request_"),
    [
        ({"text_chars": 10}, {"data": {"text": "字" * 10}}),
        ({"image_bytes": len(PNG), "image_megapixels": 0.00192}, {"files": {"image": ("a.png", PNG)}}),
        ({"audio_bytes": len(make_wav(1)), "audio_seconds": 1.0}, {"files": {"audio": ("a.wav", make_wav(1))}}),
    ],
)
def test_what_just_fits_is_taken(make_client, limits, request_):
    assert make_client(limits=limits).post("/v1/predict", **request_).status_code == 200


def test_tickets_in_json_have_the_same_limits(make_client):
    client = make_client(limits={"image_bytes": 10, "batch_tickets": 2})
    (found,) = client.post("/v1/predict/batch", json={"tickets": [{"image": "A" * 40}]}).json()["predictions"]
    assert found["error"]["code"] == "image_too_large"
    response = client.post("/v1/predict/batch", json={"tickets": [{"text": "a"}] * 3})
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_many_tickets")
