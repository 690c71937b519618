"""Whatever is sent: a clear refusal, or its harmless self; never a crash."""

import threading
import time
from pathlib import Path

import psutil
import pytest
import uvicorn
from hostile_sending import Sender, all_names, check_all

from kefu.cli.serve import _bind
from kefu.service.app import create_app
from kefu.service.connections import guarded_protocol
from kefu.service.settings import ServiceSettings

SHOP = Path(__file__).parents[3] / "conf/assistant/demo"


@pytest.fixture(scope="module")
def place(bundle, tmp_path_factory):
    """A whole service, whose clients have little time."""
    folder = tmp_path_factory.mktemp("hostile")
    settings = ServiceSettings(
        models={"demo": {"folder": bundle}},
        shop=SHOP,
        storage=f"sqlite:///{folder}/kefu.db",
        media=folder / "media",
        chinese_speech=folder,
        find_by_meaning=False,
        read_pictures=False,
        watch_seconds=0,
        rates={"enabled": False},
        connections={"header_seconds": 1.0, "body_seconds": 1.0},
    )
    app = create_app(settings)
    protocol = guarded_protocol(settings.connections)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", log_config=None, timeout_graceful_shutdown=5))
    with _bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield listener.getsockname()[:2]
        server.should_exit = True
        thread.join(20)


def test_all_that_is_hostile_is_refused_or_made_harmless(place):
    assert len(set(all_names())) == len(list(all_names())) >= 60
    sender = Sender(place)
    wrong = {name: (statuses, why) for name, statuses, why in check_all(sender) if why or max(statuses) >= 500}
    assert wrong == {}
    assert sender.fetch("/readyz").status == 200
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]
