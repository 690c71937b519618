"""No address that a customer gives is ever asked for: nothing in the service can ask."""

import ast
from pathlib import Path

import kefu

SOURCE = Path(kefu.__file__).parent
CLIENTS = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "urllib",
    "urllib3",
    "websockets",
}
ALLOWED = {"cli/serve.py": {"socket"}, "service/server.py": {"socket"}}
"""They listen."""


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_client(name):
    found = any(name == client or name.startswith(f"{client}.") for client in CLIENTS)
    return found and not f"{name}.".startswith("urllib.parse.")


def test_no_client_of_a_network_is_imported():
    found = {
        str(path.relative_to(SOURCE)): clients
        for path in SOURCE.rglob("*.py")
        if (clients := {name for name in imported(path) if is_client(name)})
    }
    assert found == ALLOWED


def test_nothing_is_opened_by_its_address():
    calls = ("create_connection", "open_connection", "urlopen", "urlretrieve", "VideoCapture(", "load_from_url")
    for path in (SOURCE / "service").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [call for call in calls if call in text], path


def test_a_client_would_be_found(tmp_path):
    (tmp_path / "a.py").write_text("import os\nfrom urllib import request\ndef f():\n    import http.client as c\n")
    assert [is_client(name) for name in imported(tmp_path / "a.py")] == [False, True, True, True]
