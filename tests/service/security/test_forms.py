"""Forms held against the limits part by part."""

import pytest

from kefu.service.errors import ServiceError
from kefu.service.security.forms import MAX_PARTS, FormGuard

FILE_BYTES, FIELD_BYTES = 100, 10


def part(content: bytes, *headers: str) -> bytes:
    return b"--b\r\n" + "".join(f"{header}\r\n" for header in headers).encode() + b"\r\n" + content + b"\r\n"


def field(name: str, content: bytes) -> bytes:
    return part(content, f'Content-Disposition: form-data; name="{name}"')


def file(name: str, content: bytes, header: str = "Content-Disposition") -> bytes:
    return part(content, f'{header}: form-data; name="{name}"; filename="f"')


def feed(*parts: bytes) -> str | None:
    """Return the code of the refusal; None where the form is taken."""
    guard = FormGuard("multipart/form-data; boundary=b", {"image": FILE_BYTES}, FIELD_BYTES)
    try:
        for byte in (*parts, b"--b--\r\n"):
            guard.feed(byte)
    except ServiceError as error:
        return error.code
    return None


@pytest.mark.parametrize("header", ["Content-Disposition", "content-disposition", "CONTENT-DISPOSITION"])
def test_a_file_is_held_to_its_own_limit_however_its_header_is_written(header: str) -> None:
    assert feed(file("image", bytes(FILE_BYTES), header)) is None
    assert feed(file("image", bytes(FILE_BYTES + 1), header)) == "image_too_large"


def test_a_field_is_held_to_the_limit_of_fields_whatever_its_name() -> None:
    assert feed(field("text", bytes(FIELD_BYTES))) is None
    assert feed(field("text", bytes(FIELD_BYTES + 1))) == "text_too_long"
    assert feed(field("image", bytes(FIELD_BYTES + 1))) == "image_too_large"
    assert feed(file("other", bytes(FIELD_BYTES + 1))) == "part_too_large"


def test_each_part_is_counted_for_itself() -> None:
    assert feed(field("text", bytes(FIELD_BYTES)), field("more", bytes(FIELD_BYTES))) is None


def test_a_part_without_a_name_is_not_the_one_before_it() -> None:
    nameless = part(bytes(FIELD_BYTES + 1), "Content-Type: image/png")
    assert feed(file("image", b"first"), nameless) == "part_too_large"


def test_what_a_route_reads_comes_once_and_the_rest_as_often_as_it_likes() -> None:
    assert feed(field("text", b"a"), field("text", b"b")) == "duplicate_part"
    assert feed(field("other", b"a"), field("other", b"b")) is None


def test_what_is_no_form_is_refused() -> None:
    assert feed(b"no boundary at all") == "bad_form"
    for content_type in ("multipart/form-data", f"multipart/form-data; boundary={'b' * 300}"):
        with pytest.raises(ServiceError, match="no boundary, or a very long one"):
            FormGuard(content_type, {}, FIELD_BYTES)


def test_a_form_has_so_many_parts() -> None:
    parts = [field(f"part {number}", b"") for number in range(MAX_PARTS + 1)]
    assert feed(*parts[1:]) is None
    assert feed(*parts) == "too_many_parts"
