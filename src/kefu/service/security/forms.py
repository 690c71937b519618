"""Forms held against the limits part by part while they arrive, before anything of them is written to a disk."""

from collections.abc import Mapping

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from kefu.service.errors import ServiceError

MAX_PARTS = 32
_ONCE = frozenset({"text", "image", "audio", "language", "client_key"})
"""What a route reads; the rest is ignored, however often it comes."""


class FormGuard:
    """Follows a form as it arrives.

    The form is parsed here for its shape alone, and again, with its content, where it is used.

    Args:
        content_type: of the request, with the boundary.
        max_file_bytes: by name of the part, the largest file; a file of another name has to fit ``max_field_bytes``.
        max_field_bytes: of a part that is no file.

    Raises:
        ServiceError: 400, it has no boundary or too long a one.
    """

    def __init__(self, content_type: str, max_file_bytes: Mapping[str, int], max_field_bytes: int) -> None:
        self._max_file_bytes, self._max_field_bytes = max_file_bytes, max_field_bytes
        self._seen: set[str] = set()
        self._parts = 0
        self._header, self._value, self._disposition = b"", b"", b""
        self._name, self._is_file, self._bytes = "", False, 0
        _, options = parse_options_header(content_type)
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._read_header,
                    "on_header_value": self._read_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._count,
                },
            )
        except (KeyError, FormParserError):
            raise _bad_form("it has no boundary, or a very long one") from None

    def feed(self, chunk: bytes) -> None:
        """Follow the next bytes.

        Raises:
            ServiceError: 400 where this is no form, 413 where a part is too large or there are too many, 422 where one
                comes twice.
        """
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _bad_form("it breaks off, or its parts are not well-formed") from None

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise ServiceError(413, "too_many_parts", f"the form has more than {MAX_PARTS} parts; send less")
        self._disposition = b""
        self._bytes = 0

    def _read_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _read_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", errors="replace")
        self._is_file = b"filename" in options
        if self._name in self._seen & _ONCE:
            raise ServiceError(422, "duplicate_part", f"the form has the part '{self._name}' twice; send it once")
        self._seen.add(self._name)

    def _count(self, data: bytes, start: int, end: int) -> None:
        self._bytes += end - start
        limit = self._max_file_bytes.get(self._name, self._max_field_bytes) if self._is_file else self._max_field_bytes
        if self._bytes > limit:
            code = f"{self._name}_too_large" if self._name in self._max_file_bytes else "part_too_large"
            code = "text_too_long" if self._name == "text" else code
            raise ServiceError(
                413, code, f"{self._name[:64]}: more than {limit:,} bytes, which are too many; make it smaller"
            )


def _bad_form(why: str) -> ServiceError:
    return ServiceError(400, "bad_form", f"this form cannot be read: {why}")
