from types import SimpleNamespace

import pytest
import torch
from pydantic import ValidationError

from kefu.modalities.text.encoders import EncoderParameters, build_encoder
from kefu.modalities.text.encoders.cnn import CnnEncoder, CnnParameters
from kefu.modalities.text.encoders.rnn import RnnEncoder, RnnParameters
from kefu.modalities.text.encoders.tfidf import TfidfEncoder, TfidfParameters

PREPROCESSOR = SimpleNamespace(vocab_size=12, num_tfidf_features=9)
SIZES = {
    "rnn": {"token_dim": 5, "hidden_dim": 4},
    "cnn": {"token_dim": 5, "num_filters": 7},
    "tfidf": {"embedding_dim": 6},
}
FEATURES = {
    "token_ids": torch.tensor([[3, 4, 5, 6, 7], [2, 0, 0, 0, 0], [8, 9, 10, 0, 0]], dtype=torch.int32),
    "num_tokens": torch.tensor([5, 1, 3], dtype=torch.int32),
    "tfidf_indices": torch.tensor([[1, 2, 3], [4, 0, 0], [5, 8, 0]], dtype=torch.int32),
    "tfidf_values": torch.tensor([[0.8, 0.5, 0.3], [1.0, 0.0, 0.0], [0.6, 0.8, 0.0]]),
}


@pytest.mark.parametrize(("architecture", "dim"), [("rnn", 16), ("cnn", 28), ("tfidf", 6), ("rnn_tfidf", 22)])
def test_an_encoder_keeps_its_contract(check_encoder, architecture, dim):
    params = EncoderParameters.model_validate({"architecture": architecture, **SIZES})
    assert check_encoder(lambda: build_encoder(params, PREPROCESSOR), FEATURES).embedding_dim == dim


def test_a_recurrent_network_of_lstm_cells_keeps_its_contract(check_encoder):
    params = RnnParameters(cell="lstm", **SIZES["rnn"])
    assert check_encoder(lambda: RnnEncoder(params, 12), FEATURES).embedding_dim == 16


@pytest.mark.parametrize("architecture", ["rnn", "cnn"])
@torch.inference_mode()
def test_padding_is_without_effect(architecture):
    params = EncoderParameters.model_validate({"architecture": architecture, **SIZES})
    encoder = build_encoder(params, PREPROCESSOR).eval()
    expected = encoder(FEATURES)
    wider = torch.full((3, 9), 11, dtype=torch.int32)
    for row, length in enumerate(FEATURES["num_tokens"]):
        wider[row, :length] = FEATURES["token_ids"][row, :length]
    assert torch.equal(encoder({**FEATURES, "token_ids": wider}), expected)
    narrow = {"token_ids": FEATURES["token_ids"][1:2, :1], "num_tokens": torch.tensor([1])}
    torch.testing.assert_close(encoder(narrow)[0], expected[1])


@torch.inference_mode()
def test_convolutions_take_the_largest_of_every_span():
    encoder = CnnEncoder(CnnParameters(token_dim=2, widths=(3,), num_filters=1), 5).eval()
    torch.nn.init.ones_(encoder.convolutions[0].weight)
    torch.nn.init.zeros_(encoder.convolutions[0].bias)
    encoder.embedding.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 2.0], [-1.0, 0.0], [4.0, 0.0], [-9.0, -9.0]]))
    texts = {
        "token_ids": torch.tensor([[1, 2, 3, 4], [2, 3, 0, 0], [2, 0, 0, 0]]),
        "num_tokens": torch.tensor([4, 2, 1]),
    }
    # of 1 2 3 the sums are 3, 2, 6, then those with 4 are negative; a lone negative token leaves nothing
    assert encoder(texts).tolist() == [[6.0], [4.0], [0.0]]


@torch.inference_mode()
def test_tfidf_is_the_weighted_sum_of_its_terms():
    encoder = TfidfEncoder(TfidfParameters(embedding_dim=6), 9).eval()
    terms = encoder.terms.weight
    assert torch.allclose(encoder(FEATURES)[2], 0.6 * terms[5] + 0.8 * terms[8])
    empty = {"tfidf_indices": torch.zeros(1, 3, dtype=torch.int32), "tfidf_values": torch.zeros(1, 3)}
    assert encoder(empty).tolist() == [[0.0] * 6]


def test_tfidf_with_a_hidden_layer_keeps_its_contract(check_encoder):
    params = TfidfParameters(embedding_dim=6, activation="gelu", dropout=0, embedding_dropout=0.1)
    assert check_encoder(lambda: TfidfEncoder(params, 9), FEATURES).embedding_dim == 6


@torch.inference_mode()
def test_tfidf_with_a_hidden_layer_is_not_linear():
    encoder = TfidfEncoder(TfidfParameters(embedding_dim=6, activation="gelu"), 9).eval()
    encoder.bias.normal_()
    inputs = 0.6 * encoder.terms.weight[5] + 0.8 * encoder.terms.weight[8] + encoder.bias
    torch.testing.assert_close(encoder(FEATURES)[2], torch.nn.functional.gelu(inputs))


@torch.inference_mode()
def test_padding_of_terms_is_without_effect():
    encoder = TfidfEncoder(TfidfParameters(embedding_dim=6), 9).eval()
    wider = {name: torch.nn.functional.pad(FEATURES[name], (0, 4)) for name in ("tfidf_indices", "tfidf_values")}
    assert torch.equal(encoder(wider), encoder(FEATURES))


def test_a_vocabulary_of_nothing_still_builds():
    assert TfidfEncoder(TfidfParameters(), 0).terms.weight.shape == (1, 64)


def test_a_filter_of_no_width_is_refused():
    with pytest.raises(ValidationError, match="widths"):
        CnnParameters(widths=(2, 0))


def test_an_unknown_architecture_is_refused():
    with pytest.raises(ValidationError, match="architecture"):
        EncoderParameters.model_validate({"architecture": "telepathy"})
