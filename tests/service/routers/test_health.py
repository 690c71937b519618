from fastapi.testclient import TestClient

from kefu.service.app import create_app


def test_alive_before_ready(make_settings):
    app = create_app(make_settings())
    client = TestClient(app)  # not entered: nothing is loaded
    assert client.get("/healthz").json() == {"status": "ok"}
    response = client.get("/readyz")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "not_ready")
    with client:
        assert client.get("/readyz").json() == {"status": "ready"}
    assert client.get("/readyz").status_code == 503
