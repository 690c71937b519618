"""The steps of the image are scripts that `deploy/check.sh` runs, and what its files name exists."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, get_args

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from kefu.model import FusedModel
from kefu.service.metrics import Metrics
from kefu.service.settings import LimitSettings, ServiceSettings, describe_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCRIPTS = {"deploy/install.sh", "deploy/start.sh", "deploy/healthy.sh"}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
SERVICE = COMPOSE["services"]["service"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SECRET = re.compile(r"KEY|PASSWORD|TOKEN|SECRET|CREDENTIAL")
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def load_context() -> ModuleType:
    spec = importlib.util.spec_from_file_location("deploy_context", DEPLOY / "context.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


context = load_context()
DOCKERFILE = context.read_dockerfile((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
VARIABLES = context.variables(DOCKERFILE)
IGNORED = context.read_ignored((ROOT / ".dockerignore").read_text(encoding="utf-8"))


def arguments(name: str) -> list[str]:
    return [instruction.arguments for instruction in DOCKERFILE if instruction.name == name]


def words(step: str) -> list[str]:
    """Return the command of RUN, CMD or HEALTHCHECK, without their own flags."""
    command = re.sub(r"^(--\S+ +)*(CMD +)?", "", step)
    return json.loads(command) if command.startswith("[") else shlex.split(command)


def unknown_settings(names: Iterable[str]) -> set[str]:
    """Return what names no setting of the service; of a table of settings any name of one's own is known."""
    fits = []
    for name, default, _ in describe_settings():
        fits.append(name)
        if isinstance(default, dict):
            annotation = ServiceSettings.model_fields[name.removeprefix("KEFU_").lower()].annotation
            fields = getattr(get_args(annotation)[1], "model_fields", {})
            fits.append(rf"{name}__[A-Z0-9]+" + (f"__({'|'.join(fields).upper()})" if fields else ""))
    return {name for name in names if name.startswith("KEFU_") and not re.fullmatch("|".join(fits), name)}


# what is done


@pytest.mark.parametrize("name", ["RUN", "CMD", "HEALTHCHECK"])
def test_every_step_of_the_image_is_a_script(name: str) -> None:
    steps = arguments(name)
    assert steps
    for step in steps:
        command = words(step)
        assert len(command) == 1, f"{name} {step}: arguments belong into the script"
        assert command[0] in SCRIPTS


def test_the_compose_file_takes_the_steps_of_the_image() -> None:
    build = SERVICE["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    assert not {"command", "entrypoint", "healthcheck", "user"} & SERVICE.keys()
    assert SERVICE["depends_on"]["database"]["condition"] == "service_healthy"
    assert "healthcheck" in COMPOSE["services"]["database"]


@needs_bash
def test_the_scripts_can_be_run_and_are_run_by_the_check() -> None:
    checked = (DEPLOY / "check.sh").read_text(encoding="utf-8")
    for path in DEPLOY.glob("*.sh"):
        assert os.access(path, os.X_OK), f"chmod +x deploy/{path.name}"
        subprocess.run(["bash", "-n", str(path)], check=True)
    assert {script for script in SCRIPTS if f"/{script}" not in checked} == set()
    assert re.search(r"^deploy/check\.sh data/06_models/demo$", (ROOT / ".ci/run").read_text(), re.MULTILINE)


def test_the_python_of_the_image_is_one_that_the_package_takes() -> None:
    version = re.fullmatch(r"python:([\d.]+)-slim", arguments("FROM")[0])
    assert version is not None
    assert SpecifierSet(PROJECT["requires-python"]).contains(version[1])


# what is in it


def test_what_is_copied_exists_and_is_all_that_the_service_is() -> None:
    places = {
        path: place for copy in context.copies(DOCKERFILE) for path, place in context.files_of(ROOT, copy, IGNORED)
    }
    assert places[ROOT / "pyproject.toml"] == "/opt/kefu/pyproject.toml"
    for folder in ("src/kefu", "conf/assistant/demo"):
        files = {path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert files <= places.keys()
    assert {ROOT / script for script in SCRIPTS} <= places.keys()
    assert ROOT / PROJECT["readme"] in places  # pip reads both
    assert {ROOT / name for name in PROJECT["license-files"]} <= places.keys()


@pytest.mark.parametrize(
    "name",
    [
        "deploy/secrets/PGPASSWORD",
        "data/01_raw/mine/tickets.csv",
        ".git/config",
        "conf/local/globals.yml",
        "deploy/.env",
    ],
)
def test_what_is_private_stays_outside(name: str) -> None:
    assert context.is_ignored(PurePosixPath(name), IGNORED)


def test_no_secret_stands_in_a_file() -> None:
    told = list(VARIABLES.items()) + [(name, "") for name in arguments("ARG") if SECRET.search(name)]
    for service in COMPOSE["services"].values():
        told += service["environment"].items()
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()
    assert [f"{name}={value}" for name, value in told if SECRET.search(name) and not value.startswith("/run/")] == []
    assert [value for _, value in told if re.search(r"://[^/@]*:[^/@]*@", value)] == []
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"secrets/{name}"}
    assert {"deploy/secrets/", "deploy/.env"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())


# what it may do, and is told


def test_the_service_runs_without_rights_on_a_file_system_that_it_cannot_change() -> None:
    user, _, group = arguments("USER")[-1].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICE["ports"])
    mounts = dict(volume.rsplit(":", 2 if volume.endswith(":ro") else 1)[:2] for volume in SERVICE["volumes"])
    writable = [volume.rsplit(":", 1)[1] for volume in SERVICE["volumes"] if not volume.endswith(":ro")]
    assert set(mounts.values()) == {"/data", "/models", "/shop"}
    assert writable == arguments("VOLUME") == [VARIABLES["DATA"]]


