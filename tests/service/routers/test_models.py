OLD = "2026-01-01T00.00.00.000Z"


def test_the_models_are_listed(make_client, models):
    client = make_client(models={"old": {"folder": models, "share": 3}, "new": {"folder": models, "share": 1}})
    old, new = client.get("/v1/models").json()
    assert (old["name"], old["version"], old["share"], new["share"]) == ("old", OLD, 0.75, 0.25)
    assert old["labels"] == ["invoice", "login", "refund"]
    assert old["strategy"] == "late"
    assert old["since"]
