import asyncio
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from kefu.modalities.image.header import read_header
from kefu.service.errors import ServiceError
from kefu.service.pictures import PictureCleaner, clean_picture
from kefu.service.settings import LimitSettings

LIMITS = LimitSettings()
RED, BLUE = (220, 30, 30), (30, 30, 220)


def halves(width=64, height=32):
    """Return a picture whose left half is red, its right half blue."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def save(picture, kind, **given):
    file = io.BytesIO()
    picture.save(file, kind, **given)
    return file.getvalue()


def pixels_of(data):
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "PNG"), ("GIF", "PNG"), ("BMP", "PNG"), ("TIFF", "PNG")],
)
def test_the_pixels_are_kept(kind, kept):
    found = clean_picture(save(halves(), kind), LIMITS)
    assert read_header(found).format == kept
    pixels = pixels_of(found)
    assert pixels.shape == (32, 64, 3)
    np.testing.assert_allclose(pixels[16, 8], RED, atol=20)
    np.testing.assert_allclose(pixels[16, 56], BLUE, atol=20)


def exif(orientation):
    tags = Image.Exif()
    tags[274] = orientation
    tags[315] = "SECRET-NAME"
    tags.get_ifd(0x8825)[1] = "N"
    return tags.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_are_turned_upright_and_say_nothing_else(kind):
    found = clean_picture(save(halves(), kind, exif=exif(6), icc_profile=b"SECRET-PROFILE" * 99), LIMITS)
    pixels = pixels_of(found)
    assert pixels.shape == (64, 32, 3)
    np.testing.assert_allclose(pixels[8, 16], RED, atol=20)
    assert read_header(found).orientation == 1
    assert b"SECRET" not in found
    assert b"Exif" not in found


def test_what_follows_or_comments_a_picture_does_not_come_along():
    found = clean_picture(save(halves(), "JPEG", comment=b"SECRET") + b"<script>SECRET</script>PK\x03\x04", LIMITS)
    assert b"SECRET" not in found
    assert b"PK" not in found


def test_of_an_animation_the_first_frame_is_kept():
    others = [Image.new("RGB", (64, 32), BLUE)] * 3
    for kind in ("GIF", "WEBP"):
        animated = save(Image.new("RGB", (64, 32), RED), kind, save_all=True, append_images=others, lossless=True)
        found = Image.open(io.BytesIO(clean_picture(animated, LIMITS)))
        assert getattr(found, "n_frames", 1) == 1
        np.testing.assert_allclose(found.convert("RGB").getpixel((30, 16)), RED, atol=12)


def test_transparency_is_laid_over_white():
    found = clean_picture(save(Image.new("RGBA", (16, 16), (0, 0, 0, 0)), "PNG"), LIMITS)
    assert (pixels_of(found) == 255).all()


def test_a_large_picture_is_made_smaller():
    limits = LimitSettings(image_side_px=256)
    assert pixels_of(clean_picture(save(halves(1024, 512), "JPEG"), limits)).shape == (128, 256, 3)


def test_noise_is_kept_as_jpeg_where_a_png_would_be_large():
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    assert read_header(clean_picture(save(Image.fromarray(noise), "PNG"), LIMITS)).format == "JPEG"


@pytest.mark.parametrize(
    ("picture", "limits", "status", "said"),
    [
        (b"GIF89a", LIMITS, 422, "ends inside its header"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", LIMITS, 422, "SVG"),
        (save(halves(), "PNG"), LimitSettings(image_megapixels=0.002), 413, "64 x 32 pixels"),
    ],
)
def test_what_cannot_be_used_is_told(picture, limits, status, said):
    with pytest.raises(ServiceError, match=said) as found:
        clean_picture(picture, limits)
    assert found.value.status_code == status


@pytest.mark.parametrize("picture", [save(halves(), "PNG")[:-20], save(halves(), "JPEG")[:640] + b"\xff\xd9"])
def test_of_a_damaged_picture_nothing_is_left(picture):
    assert clean_picture(picture, LIMITS) == b""


def test_pictures_are_made_in_threads_of_their_own():
    cleaner = PictureCleaner(LIMITS, 1)
    found = asyncio.run(cleaner.clean(save(halves(), "PNG")))
    cleaner.close()
    assert read_header(found).format == "PNG"
