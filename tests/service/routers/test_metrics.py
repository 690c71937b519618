from prometheus_client.parser import text_string_to_metric_families


def values(client):
    text = client.get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_happens_is_counted(client):
    for _ in range(3):
        client.post("/v1/predict/text", json={"text": "where is my refund"})
    client.post("/v1/predict/text", json={})
    client.get("/v1/conversations-of-somebody/abc")
    found = values(client)
    route = ("route", "/v1/predict/text")
    assert found[("kefu_requests_total", ("method", "POST"), route, ("status", "200"))] == 3
    assert found[("kefu_requests_total", ("method", "POST"), route, ("status", "422"))] == 1
    assert found[("kefu_requests_total", ("method", "GET"), ("route", "none"), ("status", "404"))] == 1
    assert found[("kefu_request_seconds_count", route)] == 4
    assert found[("kefu_batch_tickets_sum", ("model", "demo"))] == 3
    assert found[("kefu_queued_tickets", ("model", "demo"))] == 0
    info = ("kefu_model_info", ("model", "demo"), ("strategy", "late"), ("version", "2026-01-01T00.00.00.000Z"))
    assert found[info] == 1
