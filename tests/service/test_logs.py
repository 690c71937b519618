import io
import json
import logging
from pathlib import Path

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


def test_personal_data_are_masked_wherever_they_stand_in_a_line(stream):
    configure_logs("info", stream)
    with structlog.contextvars.bound_contextvars(said="打13812345678"):
        structlog.get_logger().info(
            "mail to ann@shop.org", who={"phones": ["+44 7700 900123"]}, path=Path("4111 1111 1111 1111")
        )
        logging.getLogger("uvicorn").warning(
            "lost %s", "12 High Street, London SW1A 1AA", extra={"mail": "bob@shop.org"}
        )
    told, foreign = lines(stream)
    assert (told["event"], told["said"]) == ("mail to [email]", "打[phone]")
    assert told["who"] == {"phones": ["[phone]"]}
    assert "[card]" in told["path"]
    assert (foreign["event"], foreign["said"]) == ("lost [address]", "打[phone]")


def test_masking_leaves_what_the_service_tells_of_itself(stream):
    configure_logs("info", stream)
    structlog.get_logger().info("request", route="/v1/predict", status=200, ms=12.5, version="2026-02-05T12.30.45.123Z")
    (line,) = lines(stream)
    assert line["version"] == "2026-02-05T12.30.45.123Z"
    assert (line["status"], line["ms"], line["level"]) == (200, 12.5, "info")
    assert line["timestamp"].startswith("20")
