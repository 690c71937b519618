import subprocess
import sys

from kefu.modalities.text import tokenizer
from kefu.modalities.text.tokenizer import PAD_ID, UNKNOWN_ID, encode, train_tokenizer

TEXTS = [
    "I don't like the coat",
    "the coat is late, the coat is 'lost'",
    "我的外套坏了",
    "外套太大了 coat12",
    "T恤",
] * 3


def tokens(text: str, vocab_size: int = 200) -> list[str]:
    return train_tokenizer(TEXTS, vocab_size).encode(text).tokens


def test_words_are_whole_and_chinese_is_single() -> None:
    assert tokens("The COAT, i don't") == ["▁the", "▁coat", ",", "▁i", "▁don't"]
    assert tokens("外套coat坏了") == ["外", "套", "▁coat", "坏", "了"]
    assert tokens("Ｔ恤 'lost'") == ["▁t", "恤", "'", "▁lost", "'"]


def test_unseen() -> None:
    assert tokens("coats") == ["▁coat", "s"]
    assert tokens("👍") == ["<unk>"]
    assert tokens("狗外") == ["<unk>", "外"]


def test_special_ids_and_vocabulary_bound() -> None:
    trained = train_tokenizer(TEXTS, 30)
    assert trained.get_vocab_size() == 30
    assert trained.token_to_id("<pad>") == PAD_ID
    assert trained.token_to_id("<unk>") == UNKNOWN_ID


def test_rows() -> None:
    trained = train_tokenizer(TEXTS, 200)
    ids, num_tokens = encode(trained, ["the coat", "", "the coat is late, the coat"], 4)
    coat = trained.token_to_id("▁coat")
    assert ids.shape == (3, 4)
    assert ids[0].tolist() == [trained.token_to_id("▁the"), coat, PAD_ID, PAD_ID]
    assert ids[1].tolist() == [UNKNOWN_ID, PAD_ID, PAD_ID, PAD_ID]
    assert num_tokens.tolist() == [2, 1, 4]


def test_the_vocabulary_is_the_same_in_every_process() -> None:
    script = (
        # the file alone, since the package would import torch
        f"import hashlib, runpy; train_tokenizer = runpy.run_path({tokenizer.__file__!r})['train_tokenizer']\n"
        # every character but one as rare as the others, and more of them than fit
        "texts = [chr(0x4E00 + n) + f' w{n}x{n % 7} ' + chr(0x61 + n % 26) * 3 for n in range(300)] * 2\n"
        "print(hashlib.sha256(train_tokenizer(texts, 120).to_str().encode()).hexdigest())"
    )
    found = {subprocess.check_output([sys.executable, "-c", script]) for _ in range(3)}
    assert len(found) == 1
