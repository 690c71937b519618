"""Whatever the description of the interface allows, the service answers as it describes."""

import re
from datetime import timedelta
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from kefu.service.app import create_app
from kefu.service.dependencies import ID
from kefu.service.people import digest, draw_token
from kefu.service.people.passwords import hash_password
from kefu.service.storage import Role
from kefu.service.storage.tables import now

SHOP = Path(__file__).parents[2] / "conf/assistant/demo"


def test_the_answers_are_those_described(make_settings, tmp_path):
    kept = {"storage": f"sqlite:///{tmp_path}/kefu.db", "media": tmp_path / "media"}
    app = create_app(make_settings(batches={"max_wait_ms": 0.0}, shop=SHOP, chinese_speech=tmp_path, **kept))
    app.state.services.start()
    assistant = app.state.services.assistant
    assistant.live.close()  # what is listened to ends at once
    customer, agent = draw_token(), draw_token()
    assistant.agents.add("wang", Role.ADMIN, hash_password("correct horse battery staple"))
    assistant.agents.open_session(1, digest(agent), agent, now() + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {customer}", "Cookie": f"kefu_agent={agent}", "X-CSRF-Token": agent}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    labels = {operation.label for operation in operations}
    assert labels >= {"POST /v1/predict", "GET /v1/models", "POST /v1/conversations", "POST /v1/agent/login"}
    try:
        for operation in operations:

            @settings(
                max_examples=15,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=st.one_of(operation.as_strategy(), operation.as_strategy(schemathesis.GenerationMode.NEGATIVE)))
            def check(case):
                # a number in a form is a text or a file like any other
                form = case.media_type == "multipart/form-data"
                excluded = [negative_data_rejection] if form else []
                if re.fullmatch(ID, str(case.path_parameters.get("conversation_id", ""))):
                    # one that there is, and that has not been erased; no schema tells which bytes are a picture
                    conversation = assistant.desk.store.begin(owner=digest(customer)).id
                    case.path_parameters = {**case.path_parameters, "conversation_id": conversation}
                    excluded.append(positive_data_acceptance)
                if case.operation.label.startswith(("POST /v1/agent/log", "POST /v1/agent/erase")):
                    excluded.append(positive_data_acceptance)  # nobody of this name; and one may not log out
                mine = {} if case.operation.label.endswith("/logout") else headers
                case.call_and_validate(headers=mine, excluded_checks=excluded)

            check()
    finally:
        app.state.services.close()


def test_nothing_is_loaded_from_other_hosts(client):
    assert client.get("/docs").status_code == 404
    assert client.get("/openapi.json").status_code == 200
