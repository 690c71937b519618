import io
import json
import logging

import pytest
import structlog

from kefu.service.logs import configure_logs, describe_error
from kefu.tickets.errors import KefuError


@pytest.fixture
def stream():
    return io.StringIO()


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_are_json_with_the_id_of_the_request(stream):
    configure_logs("info", stream)
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        structlog.get_logger().info("服务", model="demo")
        structlog.get_logger().debug("not told")
        logging.getLogger("uvicorn").warning("of a library")
    told, foreign = lines(stream)
    assert (told["event"], told["level"], told["request_id"], told["model"]) == ("服务", "info", "abc", "demo")
    assert (foreign["event"], foreign["level"], foreign["request_id"]) == ("of a library", "warning", "abc")
    assert told["timestamp"]


def test_tracebacks_of_libraries_quote_nobody(stream):
    configure_logs("info", stream)
    try:
        raise ValueError("my card number is 1234")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    (line,) = lines(stream)
    assert line["error"].startswith("ValueError at test_logs.py:")
    assert "1234" not in stream.getvalue()


def test_own_errors_are_told_in_full():
    assert describe_error(KefuError("model\n gone")) == "model gone"
    assert describe_error(ValueError("1234")) == "ValueError"
