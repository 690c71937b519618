"""The pages of the shop's people in a real browser: who waits, what was said, an answer, and the figures."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from .pretended_service import (
    ARTICLE,
    LOOK_SECONDS,
    PASSWORDS,
    PICTURE,
    RECORDING,
    Conversation,
    PretendedService,
    understanding,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

WAIT_MS = 30_000
HOSTILE = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script><b>bold</b>"


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
def service() -> PretendedService:
    return PretendedService()


@pytest.fixture
def url(service: PretendedService) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(service.app, port=0, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service does not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    service.is_closing = True
    server.should_exit = True
    thread.join()


@pytest.fixture
def open_page(browser: "Browser", url: str) -> Iterator[Callable[..., "Page"]]:
    opened, faults = [], []

    def open_page(path: str = "/agent", **context: Any) -> "Page":
        opened.append(browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1200, "height": 800}, **context}))
        page = opened[-1].new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: _is_fault(message) and faults.append(message.text))
        page.goto(url + path)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert faults == []


def _is_fault(message: "ConsoleMessage") -> bool:
    """Whether an error is more than an answer of the service that a test has asked for, or its absence."""
    return message.type == "error" and not re.search(r"status of 4\d\d|net::ERR_", message.text)


@pytest.fixture
def log_in(open_page: Callable[..., "Page"]) -> Callable[..., "Page"]:
    def log_in(name: str = "Bob", path: str = "/agent", **context: Any) -> "Page":
        page = open_page(path, **context)
        page.fill("#loginName", name)
        page.fill("#loginPassword", PASSWORDS[name])
        page.keyboard.press("Enter")
        page.wait_for_selector("#page", state="visible")
        return page

    return log_in


def axe_faults(page: "Page") -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed (extra `dev`)")
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def add_everything(service: PretendedService) -> Conversation:
    """A conversation that has all that can be in one, and others around it."""
    one = service.add("Rk3vQ8-first")
    seen = understanding(
        ("damaged_item", 0.61),
        ("refund", 0.27),
        ("wrong_item", 0.08),
        ("late_delivery", 0.04),
        entities=[
            {"kind": "order_number", "value": "KF-20391", "written": "kf 20391", "source": "text"},
            {"kind": "amount", "value": "129.90 EUR", "written": "129.90 EUR", "source": "image"},
        ],
        picture={
            "lines": ["KF-20391", "Total 129.90 EUR"],
            "shows": [{"label": "damaged_item", "probability": 0.72}, {"label": "refund", "probability": 0.2}],
            "fault": None,
        },
    )
    one.say(
        "customer",
        "The lamp of order kf 20391 arrived broken.",
        image=PICTURE,
        understanding=seen,
        model="demo",
        model_version="2026-03-14T09.26.53.589Z",
    )
    one.say(
        "assistant",
        sentences=[
            {"text": "I am sorry that it arrived damaged.", "citations": []},
            {"text": "A refund takes 5 days once we have the lamp.", "citations": [ARTICLE]},
        ],
        action={"title": "Send a new one", "status": "proposed", "details": ["KF-20391", "lamp"]},
        thumb="down",
    )
    heard = {
        "text": "i want a person",
        "language": "en",
        "confidence": 0.83,
        "seconds": 2.4,
        "recogniser": "pocketsphinx",
    }
    one.say(
        "customer",
        audio=RECORDING,
        heard="i want a person",
        understanding=understanding(
            ("refund", 0.31),
            ("invoice", 0.29),
            out_of_scope=True,
            acts=["person", "anger"],
            heard=heard,
            not_used={"audio": "too quiet (-62 dBFS)"},
        ),
        model="demo",
        model_version="2026-03-14T09.26.53.589Z",
    )
    one.say("assistant", sentences=[{"text": "A colleague takes over.", "citations": []}], hand_over="asked")
    one.hand_over("asked", minutes_ago=14)
    other = service.add("Zh7mP2-other", language="zh")
    other.say("customer", "我的快递三天了还没有发货，能不能帮我查一下？")
    other.hand_over("unsure", minutes_ago=3)
    taken = service.add("Tk9wL4-taken")
    taken.say("customer", "The invoice has the wrong name.")
    taken.hand_over("playbook", minutes_ago=30)
    taken.taken_by = "Mei"
    service.add("As2dF6-talks").say("customer", "Where is my parcel?")
    return one


def queue_texts(page: "Page") -> list[str]:
    return [element.inner_text() for element in page.query_selector_all("#groups .text")]


def test_login_is_refused_then_granted_and_ends(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.wait_for_selector("#login", state="visible")
    page.fill("#loginName", "Bob")
    page.fill("#loginPassword", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fault >> text=Name or password is wrong.")
    page.fill("#loginPassword", PASSWORDS["Bob"])
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nobody is waiting.")
    assert page.inner_text("#who") == "Bob"
    assert page.is_hidden("#pages")  # of administrators
    page.reload()
    page.wait_for_selector("text=Nobody is waiting.")
    page.click("#logout")
    page.wait_for_selector("#login", state="visible")
    assert page.inner_text("#fault") == ""


def test_a_hand_over_appears_is_taken_answered_corrected_and_closed(
    service: PretendedService, log_in: Callable[..., "Page"]
) -> None:
    page = log_in()
    page.wait_for_selector("text=Nobody is waiting.")
    assert page.title() == "Inbox · kefu"
    one = service.add("new-one")
    asked = one.say(
        "customer", "I want to talk to a person", understanding=understanding(("refund", 0.5), ("invoice", 0.3))
    )
    one.hand_over("asked")
    page.wait_for_selector("#news >> text=A customer is waiting (asked for a person): I want to talk to a person")
    assert page.get_attribute("#news", "role") == "status"
    assert page.title() == "(1) Inbox · kefu"
    page.click("#news a")
    page.wait_for_selector("article.customer >> text=I want to talk to a person")
    assert page.inner_text("#news") == ""
    assert page.is_hidden("#composer")
    page.click("#take")
    page.wait_for_selector("#composer", state="visible")
    assert one.taken_by == "Bob"
    assert page.evaluate("document.activeElement.id") == "words"
    page.wait_for_function("document.title === 'Inbox · kefu'")
    page.keyboard.type("Hello,")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("I am Bob.")
    page.keyboard.press("Enter")
    page.wait_for_selector("article.agent .bubble")
    assert page.inner_text("article.agent .bubble") == "Hello,\nI am Bob."
    assert one.messages[-1]["text"] == "Hello,\nI am Bob."
    assert page.input_value("#words") == ""
    page.click("summary")
    page.select_option(".correct select", "late_delivery")
    page.click(".correct button[type=submit]")
    page.wait_for_selector("summary >> text=Corrected: Where is my parcel?")
    assert asked["correction"] == "late_delivery"
    assert page.is_visible(".correct"), "what was open stays open"
    page.click("text=Take back")
    page.wait_for_selector("summary >> text=Corrected", state="detached")
    assert asked["correction"] is None
    page.click("#close")
    page.wait_for_selector("#why >> text=This conversation is closed.")
    assert one.is_closed
    page.wait_for_selector("text=Nobody is waiting.")
    page.click("[data-filter=closed]")
    page.wait_for_selector("#groups .state-closed")


def test_who_has_waited_longest_stands_first_and_time_counts_up(
    service: PretendedService, log_in: Callable[..., "Page"]
) -> None:
    add_everything(service)
    page = log_in()
    page.wait_for_selector("#groups li >> nth=2")
    waits = page.inner_text("#groups time >> nth=0")
    assert re.fullmatch(r"14:0\d", waits)
    page.wait_for_function("text => document.querySelector('#groups time').textContent > text", arg=waits)
    assert page.inner_text("#groups h2 >> nth=0") == "Waiting · 2"
    assert page.inner_text("#news") == "", "who waited before is no news"
    assert [text[:6] for text in queue_texts(page)] == ["A coll", "我的快递三天", "The in"]
    assert page.inner_text("#groups .facts >> nth=0") == "asked for a person · English · 4 messages"
    assert page.inner_text("[data-group=others] .state") == "Taken by Mei"
    page.click("[data-filter=assistant]")
    page.wait_for_selector("#groups >> text=Where is my parcel?")
    assert len(queue_texts(page)) == 1


def test_what_the_model_saw_is_told(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    add_everything(service)
    page = log_in(path="/agent#Rk3vQ8-first")
    page.click("article.customer >> nth=0 >> summary")
    seen = page.inner_text("article.customer >> nth=0 >> details")
    for part in ("damaged item 61%", "refund", "27%", "Yes, it is like", "Order number: KF-20391 (“kf 20391”, text)"):
        assert part in seen
    assert "Amount: 129.90 EUR (picture)" in seen
    assert "Total 129.90 EUR" in seen
    assert "demo · 2026-03-14T09.26.53.589Z" in seen
    widths = page.eval_on_selector_all(".bars i >> nth=0", "all => all.map(one => one.style.width)")
    assert widths == ["61%"]
    page.click("article.customer >> nth=1 >> summary")
    heard = page.inner_text("article.customer >> nth=1 >> details")
    for part in ("Out of scope", "asks for a person", "“i want a person”", "Confidence 83% · 2.4 s · pocketsphinx"):
        assert part in heard
    assert "recording: too quiet (-62 dBFS)" in heard
    page.wait_for_function("() => document.querySelector('audio').duration === 1")
    assert page.inner_text(".judged") == "The customer says: this did not help"
    assert page.inner_text(".handed") == "Handed over: asked for a person"
    assert "Proposed to the customer" in page.inner_text(".action")


def test_labels_have_their_names_in_the_language_of_the_page(
    service: PretendedService, log_in: Callable[..., "Page"]
) -> None:
    service.add("one").say("customer", "?", understanding=understanding(("late_delivery", 0.9), ("refund", 0.1)))
    page = log_in(path="/agent#one")
    page.wait_for_selector("summary >> text=Where is my parcel? 90%")
    page.click("summary")
    assert page.inner_text(".bars li >> nth=1 >> span >> nth=0") == "refund", "has no playbook"
    page.click("#language")
    page.wait_for_selector("summary >> text=快递怎么还没到 90%")
    assert page.text_content(".correct option:checked") == "快递怎么还没到"
    assert page.get_attribute(".bars span >> nth=0", "title") == "late_delivery"


def test_pictures_are_enlarged_and_sources_opened(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    add_everything(service)
    page = log_in(path="/agent#Rk3vQ8-first")
    page.click(".enlarge")
    page.wait_for_selector("#picture[open]")
    page.wait_for_function("() => document.querySelector('#large').naturalWidth === 320")
    assert axe_faults(page) == []
    page.keyboard.press("Escape")
    page.click(".cite")
    page.wait_for_selector("#article[open] >> text=Refunds take 5 days.")
    page.click("#article .closes")
    page.wait_for_selector("#article[open]", state="detached")


def test_text_of_customers_is_text(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    one = service.add("hostile")
    seen = understanding(
        (HOSTILE, 0.9),
        entities=[{"kind": HOSTILE, "value": HOSTILE, "written": HOSTILE, "source": "text"}],
        picture={"lines": [HOSTILE], "shows": [], "fault": HOSTILE},
        not_used={"image": HOSTILE},
        heard={"text": HOSTILE, "language": "en", "confidence": 0.5, "seconds": 1.0, "recogniser": HOSTILE},
    )
    one.say("customer", HOSTILE, heard=HOSTILE, understanding=seen, model=HOSTILE, model_version=HOSTILE)
    one.say("assistant", sentences=[{"text": HOSTILE, "citations": [HOSTILE]}], hand_over=HOSTILE)
    one.say("agent", HOSTILE, agent=HOSTILE)
    page = log_in()
    page.wait_for_selector("text=Nobody is waiting.")
    one.hand_over(HOSTILE)
    page.wait_for_selector("#news a")
    page.click("#news a")
    page.wait_for_selector("article.agent")
    page.click("summary")
    assert page.inner_text("article.customer .bubble") == HOSTILE
    assert page.inner_text("#groups .text") == HOSTILE
    assert (
        page.query_selector("#talk script, #talk img, #groups img, #groups b, #news img, article.message div b") is None
    )
    page.wait_for_timeout(200)
    assert "stolen" not in page.title()


def test_who_comes_second_is_told_by_whom_and_an_administrator_may_insist(
    service: PretendedService, log_in: Callable[..., "Page"]
) -> None:
    one = service.add("wanted")
    one.say("customer", "Is anybody there?")
    one.hand_over("asked")
    bob = log_in("Bob", path="/agent#wanted")
    bob.wait_for_selector("#take", state="visible")
    bob.route("**/events", lambda route: route.abort())
    one.taken_by = "Mei"  # without a word to those who listen
    bob.click("#take")
    bob.wait_for_selector("#fault >> text=Mei has taken this conversation before you.")
    assert bob.is_hidden("#take")
    assert bob.is_hidden("#force")
    assert bob.inner_text("#why") == "Only Mei can answer here."
    ada = log_in("Ada", path="/agent#wanted")
    ada.click("text=Take over from Mei")
    ada.wait_for_selector("#composer", state="visible")
    assert one.taken_by == "Ada"
    bob.wait_for_selector("#why >> text=Only Ada can answer here.")


def test_a_session_that_ends_leads_to_the_login_and_leaves_nothing(
    service: PretendedService, log_in: Callable[..., "Page"]
) -> None:
    add_everything(service)
    page = log_in(path="/agent#Rk3vQ8-first")
    page.click("#take")
    page.wait_for_selector("#composer", state="visible")
    page.fill("#words", "A long answer")
    service.log_out_everybody()
    page.press("#words", "Enter")
    page.wait_for_selector("#login", state="visible")
    assert page.inner_text("#fault") == "Your session has ended. Log in again."
    assert page.query_selector("article, #groups li") is None
    for name, draft in [("Bob", "A long answer"), ("Ada", ""), ("Bob", "")]:  # another's draft is nobody's business
        page.fill("#loginName", name)
        page.fill("#loginPassword", PASSWORDS[name])
        page.keyboard.press("Enter")
        page.wait_for_selector("article.customer")
        assert page.input_value("#words") == draft
        page.click("#logout")
        page.wait_for_selector("#login", state="visible")


def test_a_broken_connection_is_told_and_mended(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    page = log_in()
    page.wait_for_selector("text=Nobody is waiting.")
    page.context.set_offline(True)
    service.is_closing = True  # ends what is streamed
    page.wait_for_selector("#offline >> text=No connection to the service.")
    one = service.add("meanwhile")
    one.say("customer", "Hello?")
    one.hand_over("asked")
    service.is_closing = False
    page.context.set_offline(False)
    page.wait_for_selector("#groups >> text=Hello?")
    page.wait_for_function("() => document.querySelector('#offline').textContent === ''")
    page.wait_for_selector("#news >> text=Hello?")


def test_what_was_written_is_not_lost_and_sent_once(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    for name in ("one", "two"):
        service.add(name).say("customer", f"I am {name}")
        service.conversations[name].hand_over("asked")
        service.conversations[name].taken_by = "Bob"
    page = log_in(path="/agent#one")
    page.fill("#words", "A draft")
    page.click("#groups >> text=I am two")
    page.wait_for_selector("article >> text=I am two")
    assert page.input_value("#words") == ""
    page.click("#groups >> text=I am one")
    page.wait_for_selector("article >> text=I am one")
    assert page.input_value("#words") == "A draft"
    sent: list[str] = []

    def lose_the_answer(route: Any) -> None:
        sent.append(route.request.post_data_json["client_key"])
        route.fetch()
        route.abort()

    page.route("**/messages", lose_the_answer)
    page.focus("#words")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fault >> text=No connection to the service.")
    page.unroute("**/messages")
    assert page.input_value("#words") == "A draft"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#words').value === ''")
    assert [message["text"] for message in service.conversations["one"].messages] == ["I am one", "A draft"]
    assert sent[0] in service.keys


def test_whoever_reads_further_up_stays_there(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    one = service.add("long")
    for number in range(30):
        one.say("customer", f"Message {number}")
    page = log_in(path="/agent#long")
    page.wait_for_selector("article >> text=Message 29")
    assert page.get_attribute("#talk", "aria-live") == "off"  # nobody wants to hear it all
    is_at_end = (
        "() => { const t = document.querySelector('#talk'); return t.scrollHeight - t.scrollTop - t.clientHeight < 2; }"
    )
    page.wait_for_function(is_at_end)
    page.evaluate("document.querySelector('article').isTheSame = true")
    one.say("customer", "Message 30")
    page.wait_for_selector("article >> text=Message 30")
    assert page.get_attribute("#talk", "aria-live") == "polite"
    assert page.evaluate("document.querySelector('article').isTheSame"), "what has not changed is not drawn anew"
    page.wait_for_function(is_at_end)
    page.evaluate("document.querySelector('#talk').scrollTop = 100")
    page.wait_for_timeout(100)  # until the browser has told it
    one.say("customer", "Message 31")
    page.wait_for_selector("article >> text=Message 31")
    assert page.evaluate("document.querySelector('#talk').scrollTop") == 100


def test_a_login_in_another_window_goes_before(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    one = service.add("wanted")
    one.say("customer", "Is anybody there?")
    one.hand_over("asked")
    page = log_in("Bob", path="/agent#wanted")
    page.wait_for_selector("#take", state="visible")
    status = page.evaluate(
        """body => fetch("/v1/agent/login", { method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body) }).then((answer) => answer.status)""",
        {"name": "Mei", "password": PASSWORDS["Mei"]},
    )
    assert status == 200
    page.click("#take")
    page.wait_for_selector("#fault >> text=You have logged in anew in another window. Try again.")
    assert one.taken_by is None
    assert page.inner_text("#who") == "Mei"
    page.click("#take")
    page.wait_for_selector("#composer", state="visible")
    assert one.taken_by == "Mei"


def test_times_as_people_read_them(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    said = page.evaluate("""async () => {
      const { duration, waited } = await import("/static/agent/time.js");
      const { Words } = await import("/static/language.js");
      const { WORDS } = await import("/static/agent/words.js");
      const [en, zh] = [new Words(WORDS, "en"), new Words(WORDS, "zh")];
      const ago = (seconds) => waited(en, 0, seconds * 1000);
      return [
        [-5, 0, 59, 60, 3599, 3600, 86399, 86400 + 7200].map(ago),
        [null, 0, 0.2, 9.94, 59, 90, 3599, 7260].map((seconds) => duration(en, seconds)),
        [waited(zh, 0, 7200 * 1000), duration(zh, 90)],
      ];
    }""")
    assert said[0] == ["0:00", "0:00", "0:59", "1:00", "59:59", "1 h 00 min", "23 h 59 min", "1 d 2 h"]
    assert said[1] == ["–", "0 ms", "200 ms", "9.9 s", "59 s", "2 min", "60 min", "2 h 01 min"]
    assert said[2] == ["2 小时 00 分", "2 分钟"]


def test_everything_goes_by_keyboard(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    one = add_everything(service)
    page = log_in()
    page.wait_for_selector("#groups li >> nth=2")
    page.keyboard.press("?")
    page.wait_for_selector("#shortcuts[open] >> text=Next conversation")
    assert axe_faults(page) == []
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    page.wait_for_selector("#shortcuts[open]", state="detached")
    page.keyboard.press("j")
    page.wait_for_selector("#facts >> text=Waiting")
    page.keyboard.press("j")
    page.wait_for_selector("article >> text=我的快递")
    page.keyboard.press("k")
    page.wait_for_selector("article >> text=The lamp of order")
    assert one.taken_by is None
    page.keyboard.press("t")
    page.wait_for_selector("#composer", state="visible")
    page.wait_for_function("() => document.activeElement.id === 'words'")
    page.keyboard.type("jktx?")  # in the box they are letters
    assert page.input_value("#words") == "jktx?"
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.press("Escape")
    page.click("#help")
    page.uncheck("#keysOn")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    assert not one.is_closed
    page.click("#help")
    page.check("#keysOn")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.wait_for_selector("#why >> text=This conversation is closed.")


def test_on_a_phone_the_list_leads_to_the_conversation_and_back(
    service: PretendedService, log_in: Callable[..., "Page"]
) -> None:
    add_everything(service)
    page = log_in(viewport={"width": 390, "height": 780})
    page.click("#groups a >> nth=0")
    page.wait_for_selector("article.customer")
    assert page.is_hidden("#queue")
    page.click("summary >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('#talk').scrollWidth <= document.querySelector('#talk').clientWidth")
    page.click(".back")
    page.wait_for_selector("#queue", state="visible")
    assert page.is_hidden("#conversation")
    assert page.evaluate("document.activeElement.closest('li').dataset.id") == "Rk3vQ8-first"
    page.go_back()
    page.wait_for_selector("article.customer")


FIGURES: dict[str, Any] = {
    "volume": [
        {"day": f"2026-03-{day:02}", "conversations": 20 + day % 5, "messages": 90 + 7 * day} for day in range(1, 31)
    ],
    "response_seconds": {"assistant": {"p50": 0.31, "p95": 1.24}, "agent_first": {"p50": 95.0, "p95": None}},
    "containment": {"ended": 120, "contained": 84, "satisfied": 66, "handed_over": 30, "abandoned": 6, "rate": 0.55},
    "hand_over_reasons": {"asked": 14, "unsure": 9, "anger": 5, "playbook": 2},
    "thumbs": {"up": 41, "down": 9},
    "models": [
        {
            "model": "demo",
            "version": "2026-03-14",
            "messages": 310,
            "thumbs_up": 30,
            "thumbs_down": 8,
            "corrections": 12,
        },
        {
            "model": "demo",
            "version": "2026-03-21",
            "messages": 122,
            "thumbs_up": 11,
            "thumbs_down": 1,
            "corrections": 3,
        },
    ],
    "languages": {"en": 70, "zh": 50},
}
NOTHING: dict[str, Any] = {
    "volume": [{"day": "2026-03-01", "conversations": 0, "messages": 0}],
    "response_seconds": {"assistant": {"p50": None, "p95": None}, "agent_first": {"p50": None, "p95": None}},
    "containment": {"ended": 0, "contained": 0, "satisfied": 0, "handed_over": 0, "abandoned": 0, "rate": None},
    "hand_over_reasons": {},
    "thumbs": {"up": 0, "down": 0},
    "models": [],
    "languages": {},
}


def table_rows(page: "Page", caption: str) -> list[list[str]]:
    found = page.eval_on_selector_all(
        f"table:has(caption:text-is('{caption}')) tbody tr",
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent))",
    )
    assert found
    return found


def test_the_figures(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    service.figures = FIGURES
    page = log_in("Ada", path="/agent/dashboard")
    page.wait_for_selector(".rate")
    assert page.inner_text(".rate") == "55%"
    assert table_rows(page, "Satisfied containment")[0] == ["Satisfied", "66", "55%"]
    assert table_rows(page, "Response times") == [
        ["Assistant", "310 ms", "1.2 s"],
        ["First answer of a person", "2 min", "–"],
    ]
    assert table_rows(page, "Reasons of hand-overs")[0] == ["asked for a person", "14"]
    assert table_rows(page, "Models")[1] == ["demo", "2026-03-21", "122", "11", "1", "3"]
    volume = table_rows(page, "Volume per day")
    assert [row[0] for row in volume][:2] == ["Total", "30 Mar"]
    assert len(volume) == 8
    bars = page.eval_on_selector_all(
        "section:has(caption:text-is('Volume per day')) rect.second",
        "all => all.map(one => Number(one.getAttribute('height')))",
    )
    assert len(bars) == 7
    assert bars[-1] / bars[0] == pytest.approx((90 + 7 * 30) / (90 + 7 * 24), rel=1e-3)
    page.click("[data-days='30']")
    page.wait_for_function("() => document.querySelectorAll('rect.second').length > 20")
    assert service.asked_days == [7, 30]
    page.click("#language")
    page.wait_for_selector("text=满意的自助解决率")
    assert axe_faults(page) == []


def test_figures_of_nothing(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    service.figures = NOTHING
    page = log_in("Ada", path="/agent/dashboard")
    page.wait_for_selector("text=No conversation has ended yet.")
    assert page.inner_text("#figures").count("Nothing in this period.") == 5


@pytest.mark.parametrize("is_all", [False, True])
def test_administrators_erase_a_conversation(
    service: PretendedService, log_in: Callable[..., "Page"], is_all: bool
) -> None:
    add_everything(service)
    page = log_in("Ada", path="/agent#Rk3vQ8-first")
    page.click("#erase")
    page.wait_for_selector("#erasing[open]")
    assert axe_faults(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("#erasing", state="hidden")
    assert service.erased == []
    page.click("#erase")
    page.set_checked("#eraseAll", is_all)
    page.click("#eraseNow")
    page.wait_for_selector("#nothing", state="visible")
    assert service.erased == [("Rk3vQ8-first", is_all)]
    page.wait_for_selector("[data-id='Rk3vQ8-first']", state="detached")
    assert page.inner_text("#fault") == ""
    assert "arrived broken" not in page.inner_text("body")


def test_what_is_erased_elsewhere_goes_at_once(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    add_everything(service)
    page = log_in("Bob", path="/agent#Rk3vQ8-first")
    page.wait_for_selector("#talk >> text=arrived broken")
    del service.conversations["Rk3vQ8-first"]
    page.wait_for_selector("#nothing", state="visible")
    page.wait_for_selector("[data-id='Rk3vQ8-first']", state="detached")
    assert "arrived broken" not in page.inner_text("body")
    assert page.inner_text("#fault") != ""


def test_nobody_else_is_offered_to_erase(service: PretendedService, log_in: Callable[..., "Page"]) -> None:
    add_everything(service)
    page = log_in("Bob", path="/agent#Rk3vQ8-first")
    page.wait_for_selector("#opened", state="visible")
    assert page.is_hidden("#erase")


def test_figures_are_for_administrators(log_in: Callable[..., "Page"]) -> None:
    page = log_in("Bob", path="/agent/dashboard")
    page.wait_for_selector("#fault >> text=Only administrators may see this.")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(
    service: PretendedService, open_page: Callable[..., "Page"], locale: str, scheme: str
) -> None:
    add_everything(service)
    service.figures = FIGURES
    page = open_page(locale=locale, color_scheme=scheme)
    page.wait_for_selector("#login", state="visible")
    assert page.get_attribute("html", "lang") == {"en-GB": "en", "zh-CN": "zh-Hans"}[locale]
    assert axe_faults(page) == []
    page.fill("#loginName", "Ada")
    page.fill("#loginPassword", PASSWORDS["Ada"])
    page.keyboard.press("Enter")
    page.click("#groups a >> nth=0")
    page.click("summary >> nth=0")
    page.click("#take")
    page.wait_for_selector("#composer", state="visible")
    service.add("late").say("customer", "Hello")
    service.conversations["late"].hand_over("anger")
    page.wait_for_selector("#news a")
    assert "undefined" not in page.inner_text("body")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the answer box is always in sight"
    assert axe_faults(page) == []
    page.click("#pages a >> nth=1")
    page.wait_for_selector(".rate")
    assert "undefined" not in page.inner_text("body")
    assert axe_faults(page) == []


def test_customers_see_who_answers_and_what(service: PretendedService, open_page: Callable[..., "Page"]) -> None:
    one = service.add("mine")
    one.say("customer", "I want a person")
    one.hand_over("asked")
    page = open_page("/")
    page.evaluate("localStorage.setItem('kefu.conversation', 'mine')")
    page.reload()
    page.wait_for_selector("text=I want a person")
    assert page.inner_text("#status") == "A person will answer here"
    one.taken_by = "Mei"
    page.wait_for_selector("#status >> text=Mei answers here")
    assert page.inner_text("#notice") == "Mei is here and answers you now."
    one.say("agent", HOSTILE, agent="Mei")
    page.wait_for_selector("article.agent .bubble")
    assert page.inner_text("article.agent .bubble") == HOSTILE
    assert page.inner_text("article.agent .name") == "Mei"
    service.is_closing = True  # the connection breaks, and what was told before is told again
    page.wait_for_timeout(5 * 1000 * LOOK_SECONDS)
    service.is_closing = False
    one.say("agent", "Are you still there?", agent="Mei")
    page.wait_for_selector("text=Are you still there?")
    assert len(page.query_selector_all("article.agent")) == 2
    page.evaluate("""() => {
      window.numDots = 0;
      const hasDots = (node) => node.querySelector(".waiting") !== null;
      const count = (found) => {
        for (const { addedNodes } of found) window.numDots += [...addedNodes].filter(hasDots).length;
      };
      new MutationObserver(count).observe(document.querySelector("#talk"), { childList: true });
    }""")
    page.fill("#words", "Thank you")
    page.keyboard.press("Enter")
    page.wait_for_selector("article.customer >> text=Thank you")
    page.wait_for_function("() => !document.querySelector('#send').disabled")
    assert page.query_selector(".assistant") is None
    assert page.evaluate("window.numDots") == 0, "nobody is said to think who is silent"
    one.is_closed = True
    page.wait_for_selector("#status >> text=This conversation is closed")
    page.reload()
    page.wait_for_selector("article.agent")
    assert len(page.query_selector_all("article")) == 4
    page.wait_for_selector("#status >> text=This conversation is closed")
    page.fill("#words", "One more thing")
    page.keyboard.press("Enter")
    page.wait_for_selector("#status >> text=A person will answer here")
    assert axe_faults(page) == []
