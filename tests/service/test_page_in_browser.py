"""The page in a real browser: what a customer types, shows and says, and what comes of it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import uvicorn

from kefu.service.app import create_app
from kefu.service.settings import ServiceSettings
from kefu.speech import Samples
from kefu.speech.synthesis import EspeakSynthesiser
from kefu.speech.wav import encode_wav

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

SHOP = Path(__file__).parents[2] / "conf/assistant/demo"
WAIT_MS = 30_000
LABELLED = "button, input, textarea, audio, dialog, [role]"


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphone hears: a question, and silence around it."""
    samples, rate_hz = EspeakSynthesiser().speak("where is my parcel", "en")
    silence: Samples = np.zeros(rate_hz // 2, dtype=np.float32)
    path = tmp_path_factory.mktemp("microphone") / "question.wav"
    path.write_bytes(encode_wav(np.concatenate([silence, samples, silence, silence]), rate_hz))
    return path


@pytest.fixture(scope="module")
def browser(microphone: Path) -> Iterator["Browser"]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `dev`)")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def hears() -> bool:
    return False


@pytest.fixture
def url(make_settings: Callable[..., ServiceSettings], hears: bool, tmp_path: Path) -> Iterator[str]:
    settings = make_settings(
        shop=SHOP, storage=f"sqlite:///{tmp_path}/kefu.db", media=tmp_path / "media", hear=hears, read_pictures=False
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service does not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def open_page(browser: "Browser", url: str) -> Iterator[Callable[..., "Page"]]:
    opened, faults = [], []

    def open_page(**context: Any) -> "Page":
        opened.append(browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1000, "height": 800}, **context}))
        page = opened[-1].new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: _is_fault(message) and faults.append(message.text))
        page.goto(url)
        page.wait_for_selector("#starters button")
        return page

    yield open_page
    for context in opened:
        context.close()
    assert faults == []


def _is_fault(message: "ConsoleMessage") -> bool:
    return message.type == "error" and not {"429", "503"} & set(message.text.split())


def answers(page: "Page", count: int) -> list[str]:
    """Return the texts of the assistant's messages, once there are so many and the last is whole."""
    page.wait_for_function(
        "count => document.querySelectorAll('.assistant').length >= count && !document.querySelector('#send').disabled",
        arg=count,
    )
    return [bubble.inner_text() for bubble in page.query_selector_all(".assistant .bubble")]


def axe_faults(page: "Page") -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (extra `dev`)")
    found = axe.Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize(
    ("locale", "scheme", "greeting", "matter"),
    [
        ("en-GB", "light", "How can I help you?", "A refund or a return"),
        ("zh-CN", "dark", "有什么可以帮您？", "退款退货"),
    ],
)
def test_typing_and_tapping(
    open_page: Callable[..., "Page"], locale: str, scheme: str, greeting: str, matter: str
) -> None:
    page = open_page(locale=locale, color_scheme=scheme, viewport={"width": 390, "height": 780})
    assert page.inner_text("#welcome h2") == greeting
    assert axe_faults(page) == []
    page.click(f"text={matter}")
    (first,) = answers(page, 1)
    page.fill("#words", "A12345")
    page.keyboard.press("Enter")
    second = answers(page, 2)[-1]
    assert first != second
    assert page.input_value("#words") == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe_faults(page) == []


