"""The files of the page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kefu.service.page import FOLDER


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client()


PAGES = ["/", "/agent", "/agent/dashboard"]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_loads_only_what_is_served(client: TestClient, page: str) -> None:
    answer = client.get(page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="(/[^"#]+)', answer.text)
    assert [name for name in named if name.endswith(".js")]
    for name in named:
        assert client.get(name).status_code == 200, name


def test_modules_import_what_is_there(client: TestClient) -> None:
    for path in FOLDER.rglob("*.js"):
        for name in re.findall(r'from "(\.[^"]+)"', path.read_text(encoding="utf-8")):
            place = (path.parent / name).resolve().relative_to(FOLDER).as_posix()
            assert client.get(f"/static/{place}").headers["content-type"].startswith("text/javascript"), place


def test_icons_are_there() -> None:
    icons = set(re.findall(r'symbol id="(\w+)"', (FOLDER / "icons.svg").read_text(encoding="utf-8")))
    for path in FOLDER.rglob("*.html"):
        assert set(re.findall(r"icons\.svg#(\w+)", path.read_text(encoding="utf-8"))) <= icons


@pytest.mark.parametrize("page", PAGES)
def test_nothing_inline_and_nothing_foreign(client: TestClient, page: str) -> None:
    answer = client.get(page)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"<script(?![^>]*src=)|\son\w+=|style=", answer.text) is None
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.*") if path.suffix == ".js"}
    assert not [name for name, text in written.items() if re.search("innerHTML|outerHTML|insertAdjacentHTML", text)]


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "agent", "agent/nothing.js", "__init__.py", "..%2Fapp.py", "%2e%2e/app.py", "agent/%2e%2e/page.js"],
)
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize("folder", [FOLDER, FOLDER / "agent"], ids=["customer", "agent"])
def test_both_languages_say_the_same(folder: Path) -> None:
    words = (folder / "words.js").read_text(encoding="utf-8")
    english, chinese = (
        {name: set(re.findall(r"\{(\w+)\}", said)) for name, said in re.findall(r'\n    (\w+): "(.*)",', part)}
        for part in re.split(r"\n  zh: ", words)
    )
    assert list(english) == list(chinese)
    assert english == chinese  # what is put into them
    used = {
        name
        for path in folder.glob("*.*")
        if path.suffix in {".js", ".html"}
        for name in re.findall(
            r'say\("(\w+)"|data-(?:words|label|title)="(\w+)"|"data-words": "(\w+)"', path.read_text(encoding="utf-8")
        )
        for name in name
        if name
    }
    assert used <= set(english)
