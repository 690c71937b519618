"""Whatever the description of the interface allows, the service answers as it describes."""

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection

from kefu.service.app import create_app


def test_the_answers_are_those_described(make_settings):
    app = create_app(make_settings(batches={"max_wait_ms": 0.0}))
    app.state.services.start()
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.label for operation in operations} >= {"POST /v1/predict", "GET /v1/models", "GET /readyz"}
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
                case.call_and_validate(excluded_checks=[negative_data_rejection] if form else [])

            check()
    finally:
        app.state.services.close()


def test_nothing_is_loaded_from_other_hosts(client):
    assert client.get("/docs").status_code == 404
    assert client.get("/openapi.json").status_code == 200
