import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from kefu.modalities.pretrained import PretrainedError
from kefu.modalities.text import Features, TextPreprocessor, fit, load_preprocessor, pack, unpack
from kefu.modalities.text.tfidf import TfidfParameters

TEXTS = [
    "The coat is late",
    "I want a refund for the coat",
    "外套坏了，我要退款",
    "我要换 T恤",
    "the skirt is fine",
] * 2
PARAMS = Features(vocab_size=120, max_tokens=8, tfidf=TfidfParameters(max_terms=64, num_buckets=2**16))


@pytest.fixture(scope="module")
def preprocessor() -> TextPreprocessor:
    return fit(iter(TEXTS), PARAMS)


def test_shapes(preprocessor: TextPreprocessor) -> None:
    arrays = preprocessor.extract(TEXTS[:3])
    assert {name: (array.shape, array.dtype.name) for name, array in arrays.items()} == {
        "token_ids": ((3, 8), "int32"),
        "num_tokens": ((3,), "int32"),
        "tfidf_indices": ((3, 64), "int32"),
        "tfidf_values": ((3, 64), "float32"),
    }
    assert arrays["token_ids"].max() < preprocessor.vocab_size
    assert arrays["tfidf_indices"].max() < preprocessor.num_tfidf_features
    assert (arrays["num_tokens"] == (arrays["token_ids"] != preprocessor.pad_id).sum(axis=1)).all()


def test_empty_batch(preprocessor: TextPreprocessor) -> None:
    assert {array.shape[0] for array in preprocessor.extract([]).values()} == {0}


def test_rows_do_not_depend_on_the_batch(preprocessor: TextPreprocessor) -> None:
    together = preprocessor.extract([*TEXTS, "unseen 鲸鱼 👍", ""])
    for row, text in enumerate([*TEXTS, "unseen 鲸鱼 👍", ""]):
        alone = preprocessor.extract([text])
        for name, array in together.items():
            assert np.array_equal(array[row], alone[name][0]), (name, text)


def test_saved_and_loaded_gives_the_same(preprocessor: TextPreprocessor) -> None:
    files = preprocessor.to_files()
    assert set(files) == {"tokenizer.json", "tfidf.safetensors", "text.json"}
    loaded = load_preprocessor(files)
    assert loaded.params == PARAMS
    assert loaded.to_files() == files
    expected = preprocessor.extract(TEXTS)
    for name, array in loaded.extract(TEXTS).items():
        assert np.array_equal(array, expected[name])


def test_another_version_is_refused(preprocessor: TextPreprocessor) -> None:
    files = preprocessor.to_files()
    files["text.json"] = files["text.json"].replace(b'"schema_version": 1', b'"schema_version": 99')
    with pytest.raises(ValueError, match="schema version 99"):
        load_preprocessor(files)


def test_payloads_are_read_once_and_the_tokenizer_learns_from_a_sample() -> None:
    def stream() -> Iterator[str]:
        for number in range(300):
            yield f"common word{number}" if number < 200 else "late words"

    params = PARAMS.model_copy(update={"max_fit_texts": 100, "vocab_size": 400})
    one, other = fit(stream(), params), fit(stream(), params)
    assert one.to_files() == other.to_files()
    # an even sample has texts from the end of the stream in it, the TF-IDF has seen them all
    assert one.tokenizer.token_to_id("▁late") is not None
    assert one.tokenizer.encode("late").tokens == ["▁late"]
    assert np.isclose(one.tfidf.idf, np.log(301 / 201) + 1).any()


def test_nothing_to_learn_from_is_no_error() -> None:
    preprocessor = fit([], PARAMS)
    arrays = preprocessor.extract(["coat"])
    assert preprocessor.vocab_size == 2
    assert preprocessor.num_tfidf_features == 1
    assert arrays["num_tokens"].tolist() == [1]


def test_a_given_tokenizer_is_used_and_travels(bert_folder: str, tmp_path: Path) -> None:
    mine = shutil.copytree(bert_folder, tmp_path / "weights")
    preprocessor = fit(TEXTS, PARAMS.model_copy(update={"tokenizer": str(mine)}))
    shutil.rmtree(mine)
    for one in (preprocessor, load_preprocessor(preprocessor.to_files())):
        arrays = one.extract(["My coat , 外", "", "coat " * 99])
        assert arrays["token_ids"].tolist() == [
            [2, 4, 6, 13, 1, 3, 0, 0],
            [2, 3, 0, 0, 0, 0, 0, 0],
            [2, 6, 6, 6, 6, 6, 6, 3],  # a cut text still ends with [SEP]
        ]
        assert arrays["num_tokens"].tolist() == [6, 2, 8]
        assert one.vocab_size == 14


def test_a_tokenizer_that_cannot_be_used_is_told_in_one_line(bert_folder: str, tmp_path: Path) -> None:
    def mistake(folder: str | Path, max_tokens: int = 8) -> str:
        with pytest.raises(PretrainedError) as caught:
            fit(TEXTS, PARAMS.model_copy(update={"tokenizer": str(folder), "max_tokens": max_tokens}))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "there is no folder" in mistake("nowhere")
    assert "has no tokenizer.json" in mistake(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    assert "cannot be read" in mistake(tmp_path)
    assert "text.features.max_tokens is 2; " in mistake(bert_folder, max_tokens=2)


def test_a_torch_embedding_bag_takes_the_weights(preprocessor: TextPreprocessor) -> None:
    arrays = preprocessor.extract([TEXTS[0], TEXTS[2]])
    weight = torch.eye(preprocessor.num_tfidf_features)
    rows = torch.nn.functional.embedding_bag(
        torch.from_numpy(arrays["tfidf_indices"]),
        weight,
        per_sample_weights=torch.from_numpy(arrays["tfidf_values"]),
        mode="sum",
    )
    assert rows.norm(dim=1).tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("text", ["coat", "外套 👍\n二", ""])
def test_pack(text: str) -> None:
    assert unpack(pack(text)) == text
    assert pack("外") == b"\xe5\xa4\x96"
