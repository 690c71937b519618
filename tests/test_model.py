import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from kefu import modalities
from kefu.bundle import Bundle, BundleError
from kefu.confidence import Confidence, ConfidenceParameters
from kefu.confidence.held_out import HeldOutScores
from kefu.confidence.scope import ScopeScore
from kefu.datasets import FusedModelsDataset
from kefu.fusion.strategies import STRATEGIES, FusionParameters, build_fusion
from kefu.model import FusedModel, heads_of
from kefu.training.modality_model import ModalityModel, build_classifier

LABELS = ("refund", "发货", "other")
TEXTS = ["where is my parcel", "我的包裹在哪里", "refund please", "请退款 now"]


def make_part(name, trained=True, members=2):
    module = modalities.get(name)
    cleaning, features = module.Cleaning(), module.Features()
    encoder = module.EncoderParameters()
    if name == "text":
        encoder = module.EncoderParameters.model_validate(
            {"rnn": {"token_dim": 4, "hidden_dim": 3}, "tfidf": {"embedding_dim": 4}}
        )
        features = module.Features.model_validate(
            {"vocab_size": 64, "max_tokens": 12, "tfidf": {"num_buckets": 1024, "min_df": 1, "max_terms": 32}}
        )
    if name == "image":
        encoder = module.EncoderParameters.model_validate(
            {"resnet": {"stem_dim": 4, "stage_dims": [4, 8], "stage_depths": [1, 1]}}
        )
        features = module.Features(height_px=8, width_px=8)
    if not trained:
        return ModalityModel(name, LABELS, cleaning, encoder, None, ())
    payloads = TEXTS if name == "text" else [np.full((9, 7, 3), 40 * i, np.uint8) for i in range(4)]
    preprocessor = module.fit(payloads, features)
    classifiers = tuple(
        build_classifier(name, encoder, preprocessor, len(LABELS), seed=seed).eval() for seed in range(members)
    )
    return ModalityModel(name, LABELS, cleaning, encoder, preprocessor, classifiers, {"best_epoch": [2]})


@pytest.fixture(scope="module")
def parts():
    return {"text": make_part("text"), "image": make_part("image"), "audio": make_part("audio", trained=False)}


def make_model(parts, strategy="late"):
    params = FusionParameters.model_validate({"hierarchical": {"num_tokens": 2}})
    prior = torch.tensor([0.5, 0.3, 0.2])
    fusions = tuple(build_fusion(strategy, heads_of(parts, member), prior, params).eval() for member in range(2))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for fusion in fusions:
            for value in fusion.parameters():
                value.data += 0.1 * torch.randn(value.shape)
    return FusedModel(parts, fusions, strategy, params, LABELS, {"test": {"tickets": 3}}, {"kefu": "1"}, "# card")


def embed(model):
    part = model.parts["text"]
    batch = {name: torch.from_numpy(array) for name, array in part.preprocessor.extract(TEXTS).items()}
    picture = model.parts["image"].preprocessor.extract([np.full((8, 8, 3), 40 * i, np.uint8) for i in range(4)])
    return {
        "text": part.outputs(batch).embedding,
        "image": model.parts["image"].outputs({"pixels": torch.from_numpy(picture["pixels"])}).embedding,
    }


PRESENT = {"text": torch.tensor([True, True, False, False]), "image": torch.tensor([True, False, True, False])}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_bundle_gives_the_same_probabilities(parts, tmp_path, strategy):
    model = make_model(parts, strategy)
    model.to_bundle().save(tmp_path / "m")
    again = FusedModel.from_bundle(Bundle.load(tmp_path / "m"))
    expected = model.probabilities(embed(model), PRESENT)
    assert torch.equal(again.probabilities(embed(again), PRESENT), expected)
    assert torch.allclose(expected.sum(dim=1), torch.ones(4))
    assert expected[3].tolist() == pytest.approx([0.5, 0.3, 0.2])
    for name in ("strategy", "labels", "metrics", "provenance", "card", "parameters"):
        assert getattr(again, name) == getattr(model, name)
    assert not again.parts["audio"].is_trained
    assert again.parts["audio"].cleaning == model.parts["audio"].cleaning


def make_confidence(members=2):
    rng = np.random.default_rng(0)
    scope = ScopeScore(
        {"text": torch.randn(members, 3, 10)}, {"text": torch.randn(members, 2)}, {"text": torch.rand(members, 2) + 1}
    )
    scores = [HeldOutScores({"text": np.sort(rng.random(7)), "image+text": np.sort(rng.random(5))}) for _ in range(2)]
    return Confidence(ConfidenceParameters(coverage=0.8, min_tickets=3), scope, *scores)


def test_confidence_is_in_the_bundle(parts, tmp_path):
    model = replace(make_model(parts), confidence=make_confidence())
    model.to_bundle().save(tmp_path / "m")
    again = FusedModel.from_bundle(Bundle.load(tmp_path / "m")).confidence
    assert again.parameters == model.confidence.parameters
    assert again.tensors().keys() == model.confidence.tensors().keys()
    for name, value in model.confidence.tensors().items():
        assert torch.equal(again.tensors()[name], value)


