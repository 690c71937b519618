import pytest
from scipy.stats import binomtest

from kefu.service.models.traffic import choose_model

KEYS = [f"conversation-{number}" for number in range(4000)]


@pytest.mark.parametrize("shares", [{"old": 0.9, "new": 0.1}, {"new": 1, "old": 9}, {"a": 2.0, "b": 1.0, "c": 1.0}])
def test_shares_are_kept_within_chance(shares):
    chosen = [choose_model(key, shares) for key in KEYS]
    for name, share in shares.items():
        probability = share / sum(shares.values())
        assert binomtest(chosen.count(name), len(KEYS), probability).pvalue > 1e-4


def test_a_key_stays_and_few_move_when_shares_change():
    before = {key: choose_model(key, {"old": 0.9, "new": 0.1}) for key in KEYS}
    assert before == {key: choose_model(key, {"old": 0.9, "new": 0.1}) for key in KEYS}
    after = {key: choose_model(key, {"old": 0.8, "new": 0.2}) for key in KEYS}
    moved = {(before[key], after[key]) for key in KEYS if before[key] != after[key]}
    assert moved == {("old", "new")}


def test_without_a_share_nothing_comes():
    assert {choose_model(key, {"shadow": 0.0, "old": 1.0}) for key in KEYS[:200]} == {"old"}
    assert choose_model("a", {"shadow": 0.0}) is None
    assert choose_model("a", {}) is None
