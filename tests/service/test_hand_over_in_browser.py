"""A hand-over in two real browsers, with the real service between them: a customer, and a person of the shop."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from kefu.service.app import create_app
from kefu.service.people.passwords import hash_password
from kefu.service.settings import ServiceSettings
from kefu.service.storage import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SHOP = Path(__file__).parents[2] / "conf/assistant/demo"
PASSWORD = "correct horse battery staple"
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `dev`)")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def url(make_settings: Callable[..., ServiceSettings], tmp_path: Path) -> Iterator[str]:
    settings = make_settings(
        shop=SHOP, storage=f"sqlite:///{tmp_path}/kefu.db", media=tmp_path / "media", hear=False, read_pictures=False
    )
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service does not start"
        time.sleep(0.05)
    app.state.services.assistant.agents.add("Ada", Role.ADMIN, hash_password(PASSWORD))
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def open_page(browser: "Browser", url: str) -> Iterator[Callable[[str], "Page"]]:
    opened, faults = [], []

    def open_page(path: str) -> "Page":
        opened.append(browser.new_context(locale="en-GB", viewport={"width": 1100, "height": 800}))
        page = opened[-1].new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(url + path)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert faults == []


def test_from_the_question_to_the_figures(open_page: Callable[[str], "Page"]) -> None:
    agent = open_page("/agent")
    agent.fill("#loginName", "Ada")
    agent.fill("#loginPassword", PASSWORD)
    agent.keyboard.press("Enter")
    agent.wait_for_selector("text=Nobody is waiting.")
    customer = open_page("/")
    customer.fill("#words", "Where is my parcel A12345? I want to talk to a person")
    customer.keyboard.press("Enter")
    customer.wait_for_selector("text=A person takes over")

    agent.click("#news a")
    agent.wait_for_selector(".handed >> text=Handed over: asked for a person")
    agent.click("#take")
    customer.wait_for_selector("#status >> text=Ada answers here")
    agent.fill("#words", "Hello, this is Ada.\nYour parcel comes today.")
    agent.focus("#words")
    agent.keyboard.press("Enter")
    customer.wait_for_selector(".agent .bubble")
    assert customer.inner_text(".agent .bubble") == "Hello, this is Ada.\nYour parcel comes today."

    customer.fill("#words", "Thank you!")
    customer.keyboard.press("Enter")
    agent.wait_for_selector(".customer .bubble >> text=Thank you!")
    customer.wait_for_function("() => !document.querySelector('#send').disabled")
    assert len(customer.query_selector_all(".assistant")) == 1  # before the hand-over

    agent.click("summary >> nth=0")
    assert "Order number: A12345" in agent.inner_text("details >> nth=0")
    labels = agent.eval_on_selector_all(".correct >> nth=0 >> option", "all => all.map(one => one.value)")
    agent.select_option(".correct select >> nth=0", labels[-1])
    agent.click(".correct [type=submit] >> nth=0")
    agent.wait_for_selector(".chip.right")

    agent.click("#close")
    customer.wait_for_selector("#status >> text=This conversation is closed")
    agent.wait_for_selector("text=Nobody is waiting.")
    customer.reload()
    customer.wait_for_selector(".agent .bubble")
    assert len(customer.query_selector_all("article")) == 4
    customer.fill("#words", "One more thing")
    customer.keyboard.press("Enter")
    customer.wait_for_selector("#status >> text=A person will answer here")
    agent.wait_for_selector("#groups .state-waiting")

    agent.click("#pages a >> nth=1")
    agent.wait_for_selector("table")
    assert "asked for a person" in agent.inner_text("#figures")
    assert "undefined" not in agent.inner_text("body")
    agent.click("#logout")
    agent.wait_for_selector("#login", state="visible")
