import asyncio
import json
import threading
import time

import cv2
import numpy as np
import pytest

from kefu.predictor import Predictor, RawTicket
from kefu.service.metrics import Metrics
from kefu.service.models import BatcherClosedError, ModelShelf, QueueFullError, UnknownModelError
from kefu.tickets.errors import KefuError

OLD, NEW = "2026-01-01T00.00.00.000Z", "2026-02-01T00.00.00.000Z"
PNG = cv2.imencode(".png", np.random.default_rng(7).integers(0, 256, (40, 48, 3), dtype=np.uint8))[1].tobytes()
TICKETS = [RawTicket("where is my refund"), RawTicket("登录不了", PNG), RawTicket(image=PNG), RawTicket(image=PNG[:99])]


@pytest.fixture
def open_shelf(make_settings):
    opened = []

    def start(**changes):
        shelf = ModelShelf(make_settings(**changes), Metrics())
        opened.append(shelf)
        shelf.start()
        return shelf

    yield start
    for shelf in opened:
        shelf.close(10)


def test_the_loop_and_threads_get_what_the_predictor_says(open_shelf, bundle):
    shelf = open_shelf()
    expected = Predictor.load(bundle).predict_raw(TICKETS)

    async def ask():
        return await asyncio.gather(*(shelf.predict(ticket, key="k") for ticket in TICKETS))

    for found in (asyncio.run(ask()), [shelf.judge(ticket, key="k") for ticket in TICKETS]):
        assert [(one.model, one.version) for one in found] == [("demo", OLD)] * 4
        for one, other in zip(found, expected, strict=True):
            assert (one.prediction.label, one.prediction.used) == (other.label, other.used)
            assert one.prediction.probabilities == pytest.approx(other.probabilities, rel=1e-4)
            assert one.prediction.not_used == other.not_used


def test_a_new_version_takes_over_without_a_request_lost(open_shelf, add_version):
    """Requests come all the time from eight threads and the loop, while the model changes ten times."""
    shelf = open_shelf(batches={"max_tickets": 4, "max_queued": 1000})
    stop, seen, failed = threading.Event(), set(), []

    def ask():
        while not stop.is_set():
            try:
                seen.add(shelf.judge(RawTicket("where is my refund"), key="k").version)
            except Exception as error:
                failed.append(error)

    async def ask_from_the_loop():
        while not stop.is_set():
            try:
                seen.add((await shelf.predict(RawTicket("refund", PNG), key="k")).version)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    threads.append(threading.Thread(target=lambda: asyncio.run(ask_from_the_loop())))
    for thread in threads:
        thread.start()
    versions = [f"2026-03-{day:02d}T00.00.00.000Z" for day in range(1, 7)]
    for version in versions:
        add_version(version)
        shelf.refresh()
        assert shelf.judge(RawTicket("hello"), key="k").version == version
    stop.set()
    for thread in threads:
        thread.join(10)
    assert failed == []
    assert seen >= {versions[0], versions[-1]}


def test_the_old_version_ends_what_it_has_begun(open_shelf, add_version):
    shelf = open_shelf(batches={"max_wait_ms": 60_000.0})
    waiting = shelf.served["demo"].submit(RawTicket("where is my refund"))
    assert not waiting.done()
    add_version(NEW)
    shelf.refresh()
    assert waiting.result(0).label
    assert shelf.served["demo"].version == NEW


def test_the_new_version_answers_while_the_old_one_is_still_at_work(open_shelf, add_version, monkeypatch):
    may_end, entered = threading.Event(), threading.Event()
    clean_raw = Predictor.clean_raw

    def clean_slowly(self, ticket):
        if ticket.text == "slow":
            entered.set()
            assert may_end.wait(20)
        return clean_raw(self, ticket)

    monkeypatch.setattr(Predictor, "clean_raw", clean_slowly)
    shelf = open_shelf()
    slow = shelf.served["demo"].submit(RawTicket("slow"))
    assert entered.wait(20)
    add_version(NEW)
    refreshing = threading.Thread(target=shelf.refresh)
    refreshing.start()
    for _ in range(1000):
        if shelf.served["demo"].version == NEW:
            break
        time.sleep(0.01)
    assert shelf.judge(RawTicket("quick"), key="k").version == NEW
    assert not slow.done()
    may_end.set()
    refreshing.join(20)
    assert slow.result(0).label


