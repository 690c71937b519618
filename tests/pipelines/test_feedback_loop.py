"""From a correction of an agent to a better model that serves: the whole loop, on texts alone."""

import itertools
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from fastapi.testclient import TestClient

from kefu.cli import kefu
from kefu.service.app import create_app
from kefu.service.settings import ServiceSettings
from kefu.service.storage import AgentStore, Database, Inbox, Role
from kefu.tickets.table import write_table
from tests.pipelines.conftest import TINY, Project, make_project

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