def test_the_conversation_is_still_there_after_a_reload(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.click("text=A refund or a return")
    before = answers(page, 1)
    page.reload()
    assert answers(page, 1) == before
    page.click("#anew")
    page.wait_for_selector("#welcome", state="visible")
    assert page.query_selector(".message") is None


def test_a_source_opens_and_closes(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.click("text=A refund or a return")
    answers(page, 1)
    page.click(".cite >> nth=0")
    page.wait_for_selector("#article[open]")
    assert len(page.inner_text("#articleText")) > 80
    assert axe_faults(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("#article[open]", state="detached")


def test_pictures_are_shown_pasted_and_dropped(open_page: Callable[..., "Page"], tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8))
    page = open_page()
    page.set_input_files("#picture", path)
    assert page.inner_text("#attachedName") == "photo.png"
    page.click("#detach")
    page.wait_for_selector("#attached", state="hidden")
    put = """([name, bytes, event]) => {
      const given = new DataTransfer();
      given.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
      document.dispatchEvent(event === "paste" ? new ClipboardEvent("paste", { clipboardData: given, bubbles: true })
                                               : new DragEvent(event, { dataTransfer: given, bubbles: true }));
    }"""
    content = list(path.read_bytes())
    page.evaluate(put, ["pasted.png", content, "paste"])
    assert page.inner_text("#attachedName") == "pasted.png"
    page.evaluate(put, ["dropped.png", content, "dragover"])
    page.wait_for_selector("#drop", state="visible")
    page.evaluate(put, ["dropped.png", content, "drop"])
    page.wait_for_selector("#drop", state="hidden")
    assert page.inner_text("#attachedName") == "dropped.png"
    page.click("#send")
    answers(page, 1)
    assert page.evaluate("document.querySelector('.customer img').naturalWidth") == 80


def test_what_is_no_picture_is_refused_at_once(open_page: Callable[..., "Page"], tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("no picture")
    page = open_page()
    page.set_input_files("#picture", path)
    assert page.inner_text("#notice") == "That is not a picture."
    assert page.is_hidden("#attached")


def test_everything_goes_by_keyboard(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link to the message box
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.type("A refund or a return")
    page.keyboard.press("Enter")
    answers(page, 1)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"sound", "anew", "language", "cite", "picture", "words", "send"} <= reached


def test_the_language_changes_and_is_remembered(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.click("#language")
    assert page.inner_text("#welcome h2") == "有什么可以帮您？"
    assert page.get_attribute("html", "lang") == "zh-Hans"
    assert page.get_attribute("#words", "placeholder") == "请输入消息"
    page.reload()
    page.wait_for_selector("text=有什么可以帮您？")


def test_thumbs_and_the_hand_over(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.click("text=A refund or a return")
    answers(page, 1)
    page.click("[aria-label='This did not help']")
    page.wait_for_selector("[aria-label='This did not help'][aria-pressed=true]")
    page.fill("#words", "I want to talk to a person")
    page.click("#send")
    page.wait_for_selector("text=A person takes over")
    assert page.inner_text("#status") == "A person will answer here"
    page.reload()
    page.wait_for_selector("[aria-label='This did not help'][aria-pressed=true]")
    assert page.inner_text("#status") == "A person will answer here"


def test_a_message_that_fails_can_be_sent_again(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.route(
        "**/messages", lambda route: route.fulfill(status=503, json={"error": {"code": "busy", "message": "busy"}})
    )
    page.fill("#words", "A refund or a return")
    page.keyboard.press("Enter")
    page.wait_for_selector(".failed")
    page.unroute("**/messages")
    page.click("text=Try again")
    assert len(answers(page, 1)) == 1
    assert page.query_selector(".failed") is None
    assert len(page.query_selector_all(".customer")) == 1


@pytest.mark.parametrize("hears", [True])
def test_a_spoken_question_is_heard_and_answered_aloud(open_page: Callable[..., "Page"]) -> None:
    page = open_page(permissions=["microphone"])
    spoken: list[str] = []
    page.on("response", lambda answer: "/v1/speech/" in answer.url and spoken.append(answer.headers["content-type"]))
    page.focus("#speak")
    page.keyboard.press("Enter")
    page.wait_for_selector("#speak[aria-pressed=true]")
    assert page.is_visible("#level")
    page.wait_for_timeout(3000)
    page.keyboard.press("Enter")
    answers(page, 1)
    heard = page.inner_text(".heard")
    assert "parcel" in heard.lower()
    assert page.get_attribute(".customer audio", "src").startswith("blob:")
    page.wait_for_function("() => document.querySelector('#speak').getAttribute('aria-pressed') === 'false'")
    page.wait_for_timeout(500)
    assert spoken
    assert set(spoken) == {"audio/wav"}
    assert axe_faults(page) == []
    page.reload()  # the recording is kept, and can be heard again
    page.wait_for_selector(".customer audio")
    page.wait_for_function("() => document.querySelector('.customer audio').duration > 2")
    assert page.inner_text(".heard") == heard


@pytest.mark.parametrize("hears", [True])
def test_holding_the_button_records_until_it_is_let_go(open_page: Callable[..., "Page"]) -> None:
    page = open_page(permissions=["microphone"])
    page.hover("#speak")
    page.mouse.down()
    page.wait_for_selector("#speak[aria-pressed=true]")
    page.wait_for_timeout(2500)
    page.mouse.up()
    page.wait_for_selector(".customer audio")
    answers(page, 1)


@pytest.mark.parametrize("hears", [True])
def test_escape_throws_a_recording_away(open_page: Callable[..., "Page"]) -> None:
    page = open_page(permissions=["microphone"])
    page.click("#speak")
    page.wait_for_selector("#speak[aria-pressed=true]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#speak[aria-pressed=false]")
    assert page.query_selector(".message") is None


@pytest.mark.parametrize("hears", [True])
def test_without_a_microphone_it_is_said(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.click("#speak")
    page.wait_for_selector("text=The microphone cannot be used")


def test_a_service_that_does_not_hear_shows_no_microphone(open_page: Callable[..., "Page"]) -> None:
    assert open_page().is_hidden("#speak")


@pytest.mark.parametrize(
    ("locale", "said"), [("en-GB", "That was a lot at once."), ("zh-CN", "发送得太频繁了，请稍等片刻再试。")]
)
def test_a_refusal_is_told_in_the_customers_language(open_page: Callable[..., "Page"], locale: str, said: str) -> None:
    page = open_page(locale=locale)
    refusal = {"error": {"code": "too_often", "message": "too many requests in a short time"}}
    page.route("**/messages", lambda route: route.fulfill(status=429, json=refusal))
    page.fill("#words", "hello")
    page.keyboard.press("Enter")
    page.wait_for_selector(".failed")
    assert said in page.inner_text(".failed")
    page.unroute("**/messages")
    page.click(".failed button")
    assert len(answers(page, 1)) == 1