def test_only_adaptive_fusion_has_weights(parts):
    model = make_model(parts, "adaptive")
    embeddings = {name: torch.where(PRESENT[name][:, None, None], e, np.nan) for name, e in embed(model).items()}
    weights = model.judge(embeddings, PRESENT).weights
    assert weights.keys() == {"image", "text"}
    for name, values in weights.items():
        assert (values > 0).tolist() == PRESENT[name].tolist()
    assert make_model(parts, "late").judge(embeddings, PRESENT).weights == {}


def test_a_modality_round_trip(parts, tmp_path):
    for part in parts.values():
        part.to_bundle().save(tmp_path / part.name)
        again = ModalityModel.from_bundle(Bundle.load(tmp_path / part.name))
        assert (again.name, again.labels, again.cleaning, again.encoder) == (
            part.name, part.labels, part.cleaning, part.encoder
        )  # fmt: skip
        assert again.is_trained == part.is_trained
        assert again.metrics == part.metrics
        for name, value in part.tensors().items():
            assert torch.equal(again.tensors()[name], value)


def test_kinds_are_told_apart(parts):
    with pytest.raises(BundleError, match="this is a modality bundle; prediction needs a fused one"):
        FusedModel.from_bundle(parts["text"].to_bundle())
    with pytest.raises(BundleError, match="this is a fused bundle, not that of a single modality"):
        ModalityModel.from_bundle(make_model(parts).to_bundle())


def _without(mapping, *names):
    return {key: value for key, value in mapping.items() if key not in names}


@pytest.mark.parametrize(
    ("damage", "culprit"),
    [
        (lambda b: {"files": _without(b.files, "text/tokenizer.json")}, "text"),
        (lambda b: {"files": {**b.files, "text/tokenizer.json": b"{}"}}, "text"),
        (lambda b: {"tensors": _without(b.tensors, "text.1.head.weight")}, "text"),
        (lambda b: {"tensors": {**b.tensors, "image.0.head.weight": torch.zeros(1)}}, "image"),
        (lambda b: {"tensors": _without(b.tensors, "fusion.1.log_prior")}, "fusion"),
        (lambda b: {"config": {**b.config, "strategy": "telepathy"}}, "fusion"),
        (lambda b: {"config": _without(b.config, "modalities")}, "fusion"),
        (lambda b: {"config": {**b.config, "fusion": {"unknown": 1}}}, "fusion"),
        (lambda b: {"config": {**b.config, "modalities": {"text": {"modality": "smell"}}}}, "smell"),
        (lambda b: {"config": _without(b.config, "confidence")}, "fusion"),
        (lambda b: {"labels": ("one",)}, "(text|image|fusion)"),
    ],
)
def test_parts_that_do_not_fit_are_told_in_one_line(parts, damage, culprit):
    whole = make_model(parts).to_bundle()
    fields = {name: getattr(whole, name) for name in ("kind", "config", "labels", "tensors", "files")}
    with pytest.raises(BundleError, match=rf"^{culprit}: the bundle is damaged.*train again$") as error:
        FusedModel.from_bundle(Bundle(**(fields | damage(whole))))
    assert "\n" not in str(error.value)


def test_the_configuration_is_plain_json(parts):
    config = make_model(parts).to_bundle().config
    assert json.loads(json.dumps(config)) == config


def test_members_are_averaged_as_log_probabilities(parts):
    model = make_model(parts)
    embeddings = embed(model)
    opinions = []
    with torch.inference_mode():
        for member, fusion in enumerate(model.fusions):
            logits = fusion({name: value[:, member] for name, value in embeddings.items()}, PRESENT)
            opinions.append(logits.softmax(dim=1).log())
    geometric = torch.stack(opinions).mean(dim=0).exp()
    expected = geometric / geometric.sum(dim=1, keepdim=True)
    assert not torch.allclose(opinions[0], opinions[1])
    torch.testing.assert_close(model.probabilities(embeddings, PRESENT), expected)


def test_outputs_are_those_of_every_member(parts):
    part = parts["text"]
    batch = {name: torch.from_numpy(array) for name, array in part.preprocessor.extract(TEXTS).items()}
    outputs = part.outputs(batch)
    assert outputs.logits.shape == (4, 2, 3)
    assert outputs.embedding.shape[:2] == (4, 2)
    with torch.inference_mode():
        torch.testing.assert_close(outputs.logits[:, 1], part.classifiers[1](batch).logits)


def test_no_strategy_trained_end_to_end_is_an_empty_folder(tmp_path):
    dataset = FusedModelsDataset(str(tmp_path / "joint"))
    assert not dataset.exists()
    dataset.save({})
    assert (tmp_path / "joint").is_dir()  # DVC would miss it
    assert dataset.exists()
    assert dataset.load() == {}
