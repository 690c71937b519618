import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from kefu.modalities.text.tfidf import Tfidf, TfidfCounter, TfidfParameters, find_buckets

ENGLISH = [
    "Where is my coat? My coat is late!",
    "the coat is late, I want a refund",
    "refund my coat... don't call",
    "I like the Skirt; a skirt & a coat",
    "",
]
CHINESE = ["我的外套坏了", "外套太大了，我要退外套", "我要退款"]


def learn(texts: list[str], **params: object) -> Tfidf:
    counter = TfidfCounter(TfidfParameters(**{"num_buckets": 2**24, "max_terms": 500, **params}))
    for text in texts:
        counter.add(find_buckets([text], counter.params))
    return counter.finish()


def dense(tfidf: Tfidf, texts: list[str]) -> NDArray[np.float64]:
    indices, values = tfidf.extract(texts)
    matrix = np.zeros((len(texts), max(1, len(tfidf.buckets))))
    for row in range(len(texts)):
        np.add.at(matrix[row], indices[row], values[row])
    return matrix


def same_columns(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether two matrices differ at most in the order of their columns."""
    return (
        one.shape == other.shape
        and np.allclose(np.sort(one, axis=1), np.sort(other, axis=1), atol=1e-6)
        and np.allclose(one @ one.T, other @ other.T, atol=1e-6)
    )


@pytest.mark.parametrize("sublinear_tf", [True, False])
@pytest.mark.parametrize("min_df", [1, 2])
@pytest.mark.parametrize("word_weight", [1.0, 2.0])
def test_agrees_with_scikit_learn(sublinear_tf: bool, min_df: int, word_weight: float) -> None:
    common = {"sublinear_tf": sublinear_tf, "min_df": min_df}
    words = TfidfVectorizer(ngram_range=(1, 2), **common)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common)
    expected = normalize(
        np.hstack([word_weight * words.fit_transform(ENGLISH).toarray(), characters.fit_transform(ENGLISH).toarray()])
    )
    tfidf = learn(ENGLISH, char_ngrams=(2, 5), word_weight=word_weight, **common)
    assert same_columns(dense(tfidf, ENGLISH), expected)


def test_chinese_agrees_with_scikit_learn_on_characters() -> None:
    texts = [text.replace("，", "") for text in CHINESE]
    expected = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True).fit_transform(texts).toarray()
    found = dense(learn(CHINESE, min_df=1), CHINESE)
    assert same_columns(found[:, found.any(axis=0)], expected)  # the comma has columns, but no weight


def test_a_number_does_not_outweigh_the_chinese_around_it() -> None:
    texts = ["订单20391还没有发货请问什么时候发货", "订单20391"]
    whole = dense(learn(texts, min_df=1), texts)
    only_number = dense(learn(texts, min_df=1), ["20391"])[0] > 0
    assert np.linalg.norm(whole[0][only_number]) < 0.35
    assert np.linalg.norm(whole[1][only_number]) > np.linalg.norm(whole[0][only_number])


def test_a_letter_beside_chinese_counts() -> None:
    tfidf = learn(["T恤", "a coat"], min_df=1, char_ngrams=(20, 20), word_ngrams=(1, 1))
    assert len(tfidf.buckets) == 3 + 1  # t, 恤, t恤 and coat; with Chinese beside it a letter is a word


def test_order_padding_and_the_heaviest_terms() -> None:
    tfidf = learn(ENGLISH, min_df=1)
    indices, values = tfidf.extract(ENGLISH)
    assert indices.dtype == np.int32
    assert values.dtype == np.float32
    assert (np.diff(values, axis=1) <= 0).all()
    assert (indices[values == 0] == 0).all()
    assert np.linalg.norm(values, axis=1) == pytest.approx([1, 1, 1, 1, 0])
    few = Tfidf(TfidfParameters(num_buckets=2**24, max_terms=3), tfidf.buckets, tfidf.idf).extract(ENGLISH)
    assert np.array_equal(few[0], indices[:, :3])
    assert np.array_equal(few[1], values[:, :3])


def test_ngrams_of_equal_weight_come_by_column() -> None:
    texts = ["ab cd", "ef"]
    tfidf = learn(texts, min_df=1, word_ngrams=(1, 1), char_ngrams=(4, 4))
    (both, one), values = tfidf.extract(texts)
    assert np.unique(values[0]).tolist() == pytest.approx([0, 0.5])
    assert sorted({*both[:4].tolist(), *one[:2].tolist()}) == list(range(6))
    assert (np.diff(both[:4]) > 0).all()
    assert (np.diff(one[:2]) > 0).all()


def test_rows_do_not_depend_on_the_batch() -> None:
    tfidf = learn(ENGLISH + CHINESE, min_df=1)
    texts = (ENGLISH + CHINESE) * 20
    indices, values = tfidf.extract(texts)
    for row in (0, 4, 5, 63, 64, 159):
        alone = tfidf.extract([texts[row]])
        assert np.array_equal(alone[0][0], indices[row])
        assert np.array_equal(alone[1][0], values[row])


def test_an_ngram_is_within_one_text() -> None:
    tfidf = learn(["coat late", "外套"], min_df=1, word_ngrams=(2, 2), han_ngrams=(2, 2), char_ngrams=(9, 9))
    assert dense(tfidf, ["coat late", "外套"]).any(axis=1).all()
    assert not dense(tfidf, ["coat", "late", "外", "套"]).any()


def test_unseen_texts_and_empty_batch() -> None:
    tfidf = learn(["coat", "coat"], word_ngrams=(1, 1), char_ngrams=(9, 9))
    assert not dense(tfidf, ["xylophone", "狗", "", "👍"]).any()
    indices, values = tfidf.extract([])
    assert indices.shape == values.shape == (0, 500)


def test_nothing_learned() -> None:
    tfidf = learn([])
    assert len(tfidf.buckets) == 0
    assert not tfidf.extract(["coat"])[1].any()


def test_max_features_keeps_the_most_frequent() -> None:
    tfidf = learn(
        ["coat coat coat", "skirt", "skirt"], min_df=1, word_ngrams=(1, 1), char_ngrams=(9, 9), max_features=1
    )
    assert dense(tfidf, ["skirt", "coat"]).tolist() == [[1.0], [0.0]]


def test_hash_of_a_word_never_changes() -> None:
    assert learn(["coat 外"], min_df=1, char_ngrams=(9, 9), num_buckets=1000).buckets.tolist() == [249, 736, 951]


def test_travels_as_bytes() -> None:
    tfidf = learn(ENGLISH)
    loaded = Tfidf.from_bytes(tfidf.to_bytes(), tfidf.params)
    assert np.array_equal(loaded.extract(ENGLISH)[1], tfidf.extract(ENGLISH)[1])


def test_ranges_are_checked() -> None:
    with pytest.raises(ValidationError, match="char_ngrams"):
        TfidfParameters(char_ngrams=(5, 2))
