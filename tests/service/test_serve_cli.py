import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn
from click.testing import CliRunner

from kefu.cli import kefu
from kefu.cli.serve import _bind
from kefu.predictor import Predictor
from kefu.service.app import create_app
from kefu.service.settings import ServiceSettings, describe_settings


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(kefu, ["serve", *(str(argument) for argument in arguments)])


@pytest.fixture
def model(tiny_model, tmp_path):
    tiny_model.to_bundle().save(tmp_path / "tickets")
    return tmp_path / "tickets"


def test_every_setting_is_listed(call):
    result = call("--settings")
    assert result.exit_code == 0
    assert re.findall(r"^(KEFU_\w+)", result.stdout, re.MULTILINE) == [name for name, _, _ in describe_settings()]
    assert "KEFU_PORT [8000]" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([], {}, "there is no kefu project around"),
        (["--model", "nowhere", "--port", 0], {}, "nowhere: there is no model; train one with `kedro run`"),
        (["--model", "m", "--env", "demo"], {}, "leave one of them out"),
        (["--model", "m", "--port", 99999], {}, "KEFU_PORT: .*less than or equal to 65535"),
        (["--model", "m", "--host", "203.0.113.1"], {}, "cannot listen at 203.0.113.1:8000"),
        (["--model", "m", "--host", "no such host"], {}, "--host no such host: no such address"),
        (["--model", "m"], {"KEFU_PROT": "1"}, "KEFU_PROT: there is no such setting; did you mean 'KEFU_PORT'"),
    ],
)
def test_a_mistake_is_one_line(call, monkeypatch, arguments, environment, said):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    result = call(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert re.search(said, result.stderr)


def test_a_port_that_is_taken_is_told(call, model):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = call("--model", model, "--port", port)
    assert result.exit_code == 2
    assert result.stderr == f"Error: port {port} is taken; choose another one with --port, or 0 for a free one\n"


def test_a_project_without_a_model_says_how_to_train_one(call, tmp_path, monkeypatch):
    monkeypatch.setattr("kefu.cli.serve.open_project", lambda environment: FakeProject(tmp_path))
    result = call("--env", "retail")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "no model was trained yet; run `kedro run --env retail` first" in result.stderr


def test_a_missing_package_is_told(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "kefu.service.app", None)
    monkeypatch.setattr("kefu.cli.serve._PACKAGES", frozenset({"kefu"}))
    result = call("--model", "m")
    assert result.exit_code == 2
    assert "pip install 'kefu[service]'" in result.stderr


class FakeProject:
    """A project whose models would lie in a folder."""

    def __init__(self, folder):
        self.catalog = {"model": self}
        self._filepath = folder / "demo" / "versions" / "fused"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


def is_refused(url):
    time.sleep(0.01)
    try:
        httpx.get(f"{url}/healthz")
    except httpx.ConnectError:
        return True
    except httpx.TransportError:  # heard, and hung up on
        return False
    return False


def test_a_signal_ends_what_was_accepted_and_no_more(model, monkeypatch):
    """A request is at work when the service is told to stop: it is answered, the next one is not heard."""
    entered, may_end = threading.Event(), threading.Event()
    predict_clean = Predictor.predict_clean

    def slowly(self, tickets, **options):
        entered.set()
        assert may_end.wait(10)
        return predict_clean(self, tickets, **options)

    app = create_app(ServiceSettings(models={"demo": {"folder": model}}, shop=None))
    app.state.services.start()
    monkeypatch.setattr(Predictor, "predict_clean", slowly)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=10))
    listener = _bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    running.start()
    while not server.started:
        time.sleep(0.01)
    with ThreadPoolExecutor() as pool, httpx.Client(timeout=20) as client:
        accepted = pool.submit(client.post, f"{url}/v1/predict/text", json={"text": "where is my refund"})
        assert entered.wait(10)
        server.should_exit = True
        assert any(is_refused(url) for _ in range(200))
        may_end.set()
        assert accepted.result(10).json()["label"]
    running.join(10)
    assert not running.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_the_command_serves_and_ends_on_a_signal(model, number, status, tmp_path):
    code = "from kefu.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--model", str(model), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        cwd=tmp_path,
    )
    try:
        line = process.stderr.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        with httpx.Client(base_url=url, timeout=20) as client:
            answer = client.post("/v1/predict/text", json={"text": "where is my refund"}).json()
        assert (answer["model"], answer["version"]) == ("tickets", "tickets")
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    events = [json.loads(line)["event"] for line in output.splitlines()]
    assert events == ["a model is served", "no assistant: there is no shop", "ready", "request", "stopped"]
    assert (process.returncode, errors) == (status, "")
