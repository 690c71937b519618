"""How hostile things are sent, and what must hold of every answer."""

import contextlib
import json
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from hostile_pictures import MARK, make_pictures
from hostile_recordings import make_recordings
from hostile_requests import make_requests, request

Place = tuple[str, int]
_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where the connection was closed without an answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def code(self) -> str:
        """Return the code of the error."""
        return str(json.loads(self.body)["error"]["code"])


class Sender:
    """Sends to one service, as one customer."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._token = secrets.token_urlsafe(32)

    def send(self, data: bytes) -> Answer:
        """Send some bytes and return the answer to them."""
        with socket.create_connection(self._place, timeout=_SECONDS) as connection:
            # an answer may come, and the connection end, before all is sent
            with contextlib.suppress(OSError):
                connection.sendall(data)
            found = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(2**16):
                    found += piece
        return _read(found)

    def begin(self) -> str:
        """Begin a conversation and return its path."""
        answer = self.send(request("POST", "/v1/conversations", b"{}", "application/json", *self._owner()))
        begun = json.loads(answer.body)
        self._token = begun.get("customer_token", self._token)
        return f"/v1/conversations/{begun['conversation_id']}"

    def upload(self, path: str, name: str, content: bytes) -> Answer:
        """Send a file in a form."""
        head = f'--zzb\r\nContent-Disposition: form-data; name="{name}"; filename="file"\r\n\r\n'
        body = head.encode() + content + b"\r\n--zzb--\r\n"
        return self.send(request("POST", path, body, "multipart/form-data; boundary=zzb", *self._owner()))

    def fetch(self, path: str) -> Answer:
        """Get something."""
        return self.send(request("GET", path, b"", "", *self._owner()))

    def _owner(self) -> tuple[str, ...]:
        return (f"Authorization: Bearer {self._token}",)


def all_names() -> Iterator[str]:
    """Yield the name of everything that :func:`check` can be asked for."""
    yield from (f"picture {name}" for name, _, _ in make_pictures())
    yield from (f"recording {name}" for name, _, _ in make_recordings())
    yield from (f"request {name}" for name, _, _ in make_requests())


def check_all(sender: Sender) -> Iterator[tuple[str, list[int], str]]:
    """Send everything; yield the name of each, the statuses that came back, and what was wrong, if anything."""
    for kind, part, made in (("picture", "image", make_pictures()), ("recording", "audio", make_recordings())):
        for name, content, outcome in made:
            labelled = sender.upload("/v1/predict", part, content)
            conversation = sender.begin()
            sent = sender.upload(f"{conversation}/messages", part, content)
            wrong = _judge(sender, conversation, part, labelled, sent, outcome)
            yield f"{kind} {name}", [labelled.status, sent.status], wrong
    for name, data, statuses in make_requests():
        answer = sender.send(data)
        right = answer.status in statuses if statuses else answer.status == 0
        yield f"request {name}", [answer.status], "" if right else f"expected {sorted(statuses)}, {answer.body[:200]!r}"


def _judge(sender: Sender, conversation: str, part: str, labelled: Answer, sent: Answer, outcome: str) -> str:
    """Return what is wrong with how a file was taken."""
    if labelled.status not in {200, 413, 422}:
        return f"/v1/predict: {labelled.status} {labelled.body[:200]!r}"
    if outcome == "refused":
        return (
            "" if sent.status in {400, 413, 422} and sent.code() else f"not refused: {sent.status} {sent.body[:200]!r}"
        )
    if sent.status != 200 or b"event: done" not in sent.body:
        return f"not taken: {sent.status} {sent.body[:200]!r}"
    kept = json.loads(sender.fetch(conversation).body)["messages"][0][part]
    if outcome == "damaged":
        return "" if kept is None else "what is damaged was kept"
    if kept is None:
        return "nothing was kept"
    media = sender.fetch(f"{conversation}/media/{kept}")
    if MARK in media.body:
        return "the payload was kept"
    expected = {"content-type": ("image/png", "image/jpeg", "audio/wav"), "x-content-type-options": ("nosniff",)}
    lacks = [name for name, values in expected.items() if media.headers.get(name) not in values]
    guarded = "sandbox" in media.headers.get("content-security-policy", "")
    return f"headers: {media.headers}" if lacks or not guarded else ""


def _read(found: bytes) -> Answer:
    head, _, body = found.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/1.1 "):
        return Answer(0)
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    if headers.get("transfer-encoding") == "chunked":
        body = _join(body)
    return Answer(int(lines[0].split()[1]), headers, body)


def _join(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        whole, body = whole + body[:length], body[length + 2 :]
        if not length:
            break
    return whole
