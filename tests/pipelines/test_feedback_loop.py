"""From a correction of an agent to a better model that serves: the whole loop, on texts alone."""

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from fastapi.testclient import TestClient

from kefu.cli import kefu
from kefu.service.app import create_app
from kefu.service.people.passwords import hash_password
from kefu.service.settings import ServiceSettings
from kefu.service.storage import AgentStore, Database, Role
from kefu.tickets.table import read_tickets, write_table

from .conftest import TINY, Project, make_project

ROOT = Path(__file__).parents[2]
THINGS = ("kettle", "lamp", "backpack", "mug", "toaster", "speaker", "jacket", "phone", "fan", "radio")
KNOWN = {
    "refund": ("i want my money back for the {}", "please refund the {}", "when is the {} refunded", "退款，{}不要了"),
    "login": (
        "i cannot log in to see my {}",
        "password refused, my {} order",
        "the {} page says log in",
        "登录不了看{}",
    ),
    "damaged_item": ("the {} came broken", "there is a crack in the {}", "my {} arrived in pieces", "{}碎了"),
}
NEW = ("smoke comes out of the {}", "the {} smells burnt and sparks", "sparks and smoke from the {}")
"""What no ticket has said before; it is a `damaged_item`."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = make_project(tmp_path)
    parameters: dict[str, Any] = TINY | {"text": {"copies": {"copies": 0}, "training": {"max_epochs": 12}}}
    (tmp_path / "conf/tiny/parameters.yml").write_text(yaml.safe_dump(parameters), "utf-8")
    table = {"dataset": "shop", "tickets_path": "data/01_raw/shop/tickets.csv"}
    (tmp_path / "conf/tiny/globals.yml").write_text(yaml.safe_dump(table), "utf-8")
    rows = [
        {"ticket_id": f"{label}-{number}", "text": text.format(thing), "label": label, "customer_id": f"c{number}"}
        for label, texts in KNOWN.items()
        for number, (text, thing) in enumerate(itertools.product(texts, THINGS))
    ]
    write_table(pd.DataFrame(rows, dtype="str"), tmp_path / "data/01_raw/shop/tickets.csv")
    monkeypatch.chdir(tmp_path)
    return made


def test_corrections_make_the_model_better_at_what_it_got_wrong(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("train_fusion")
    models, storage = tmp_path / "data/06_models/shop", f"sqlite:///{tmp_path}/service/kefu.sqlite"
    monkeypatch.setenv("KEFU_STORAGE", storage)
    monkeypatch.setenv("KEFU_MEDIA", str(tmp_path / "service/media"))
    settings = ServiceSettings(
        models={"shop": {"folder": models}},
        watch_seconds=0.1,
        shop=ROOT / "conf/assistant/demo",
        storage=storage,
        media=tmp_path / "service/media",
        find_by_meaning=False,
        read_pictures=False,
        hear=False,
    )
    corrected = [text.format(thing) for text, thing in itertools.product(NEW, THINGS[:7])]
    never_seen = [text.format(thing) for text, thing in itertools.product(NEW, THINGS[7:])]
    with TestClient(create_app(settings)) as client:
        before, old_version = share_right(client, never_seen)
        write_and_correct(client, storage, corrected)
        told = CliRunner().invoke(kefu, ["feedback", "export", "--env", "tiny"])
        assert told.exit_code == 0, told.output
        assert f"damaged_item: {len(corrected)}" in told.output
        table = read_tickets(tmp_path / "data/01_raw/shop/tickets.csv").frame
        assert set(table["text"]).isdisjoint(never_seen)
        project.run("train_fusion")
        told = CliRunner().invoke(kefu, ["models", "promote", "latest", "--env", "tiny"])
        assert told.exit_code == 0, told.output
        until = time.monotonic() + 20
        while (after := share_right(client, never_seen))[1] == old_version and time.monotonic() < until:
            time.sleep(0.1)
        assert after[1] != old_version, "the service has not taken the new model"
        assert after[0] >= before + 0.5, f"{before} of what nobody had corrected was right before, {after[0]} after"


def share_right(client: TestClient, texts: Sequence[str]) -> tuple[float, str]:
    """Return how much of some texts the service calls damaged, and the version of its model."""
    answers = [client.post("/v1/predict/text", json={"text": text}).json() for text in texts]
    return sum(answer["label"] == "damaged_item" for answer in answers) / len(answers), answers[-1]["version"]


def write_and_correct(client: TestClient, storage: str, texts: Sequence[str]) -> None:
    """Be customers who write, and an agent who corrects the label of each message."""
    database = Database(storage)
    AgentStore(database).add("ann", Role.AGENT, hash_password("a long password"))
    database.close()
    agent = client.post("/v1/agent/login", json={"name": "ann", "password": "a long password"}).json()
    for text in texts:
        client.cookies.pop("kefu_customer", None)  # a customer of his own
        talk = client.post("/v1/conversations", json={}).json()["conversation_id"]
        client.post(f"/v1/conversations/{talk}/messages", data={"text": text})
        asked = client.get(f"/v1/agent/conversations/{talk}").json()["messages"][0]
        corrected = client.post(
            f"/v1/agent/conversations/{talk}/messages/{asked['message_id']}/correction",
            json={"label": "damaged_item"},
            headers={"X-CSRF-Token": agent["csrf_token"]},
        )
        assert corrected.status_code < 300, corrected.text
