"""``kefu serve``: trained models over HTTP."""

import errno
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kefu.cli.mistakes import tell_mistakes
from kefu.cli.project import open_project
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    import asyncio

    from fastapi import FastAPI

    from kefu.service.settings import ServiceSettings

_PACKAGES = frozenset(
    {"fastapi", "httptools", "prometheus_client", "pydantic_settings", "python_multipart", "structlog", "uvicorn"}
)
_KEEP_ALIVE_SECONDS = 30
_BACKLOG = 2048


@click.command(short_help="Serve trained models over HTTP.")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="The folder of a model bundle, or of versions of one; if left out, the promoted model of the project's "
    "environment, else the newest.",
)
@click.option("--env", "environment", help="Serve the promoted or else the newest model of this environment.")
@click.option("--host", help="Address to listen at [default: 127.0.0.1].")
@click.option("--port", type=int, help="Port to listen at [default: 8000]; 0 takes a free one.")
@click.option("--settings", "list_settings", is_flag=True, help="List all settings with their defaults, and end.")
@tell_mistakes
def serve(model: Path | None, environment: str | None, host: str | None, port: int | None, list_settings: bool) -> None:
    """Serve trained models over HTTP: labels for tickets of text, pictures and voice.

    \b
    kefu serve
    kefu serve --env retail --port 8080
    kefu serve --model models/tickets
    KEFU_LIMITS__AUDIO_SECONDS=30 KEFU_LOG_LEVEL=warning kefu serve

    Everything else is set in the environment, as --settings lists it. Several models share the traffic:

    \b
    KEFU_MODELS__OLD__FOLDER=models/old KEFU_MODELS__OLD__SHARE=9
    KEFU_MODELS__NEW__FOLDER=models/new KEFU_MODELS__NEW__SHARE=1

    A new version of a model (`kedro run`, or `kefu models promote`) takes over while the service runs. The description
    of the interface is at /openapi.json. Ctrl-C ends the service after the requests that it has accepted.
    """  # noqa: D301 - click wants the backspace itself
    try:
        from kefu.service.app import create_app
        from kefu.service.connections import guarded_protocol
        from kefu.service.logs import configure_logs
        from kefu.service.memory import give_large_blocks_back, keep_out_of_collections
        from kefu.service.settings import read_settings
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _PACKAGES:
            raise
        raise KefuError(f"the package {error.name} is not installed; pip install 'kefu[service]'") from None
    if list_settings:
        _list_settings()
        return
    given: dict[str, Any] = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    settings = read_settings(**given)
    if model is not None or environment is not None or not settings.models:
        name, folder = _find_model(model, environment)
        settings = read_settings(**given, models={name: {"folder": folder}})
    configure_logs(settings.log_level)
    give_large_blocks_back()
    with _bind(settings.host, settings.port) as listener:
        app = create_app(settings)
        # here, where a mistake ends in one line
        app.state.services.start()
        keep_out_of_collections()
        try:
            listener.listen(_BACKLOG)
        except OSError:  # another one has come first while the models were loaded
            raise _taken(settings.port) from None
        address, number = listener.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        click.echo(f"kefu listens at http://{shown}:{number} (Ctrl-C ends it)", err=True)
        _run(app, settings, listener, guarded_protocol(settings.connections, settings.trusted_proxies))


def _find_model(model: Path | None, environment: str | None) -> tuple[str, Path]:
    """Return the name and the folder of the model to serve."""
    if model is not None:
        if environment:
            raise KefuError("--model and --env each name a model; leave one of them out")
        return (model.resolve().name.lower() or "model"), model.resolve()
    with open_project(environment) as project:
        if project is None:
            raise KefuError(f"there is no kefu project around {Path.cwd()}; name a model with --model")
        versions = Path(str(project.catalog["model"]._filepath)).resolve().parent
        folder = versions.parent
        if not (versions.is_dir() or (folder / "promoted.json").is_file()):
            chosen = f" --env {environment}" if environment else ""
            raise KefuError(f"no model was trained yet; run `kedro run{chosen}` first, or name one with --model")
        return folder.name, folder


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, on which nobody is heard yet.

    Raises:
        KefuError: the port is taken or not allowed, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise KefuError(f"--host {host}: no such address ({error.strerror})") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise _taken(port) from None
        raise KefuError(f"cannot listen at {host}:{port} ({error.strerror}); choose another --host or --port") from None
    return listener


def _taken(port: int) -> KefuError:
    return KefuError(f"port {port} is taken; choose another one with --port, or 0 for a free one")


def _run(
    app: "FastAPI", settings: "ServiceSettings", listener: socket.socket, protocol: "type[asyncio.Protocol]"
) -> None:
    import uvicorn

    from kefu.service.server import Server

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http=protocol,
        ws="none",
        proxy_headers=False,  # the app knows which proxies are trusted
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
    )
    with suppress(KeyboardInterrupt):  # raised again once all requests are done
        Server(config, app.state.services.end_streams).run(sockets=[listener])


def _list_settings() -> None:
    from kefu.service.settings import describe_settings

    for variable, default, description in describe_settings():
        click.echo(f"{variable} [{default}]\n    {description}")