def test_what_is_written_lies_in_the_volume_and_what_is_mounted_is_read() -> None:
    inside = f"{VARIABLES['DATA']}/"
    assert VARIABLES["KEFU_MEDIA"].startswith(inside)
    assert VARIABLES["KEFU_VECTORS"].startswith(inside)
    assert VARIABLES["KEFU_STORAGE"].startswith(f"sqlite:///{inside}")
    assert VARIABLES["KEFU_MODELS__SHOP__FOLDER"].startswith("/models/")
    assert SERVICE["environment"]["KEFU_MODELS__SHOP__FOLDER"].startswith("/models/")
    assert SERVICE["environment"]["KEFU_SHOP"] == "/shop"
    assert VARIABLES["KEFU_ENVIRONMENT"] == "production"


def test_the_service_has_the_time_to_stop_and_one_port() -> None:
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) > ServiceSettings().shutdown_seconds
    port = VARIABLES["KEFU_PORT"]
    assert arguments("EXPOSE") == [port]
    assert SERVICE["ports"][0].endswith(f":{port}")
    assert f"KEFU_PORT:-{port}" in (DEPLOY / "healthy.sh").read_text(encoding="utf-8")


def test_the_proxy_that_is_trusted_is_the_gateway() -> None:
    (network,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert SERVICE["environment"]["KEFU_TRUSTED_PROXIES"] == network["gateway"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert COMPOSE["services"]["database"]["networks"] == ["back"]


def test_the_settings_exist() -> None:
    assert unknown_settings(VARIABLES) == set()
    assert unknown_settings(SERVICE["environment"]) == set()
    assert unknown_settings(COMPOSE["secrets"]) == set()


def test_a_setting_that_does_not_exist_is_found() -> None:
    good = {"KEFU_PORT", "KEFU_MODELS__SHOP__FOLDER", "KEFU_MODELS__SHOP__SHARE", "KEFU_LIMITS__TEXT_CHARS", "HOME"}
    bad = {"KEFU_PROT", "KEFU_MODELS__SHOP", "KEFU_MODELS__SHOP__PATH", "KEFU_LIMITS__CHARS", "KEFU_LIMITS"}
    assert unknown_settings(good | bad) == bad


def test_the_settings_of_the_document_exist() -> None:
    text = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    groups = set(re.findall(r"(KEFU_[A-Z0-9_]+__)…", text))
    known = [name for name, _, _ in describe_settings()]
    assert {group for group in groups if not any(name.startswith(group) for name in known)} == set()
    named = set(re.findall(r"KEFU_[A-Z0-9_]+\b(?!…)", text)) - groups
    assert len(named) > 10
    assert unknown_settings(named) == set()


# the proxy, and what is watched


def test_the_proxy_lets_pass_what_the_service_takes() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    size = re.search(r"client_max_body_size (\d+)m;", text)
    assert size is not None
    assert int(size[1]) * 2**20 == LimitSettings().body_bytes
    locations = dict(re.findall(r"^    location (.+?) \{(.*?)\}", text, re.DOTALL | re.MULTILINE))
    for streams in ("/v1/conversations", "~ ^/(v1/)?agent(/|$)"):
        assert "proxy_buffering off;" in locations[streams]
    assert "deny all;" in locations["~ ^/(v1/)?agent(/|$)"]
    assert "404" in locations["= /metrics"]
    assert f"server {SERVICE['ports'][0].rpartition(':')[0]};" in text


def metric_names() -> set[str]:
    return {family.name for family in Metrics().registry.collect()}


def family(name: str) -> str:
    return re.sub(r"_(total|bucket|sum|count)$", "", name)


def test_alerts_are_of_metrics_and_labels_that_exist() -> None:
    labels = {
        metric._name: set(metric._labelnames) | {"le", "job"}  # prometheus_client has no public way to them
        for metric in vars(Metrics()).values()
        if hasattr(metric, "_labelnames")
    }
    rules = [
        rule
        for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    assert rules
    for rule in rules:
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["expr"].count("(") == rule["expr"].count(")")
        for name, selected in re.findall(r"(kefu_\w+)(?:\{([^}]*)\})?", rule["expr"]):
            assert family(name) in labels, f"{rule['alert']}: there is no metric {name}"
            assert set(re.findall(r"(\w+)(?:=~|!=|!~|=)\"", selected)) <= labels[family(name)], rule["alert"]


def test_the_document_tells_every_metric_and_no_other() -> None:
    text = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    assert {family(name) for name in re.findall(r"`(kefu_\w+)", text)} == metric_names()


# the scripts


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script in an environment with nothing but the variables given."""

    def run(name: str, *given: str, **variables: str) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": os.environ["PATH"], "SECRETS": str(tmp_path / "none"), **variables}
        return subprocess.run(
            ["bash", str(DEPLOY / name), *given], env=clean, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment whose `kefu` tells how it was called."""
    folder = tmp_path / "venv/bin"
    folder.mkdir(parents=True)
    write_program(folder / "kefu", 'printf "%s\\n" "$*" "key=${KEFU_API_KEYS__SHOP:-}" "in=$(basename "$PWD")"')
    return folder.parent


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@needs_bash
def test_secrets_are_variables_of_the_command(call: Any, venv: Path, tmp_path: Path) -> None:
    (tmp_path / "secrets/..data").mkdir(parents=True)
    (tmp_path / "secrets/KEFU_API_KEYS__SHOP").write_text("one = two\n")
    done = call("start.sh", VENV=str(venv), SECRETS=str(tmp_path / "secrets"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["serve", "key=one = two", f"in={ROOT.name}"]


@needs_bash
def test_another_command_is_run_without_secrets(call: Any, venv: Path) -> None:
    done = call("start.sh", "agents", "add", "Ada Lovelace", VENV=str(venv))
    assert done.stdout.splitlines()[:2] == ["agents add Ada Lovelace", "key="]


@needs_bash
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("KEFU_API_KEYS__SHOP", "", "is empty; write the secret into it"),
        ("KEFU_API_KEYS__SHOP", "\n", "is empty"),
        ("shop.key", "secret", "a secret is named like a variable"),
        ("KEFU_API_KEYS__SHOP", None, "cannot be read by the user"),
    ],
)
def test_a_secret_that_is_none_is_told(
    call: Any, venv: Path, tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    path = tmp_path / "secrets" / name
    path.parent.mkdir()
    path.write_text(content or "")
    if content is None:
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("root reads everything")
    done = call("start.sh", VENV=str(venv), SECRETS=str(path.parent))
    assert (done.returncode, done.stdout) == (2, "")
    assert str(path) in done.stderr
    assert said in done.stderr


class Ready(BaseHTTPRequestHandler):
    """Answers `/readyz` with the status of the server."""

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/readyz" else 200)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Ready)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@needs_bash
@pytest.mark.parametrize(
    ("status", "ends", "said"), [(200, 0, ""), (503, 1, "not ready: /readyz answers 503"), (404, 1, "404")]
)
def test_health_is_that_of_readyz(call: Any, server: HTTPServer, status: int, ends: int, said: str) -> None:
    server.status = status  # type: ignore[attr-defined]
    done = call("healthy.sh", KEFU_PORT=str(server.server_port))
    assert (done.returncode, done.stderr) == (ends, "")
    assert said in done.stdout


@needs_bash
def test_nobody_is_not_healthy(call: Any, server: HTTPServer) -> None:
    port = str(server.server_port)
    server.shutdown()
    server.server_close()
    done = call("healthy.sh", KEFU_PORT=port)
    assert (done.returncode, done.stdout, done.stderr) == (1, f"nobody listens at port {port}\n", "")


@needs_bash
def test_an_environment_that_has_kefu_is_left_alone(call: Any, venv: Path, tmp_path: Path) -> None:
    write_program(tmp_path / "python", "exit 9")
    done = call("install.sh", VENV=str(venv), PYTHON=str(tmp_path / "python"), DATA=str(tmp_path / "place/data"))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "place/data").stat().st_mode & 0o7777 == 0o1777


@needs_bash
def test_a_new_environment_has_the_locked_versions_of_what_a_service_needs(call: Any, tmp_path: Path) -> None:
    """A Python that makes an environment with itself in it, and writes down what it is asked for."""
    log = tmp_path / "log"
    write_program(
        tmp_path / "python",
        f'echo "$*" >>{log}; [ "$2" != venv ] || {{ mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; }}',
    )
    done = call("install.sh", VENV=str(tmp_path / "new"), PYTHON=str(tmp_path / "python"))
    assert (done.returncode, done.stderr) == (0, "")
    made, installed, compiled = log.read_text().splitlines()
    assert made == f"-m venv {tmp_path / 'new'}"
    assert "--constraint requirements.lock" in installed
    extras = re.search(r"--editable \.\[([\w,]+)\]", installed)
    assert extras is not None
    assert set(extras[1].split(",")) == {"assistant", "postgres"} <= PROJECT["optional-dependencies"].keys()
    assert compiled == "-m compileall -q src"


@needs_bash
@pytest.mark.slow
def test_the_check_passes(call: Any, tiny_model: FusedModel, tmp_path: Path) -> None:
    tiny_model.to_bundle().save(tmp_path / "tiny")
    done = call("check.sh", str(tmp_path / "tiny"), VENV=sys.prefix, PYTHON=sys.executable, HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("check: all passed\n")


@needs_bash
def test_a_check_without_a_model_says_how_it_is_called(call: Any) -> None:
    for given in ([], ["nowhere"]):
        done = call("check.sh", *given)
        assert done.returncode == 2
        assert done.stderr.startswith("usage: ")


# what goes into the image


@pytest.mark.parametrize(
    ("path", "is_left_out"),
    [
        ("notes.txt", True),
        ("src/a.py", False),
        ("src/deep/a.pyc", True),
        ("src/deep/__pycache__/a.py", True),
        ("top/a.py", True),
        ("conf/shop/a.yml", False),
        ("conf/other/a.yml", True),
        ("src/secrets/a.py", True),
        ("src/deep/secrets/a.py", False),
        ("src/secrets/public", False),
    ],
)
def test_the_last_pattern_that_fits_decides(path: str, is_left_out: bool) -> None:
    lines = ["# all", "*", "", "!src", "!/conf/shop/", "!top", "**/top", "**/__pycache__", "**/*.pyc"]
    lines += ["src/secrets", "!src/*/public"]
    assert context.is_ignored(PurePosixPath(path), context.read_ignored("\n".join(lines))) is is_left_out


def test_what_is_copied_where(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "folder/deep/c.txt", "folder/d.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    lines = ["FROM scratch", "WORKDIR /opt", "WORKDIR kefu", "COPY a.txt \\", "  b.txt ./", "COPY folder /else/where"]
    copies = context.copies(context.read_dockerfile("\n".join(lines)))
    ignored = context.read_ignored("**/*.log")
    places = {place for copy in copies for _, place in context.files_of(tmp_path, copy, ignored)}
    assert places == {"/opt/kefu/a.txt", "/opt/kefu/b.txt", "/else/where/deep/c.txt"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["FROM a", "ONBUILD RUN x"], "'ONBUILD' is not known"),
        (["FROM a", "FROM b"], "needs one FROM"),
        (["RUN x"], "needs one FROM"),
        (["FROM a", "COPY --chown=1 a b"], "'--chown=1' is not known"),
        (["FROM a", "COPY *.txt b/"], "is not known"),
        (["FROM a", "COPY a b c"], "end its name with /"),
    ],
)
def test_what_is_not_known_of_a_dockerfile_is_told(lines: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        context.copies(context.read_dockerfile("\n".join(lines)))


def test_a_file_that_is_missing_or_left_out_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    for source in ("a.txt", "b.txt"):
        copy = context.Copy(PurePosixPath(source), PurePosixPath("/a"))
        with pytest.raises(FileNotFoundError, match=f"COPY {source}: there is no such file, or"):
            list(context.files_of(tmp_path, copy, context.read_ignored("*")))


def test_a_class_of_characters_in_a_pattern_is_told() -> None:
    with pytest.raises(ValueError, match=r"\*\.py\[co\]"):
        context.read_ignored("*.py[co]")
