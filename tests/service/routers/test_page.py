"""The files of the page."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from kefu.service.page import FOLDER


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


def test_the_page_loads_only_what_is_served(client: TestClient) -> None:
    index = client.get("/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="([^"#]+)', index.text)
    assert "/static/page.js" in named
    for name in named:
        assert client.get(name).status_code == 200, name


def test_modules_import_what_is_there(client: TestClient) -> None:
    for path in FOLDER.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', path.read_text(encoding="utf-8")):
            assert client.get(f"/static/{name}").headers["content-type"].startswith("text/javascript"), name


def test_nothing_inline_and_nothing_foreign(client: TestClient) -> None:
    index = client.get("/")
    policy = index.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"<script(?![^>]*src=)|\son\w+=|style=", index.text) is None
    assert not [path.name for path in FOLDER.glob("*.js") if "innerHTML" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", ["nothing.js", "__init__.py", "..%2Fapp.py", "%2e%2e/app.py"])
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_both_languages_say_the_same() -> None:
    words = (FOLDER / "words.js").read_text(encoding="utf-8")
    english, chinese = (re.findall(r"\n    (\w+):", part) for part in re.split(r"\n  zh: ", words))
    assert english == chinese
    used = {
        name
        for path in FOLDER.glob("*.*")
        if path.suffix in {".js", ".html"}
        for name in re.findall(r'say\("(\w+)"\)|data-(?:words|label|title)="(\w+)"', path.read_text(encoding="utf-8"))
        for name in name
        if name
    }
    assert used <= set(english)
