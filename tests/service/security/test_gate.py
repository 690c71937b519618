import pytest

KEY, OTHER = "q8Zk2vP0rT5mX7yB3nW9cL4d", "a-key-of-somebody-else-0123"


def status_and_code(response):
    return response.status_code, response.json().get("error", {}).get("code")


@pytest.fixture
def with_key(make_client):
    return make_client(api_keys={"shop": KEY})


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer  {KEY} "}, {"X-API-Key": KEY}]
)
def test_a_key_opens_the_routes_of_machines(with_key, headers):
    assert with_key.get("/v1/models", headers=headers).status_code == 200
    assert with_key.post("/v1/predict/text", json={"text": "hello"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {OTHER}"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": ""},
        {"X-API-Key": OTHER, "Authorization": f"Bearer {KEY}"},
    ],
)
def test_without_the_key_they_are_closed(with_key, headers):
    response = with_key.get("/v1/models", headers=headers)
    assert status_and_code(response) == (401, "no_key")
    assert response.headers["www-authenticate"] == "Bearer"
    assert KEY not in response.text


@pytest.mark.parametrize(
    "path",
    ["/v1/predict", "/v1/predict/text", "/v1/predict/text/", "/v1/predict/text%0A", "/v1/predict%2Ftext", "/v1/models"],
)
def test_no_spelling_of_a_path_goes_around_the_key(with_key, path):
    for method in ("GET", "POST", "HEAD", "OPTIONS"):
        assert with_key.request(method, path, follow_redirects=False).status_code == 401


def test_the_key_is_asked_for_before_the_body_is_looked_at(with_key):
    large = {"Content-Length": "1000000000", "Content-Encoding": "gzip"}
    assert with_key.post("/v1/predict", content=b"x", headers=large).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/", "/openapi.json", "/static/page.js"])
def test_all_else_needs_no_key(with_key, path):
    assert with_key.get(path).status_code == 200


def test_each_key_has_a_bucket_of_its_own(make_client):
    client = make_client(api_keys={"shop": KEY, "mail": OTHER}, rates={"predict_per_minute": 2, "predict_burst": 2})
    mine = [client.get("/v1/models", headers={"X-API-Key": KEY}) for _ in range(3)]
    assert [response.status_code for response in mine] == [200, 200, 429]
    assert status_and_code(mine[2]) == (429, "too_often")
    assert 1 <= int(mine[2].headers["retry-after"]) <= 30
    assert client.get("/v1/models", headers={"X-API-Key": OTHER}).status_code == 200


def test_without_keys_labels_have_no_limit(make_client):
    client = make_client(rates={"predict_per_minute": 1, "predict_burst": 1, "other_per_minute": 1, "other_burst": 1})
    assert {client.get("/v1/models").status_code for _ in range(5)} == {200}


def send(client, conversation, **headers):
    return client.post(f"/v1/conversations/{conversation}/messages", data={"text": "a"}, headers=headers).status_code


def rates(**bursts):
    return {
        name: value
        for kind in ("messages", "conversation", "customer", "begin", "login", "other")
        for name, value in ((f"{kind}_per_minute", 1), (f"{kind}_burst", bursts.get(kind, 100)))
    }


# without a shop an answer is 404, which is enough to see that a request was let through
def test_messages_are_limited_by_conversation(make_client):
    client = make_client(rates=rates(conversation=2))
    assert [send(client, "a") for _ in range(3)] == [404, 404, 429]
    assert send(client, "b") == 404


def test_messages_are_limited_by_customer(make_client):
    client = make_client(rates=rates(customer=2))
    cookie, bearer = {"Cookie": "kefu_customer=one"}, {"Authorization": "Bearer one"}
    assert [send(client, "a", **cookie), send(client, "b", **bearer), send(client, "c", **cookie)] == [404, 404, 429]
    assert send(client, "c", Cookie="kefu_customer=two") == 404


def test_messages_are_limited_by_address(make_client):
    client = make_client(rates=rates(messages=2))
    assert [send(client, str(n), Cookie=f"kefu_customer={n}") for n in range(3)] == [404, 404, 429]


@pytest.mark.parametrize(
    ("kind", "path"), [("begin", "/v1/conversations"), ("login", "/v1/agent/login"), ("other", "/v1/nothing")]
)
def test_all_else_is_limited_by_address(make_client, kind, path):
    client = make_client(rates=rates(**{kind: 2}))
    assert [client.post(path, json={}).status_code for _ in range(3)] == [404, 404, 429]
    assert client.get("/healthz").status_code == client.get("/").status_code == 200


def test_clients_behind_a_trusted_proxy_are_told_apart(make_client):
    client = make_client(rates=rates(other=1), trusted_proxies="127.0.0.1")
    client._transport.client = ("127.0.0.1", 1)
    found = [
        client.get("/v1/nothing", headers={"X-Forwarded-For": f"evil, {who}"}).status_code
        for who in ("192.0.2.1", "192.0.2.2", "192.0.2.2")
    ]
    assert found == [404, 404, 429]
