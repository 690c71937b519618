import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from kefu.confidence import Confidence, ConfidenceParameters
from kefu.confidence.held_out import HeldOutScores
from kefu.confidence.scope import ScopeScore
from kefu.fusion.contract import FusionRows
from kefu.fusion.strategies import build_fusion
from kefu.model import heads_of
from kefu.predictor import Predictor, RawTicket
from kefu.tickets.errors import KefuError

SURENESS = ["label", "confidence", "label_set", "out_of_scope", "out_of_scope_score"]
PROBABILITIES = ["probability_invoice", "probability_login", "probability_refund"]


def make_png(seed: int) -> bytes:
    import cv2

    return cv2.imencode(".png", np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def predictor(tiny_model):
    return Predictor(tiny_model)


@pytest.fixture
def table(tmp_path):
    for seed in range(3):
        (tmp_path / f"{seed}.png").write_bytes(make_png(seed))
    (tmp_path / "cut.png").write_bytes(make_png(0)[:200])
    (tmp_path / "page.png").write_text("<html>not found</html>")
    path = tmp_path / "tickets.csv"
    path.write_text(
        "ticket_id,text,image,audio,colour\n"
        "007,where is my refund,0.png,,red\n"
        "008,登录不了,,,\n"
        "009,,1.png,,\n"
        "010,,cut.png,,\n"
        "011,my invoice,page.png,gone.wav,\n"
        ",,,,blue\n"
        "013,cannot log in,../2.png,,\n",
        encoding="utf-8",
    )
    return path


def test_every_ticket_gets_a_row_and_says_what_was_used(predictor, table):
    found = predictor.predict(table).set_index("ticket_id")
    assert list(found.index) == ["007", "008", "009", "010", "011", "row-7", "013"]
    assert list(found["used"]) == ["image+text", "text", "image", "", "text", "", "text"]
    assert list(found.columns) == [*SURENESS, *PROBABILITIES, "used", "not_used"]
    assert "image: truncated (" in found.loc["010", "not_used"]
    assert "image: not_an_image (" in found.loc["011", "not_used"]
    assert "audio: the model was trained without it" in found.loc["011", "not_used"]
    assert "image: path_outside (" in found.loc["013", "not_used"]
    np.testing.assert_allclose(found[PROBABILITIES].sum(axis=1), 1.0)
    np.testing.assert_allclose(found["confidence"], found[PROBABILITIES].max(axis=1))


def test_a_ticket_with_nothing_gets_the_prior(predictor, table):
    found = predictor.predict(table).set_index("ticket_id")
    for ticket_id in ("row-7", "010"):
        np.testing.assert_allclose(list(found.loc[ticket_id, PROBABILITIES]), [0.125, 0.25, 0.625], rtol=1e-5)
        assert found.loc[ticket_id, "label"] == "refund"


def test_batch_size_and_neighbours_do_not_change_results(predictor, table):
    whole, single = predictor.predict(table), predictor.predict(table, batch_size=1)
    pd.testing.assert_frame_equal(whole, single, rtol=1e-4, atol=1e-6)
    assert len(list(predictor.predict_batches(table, batch_size=3))) == 3


def test_a_modality_more_changes_the_opinion(predictor, table):
    both = predictor.predict(table).iloc[0]
    frame = pd.DataFrame({"ticket_id": ["007"], "text": ["where is my refund"]})
    assert abs(both["confidence"] - predictor.predict(frame).iloc[0]["confidence"]) > 1e-4


def test_a_bare_frame(predictor, table, monkeypatch):
    monkeypatch.chdir(table.parent)
    frame = pd.DataFrame({"text": ["where is my refund", None], "image": ["0.png", np.nan]}, index=[5, 5])
    found = predictor.predict(frame)
    assert list(found["ticket_id"]) == ["row-1", "row-2"]
    assert list(found["used"]) == ["image+text", ""]
    assert list(frame.columns) == ["text", "image"]


def test_a_frame_of_numbers_and_of_nothing(predictor):
    assert predictor.predict(pd.DataFrame({"ticket_id": [7], "text": [42]})).loc[0, "ticket_id"] == "7"
    empty = predictor.predict(pd.DataFrame({"ticket_id": [], "text": []}))
    assert empty.empty
    assert list(empty.columns) == ["ticket_id", *SURENESS, *PROBABILITIES, "used", "not_used"]


def test_progress_is_told_in_tickets(predictor, table):
    told = []
    predictor.predict(table, batch_size=4, progress=told.append)
    assert told == [4, 7]


def test_a_saved_bundle_predicts_the_same(predictor, tiny_model, table, tmp_path):
    tiny_model.to_bundle().save(tmp_path / "bundle")
    again = Predictor.load(tmp_path / "bundle").predict(table)
    pd.testing.assert_frame_equal(again, predictor.predict(table), rtol=1e-5)


def test_without_held_out_tickets_nothing_is_promised(predictor, table):
    found = predictor.predict(table)
    for label_set, label in zip(found["label_set"], found["label"], strict=True):
        assert sorted(label_set.split("|")) == ["invoice", "login", "refund"]
        assert label_set.startswith(label)
    assert not found["out_of_scope"].any()
    assert found["out_of_scope_score"].isna().all()


def test_label_sets_and_scope_follow_held_out_scores(tiny_model, table):
    usual = HeldOutScores({"text": np.linspace(0, 1, 100), "image": np.linspace(0, 0.2, 100)})
    scope = ScopeScore.fit(
        [heads_of(tiny_model.parts, 0)], [make_rows(tiny_model, (0, 1, 2))], [make_rows(tiny_model, (2, 0, 1))]
    )
    confidence = Confidence(ConfidenceParameters(), scope, usual, HeldOutScores({"text": np.full(60, -9.0)}))
    predictor = Predictor(replace(tiny_model, confidence=confidence))
    found = predictor.predict(table, coverage=0.2).set_index("ticket_id")
    more = predictor.predict(table).set_index("ticket_id")
    size = found["label_set"].str.count(r"\|") + 1
    assert (more["label_set"].str.len() >= found["label_set"].str.len()).all()
    assert len(more.loc["008", "label_set"]) > len(found.loc["008", "label_set"])
    assert size["009"] == 1
    assert size["row-7"] == 3
    assert found.loc["008", "out_of_scope"]
    assert list(found.index[found["out_of_scope_score"].isna()]) == list(found.index[found["used"] == ""])
    assert not found.loc["row-7", "out_of_scope"]
    with pytest.raises(KefuError, match="coverage 1: give a share above 0 and below 1"):
        predictor.predict(table, coverage=1)


def test_tickets_in_memory_get_what_a_table_gets(predictor, table):
    folder = table.parent
    raw = [
        RawTicket("where is my refund", (folder / "0.png").read_bytes()),
        RawTicket("登录不了"),
        RawTicket(image=(folder / "1.png").read_bytes()),
        RawTicket(image=(folder / "cut.png").read_bytes()),
        RawTicket("my invoice", (folder / "page.png").read_bytes(), b"RIFF"),
        RawTicket(""),
    ]
    found, told = predictor.predict_raw(raw), predictor.predict(table).head(6)
    assert [one.label for one in found] == list(told["label"])
    np.testing.assert_allclose([one.confidence for one in found], told["confidence"], rtol=1e-4)
    np.testing.assert_allclose([list(one.probabilities.values()) for one in found], told[PROBABILITIES], rtol=1e-4)
    assert ["|".join(one.label_set) for one in found] == list(told["label_set"])
    assert ["+".join(one.used) for one in found] == list(told["used"])
    assert [one.not_used["audio"] for one in found[4:]] == ["the model was trained without it", "none given"]
    assert found[3].not_used["image"].startswith("truncated (")
    assert found[5].out_of_scope_score is None
    assert predictor.predict_raw([]) == []


def test_an_empty_file_is_told_from_none(predictor):
    (found,) = predictor.predict_raw([RawTicket("hello", image=b"")])
    assert found.not_used["image"].startswith("empty (")


def test_weights_of_adaptive_fusion_are_columns(tiny_model, table):
    heads, prior = heads_of(tiny_model.parts, 0), torch.ones(3) / 3
    fusion = build_fusion("adaptive", heads, prior, tiny_model.parameters).eval()
    predictor = Predictor(replace(tiny_model, fusions=(fusion,), strategy="adaptive"))
    found = predictor.predict(table)
    (both, *_) = predictor.predict_raw([RawTicket("where is my refund", (table.parent / "0.png").read_bytes())])
    assert both.weights == pytest.approx(dict(found.loc[0, ["weight_image", "weight_text"]].set_axis(both.weights)))
    empty = predictor.predict(pd.DataFrame({"ticket_id": [], "text": []}))
    assert list(empty.columns) == list(found.columns)


def test_explanations_go_with_the_predictions(predictor, table):
    told = []
    found = predictor.explain(table, batch_size=3, progress=told.append)
    predicted = predictor.predict(table)
    assert [one.ticket_id for one in found] == list(predicted["ticket_id"])
    assert [one.label for one in found] == list(predicted["label"])
    np.testing.assert_allclose([one.confidence for one in found], predicted["confidence"], rtol=1e-4)
    assert ["+".join(sorted(one.parts)) for one in found] == list(predicted["used"])
    assert {one.part.name for one in found[0].parts["text"]} == {"where", "is", "my", "refund"}
    assert set(found[0].evidence) == {"image", "text"}, "no model was trained for audio"
    assert told == [3, 6, 7]
    assert predictor.explain(pd.DataFrame({"ticket_id": [], "text": []})) == []


def test_explanations_are_as_fine_as_asked(predictor, table):
    from kefu.modalities import image

    first, *_ = predictor.explain(table, parts={"image": image.Parts(rows=2, columns=3)})
    assert len(first.parts["image"]) == 6


def make_rows(model, targets):
    """Rows of random embeddings."""
    torch.manual_seed(0)
    embeddings = {name: torch.randn(3, head.in_features) for name, head in heads_of(model.parts, 0).items()}
    present = {name: torch.ones(3, dtype=torch.bool) for name in embeddings}
    return FusionRows(embeddings, present, np.array(targets), np.arange(3))


def test_importing_kefu_leaves_torch_alone():
    code = "import sys, kefu, kefu.cli; assert 'torch' not in sys.modules; assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_predictor_is_a_name_of_kefu():
    import kefu

    assert kefu.Predictor is Predictor
    with pytest.raises(AttributeError, match="no attribute 'Predicter'"):
        kefu.Predicter  # noqa: B018
