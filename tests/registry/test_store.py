import json

import pytest

from kefu.registry.promotion import read_promotions, record_promotion
from kefu.tickets.errors import KefuError

OLD, NEW = "2026-01-01T00.00.00.000Z", "2026-02-01T00.00.00.000Z"


@pytest.fixture
def two(shelf, said):
    shelf.put(OLD, said("ab", "ab"))
    shelf.put(NEW, said("ab", "aa"))
    return shelf.store


def test_models_are_named_in_many_ways(two, monkeypatch) -> None:
    assert two.names == [NEW, OLD]
    record_promotion(two.models, {"version": OLD})
    for name, version in (("latest", NEW), ("promoted", OLD), (OLD, OLD), ("2026-02", NEW)):
        assert two.find(name).name == version
    folder = two.models / "versions/fused" / OLD / "fused"
    assert two.find(str(folder)).weights == f"weights of {OLD}"


@pytest.mark.parametrize(
    ("name", "said_of_it"),
    [
        ("2026-", "2 versions begin so"),
        ("2027", "there is no model '2027'"),
        ("promoted", "no model was promoted yet"),
        ("current", "no model is there"),
    ],
)
def test_names_that_are_none(two, name: str, said_of_it: str) -> None:
    with pytest.raises(KefuError, match=said_of_it):
        two.find(name)


def test_an_empty_store_says_how_to_train(shelf) -> None:
    assert shelf.store.names == []
    with pytest.raises(KefuError, match="kedro run"):
        shelf.store.find("latest")


def test_scores_are_of_the_same_weights(shelf, said) -> None:
    shelf.put(OLD, said("ab", "ab"), evaluated=NEW)  # the pipeline evaluate ran on its own, later
    shelf.put(NEW)
    shelf.put("current", said("ab", "ab"))
    (old, new, current) = (shelf.store.find(name) for name in (OLD, NEW, "current"))
    assert old.scored.parent.name == NEW
    assert old.metrics["macro_f1"] == 0.75
    assert new.scored is None
    assert new.metrics["macro_f1"] == 0.4, "those of its training"
    assert current.scored.parent.name == "current"


def test_a_model_that_knows_nothing_of_itself_has_no_scores(shelf, said) -> None:
    shelf.put(OLD, said("ab", "ab"), weights=None)
    assert shelf.store.find(OLD).scored is None


def test_what_is_no_version_is_kept_as_one(shelf, said) -> None:
    shelf.put(OLD, said("ab", "ab"))
    shelf.put("current", said("ab", "aa"))
    store = shelf.store
    kept = store.keep(store.find("current"))
    assert kept.name == store.versions[0] != OLD
    assert kept.weights == "weights of current"
    assert kept.scored.parent.name == kept.name
    assert kept.metrics["macro_f1"] == 0.75
    assert store.keep(store.find("current")).name == kept.name, "once"
    assert store.keep(store.find(OLD)).name == OLD
    assert len(store.versions) == 2


@pytest.mark.parametrize("content", ["{", '{"kind": "modality"}'])
def test_a_broken_bundle_is_told(two, content: str) -> None:
    (two.models / "versions/fused" / NEW / "fused/config.json").write_text(content)
    with pytest.raises(KefuError, match="fused"):
        two.find("latest")


def test_promotions_are_kept(two) -> None:
    assert read_promotions(two.models).promoted is None
    for version in (OLD, NEW):
        record_promotion(two.models, {"version": version, "note": "好"})
    found = read_promotions(two.models)
    assert found.promoted == NEW
    assert [entry["version"] for entry in found.history] == [OLD, NEW]
    assert sorted(path.name for path in two.models.iterdir()) == ["promoted.json", "versions"]


@pytest.mark.parametrize("content", ["", "[]", '{"promoted": "../../elsewhere", "history": []}'])
def test_a_damaged_file_of_promotions_is_told_and_left(two, content: str) -> None:
    path = two.models / "promoted.json"
    path.write_text(content)
    with pytest.raises(KefuError, match=r"promoted\.json"):
        record_promotion(two.models, {"version": OLD})
    assert path.read_text() == content


def test_the_file_is_json(two) -> None:
    record_promotion(two.models, {"version": OLD})
    assert json.loads((two.models / "promoted.json").read_text())["promoted"] == OLD