def test_a_ticket_too_late_for_the_old_version_goes_to_the_new_one(open_shelf, add_version, monkeypatch):
    shelf = open_shelf()
    choose, old = shelf._choose, shelf.served["demo"]
    add_version(NEW)
    shelf.refresh()
    for ask in (shelf.judge, lambda *args, **options: asyncio.run(shelf.predict(*args, **options))):
        chosen = iter([old])
        monkeypatch.setattr(shelf, "_choose", lambda *args, chosen=chosen: next(chosen, None) or choose(*args))
        assert ask(RawTicket("where is my refund", PNG), key="k").version == NEW


def test_a_broken_version_leaves_the_old_one_and_is_told_once(open_shelf, add_version):
    shelf = open_shelf()
    folder = add_version(NEW)
    (folder / "model.safetensors").write_bytes(b"broken")
    for _ in range(3):
        shelf.refresh()
    assert shelf.judge(RawTicket("hello"), key="k").version == OLD
    rendered = shelf._metrics.render().decode()
    assert 'kefu_model_reloads_total{model="demo",outcome="failed"} 1.0' in rendered
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "model.safetensors").write_bytes((folder.parents[1] / OLD / "fused" / "model.safetensors").read_bytes())
    (folder / "config.json").unlink()
    (folder / "config.json").write_text(json.dumps(config))
    shelf.refresh()
    assert shelf.judge(RawTicket("hello"), key="k").version == NEW


def test_new_versions_are_found_by_themselves(open_shelf, add_version):
    shelf = open_shelf(watch_seconds=0.01)
    add_version(NEW)
    came = threading.Event()
    for _ in range(1000):
        if shelf.served["demo"].version == NEW:
            break
        came.wait(0.01)
    assert shelf.served["demo"].version == NEW
    rendered = shelf._metrics.render().decode()
    assert f'version="{NEW}"' in rendered
    assert f'version="{OLD}"' not in rendered


def test_two_models_share_the_traffic_by_key(open_shelf, models):
    shelf = open_shelf(
        models={
            "old": {"folder": models, "share": 1},
            "new": {"folder": models, "share": 3},
            "shadow": {"folder": models, "share": 0},
        }
    )
    chosen = [shelf.judge(RawTicket("hello"), key=str(number)).model for number in range(60)]
    assert set(chosen) == {"old", "new"}
    assert chosen == [shelf.choose(str(number)) for number in range(60)]
    assert shelf.judge(RawTicket("hello"), key="1", model="shadow").model == "shadow"
    with pytest.raises(UnknownModelError, match=r"there is no model 'x' \(there are: old, new, shadow\)"):
        shelf.judge(RawTicket("hello"), key="1", model="x")


def test_too_many_media_are_refused(open_shelf):
    shelf = open_shelf(threads={"max_media": 2})

    async def ask():
        asked = (shelf.predict(RawTicket(image=PNG), key="k") for _ in range(8))
        return await asyncio.gather(*asked, return_exceptions=True)

    found = asyncio.run(ask())
    assert [isinstance(one, QueueFullError) for one in found] == [False] * 2 + [True] * 6
    assert refusals(shelf) == 6
    assert asyncio.run(shelf.predict(RawTicket(image=PNG), key="k")).prediction.used == ("image",)


def test_too_many_texts_are_refused(open_shelf):
    shelf = open_shelf(batches={"max_wait_ms": 60_000.0, "max_queued": 2})

    async def ask():
        asked = [asyncio.ensure_future(shelf.predict(RawTicket("hello"), key="k")) for _ in range(5)]
        done, waiting = await asyncio.wait(asked, timeout=0.2)
        for one in waiting:
            one.cancel()
        return [type(one.exception()) for one in done], len(waiting)

    assert asyncio.run(ask()) == ([QueueFullError] * 3, 2)
    assert refusals(shelf) == 3


def refusals(shelf):
    return shelf._metrics.registry.get_sample_value("kefu_refused_tickets_total", {"model": "demo"})


def test_closed_is_closed(open_shelf):
    shelf = open_shelf()
    assert shelf.ready
    shelf.close(10)
    assert not shelf.ready
    with pytest.raises(BatcherClosedError):
        shelf.judge(RawTicket("hello"), key="k")


def test_a_missing_model_is_told_at_the_start(open_shelf, tmp_path):
    with pytest.raises(KefuError, match="there is no model; train one"):
        open_shelf(models={"demo": {"folder": tmp_path / "nowhere"}})
