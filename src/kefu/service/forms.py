"""What OpenAPI says of forms with a text, a picture and a recording."""

from typing import Any

from pydantic import WithJsonSchema

# forms know no null, which the type alone would promise
FILE = WithJsonSchema({"type": "string", "contentMediaType": "application/octet-stream"})
STRING = WithJsonSchema({"type": "string"})

_NOT_NOTHING = [
    {"required": ["text"], "properties": {"text": {"type": "string", "pattern": r"\S"}}},
    {"required": ["image"]},
    {"required": ["audio"]},
]
SOME_PART: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {"anyOf": _NOT_NOTHING}}}}
}
"""One of the parts must be there."""
