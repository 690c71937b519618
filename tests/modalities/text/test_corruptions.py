from functools import cache

import numpy as np
import pytest

from kefu.modalities.text.corruptions import CORRUPTIONS, mistype

ENGLISH = "The blue jacket that I ordered last Tuesday came with a broken zip, please send me another one in size 42!"
CHINESE = "我上周二买的蓝色外套拉链坏了，请给我换一件四十二码的，谢谢！已经等了很久，再不到我就要退款了。"


def distance(one: str, other: str) -> int:
    """Levenshtein's."""

    @cache
    def least(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        same = least(i - 1, j - 1) + (one[i - 1] != other[j - 1])
        return min(same, least(i - 1, j) + 1, least(i, j - 1) + 1)

    return least(len(one), len(other))


def changed(text: str, percent: float, seeds: int = 12) -> float:
    return float(np.mean([distance(text, mistype(text, percent, np.random.default_rng(s))) for s in range(seeds)]))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_a_larger_share_is_further_from_the_text(text):
    distances = [changed(text, percent) for percent in (0, *CORRUPTIONS[0].levels)]
    assert distances[0] == 0
    assert (np.diff(distances) > 0).all()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_about_the_asked_share_of_the_characters_is_mistyped(text):
    letters = sum(char.isalnum() for char in text)
    assert 0.10 * letters <= changed(text, 10) <= 0.15 * letters, "a swap counts twice"


def test_what_is_mistyped_stays_so_at_a_larger_share():
    text = "".join(chr(0x4E00 + 7 * number) for number in range(120))
    spoilt = [mistype(text, percent, np.random.default_rng(5)) for percent in (5, 10, 30)]
    left_out = [set(text) - set(typed) for typed in spoilt]
    doubled = [{char for char in text if 2 * char in typed} for typed in spoilt]
    assert left_out[0] < left_out[1] < left_out[2]
    assert set() < doubled[0] <= doubled[1] < doubled[2]


def test_a_chinese_character_gives_way_to_one_that_is_mistaken_for_it():
    typed = "".join(mistype("在在在在在在在在", 100, np.random.default_rng(seed)) for seed in range(5))
    assert set(typed) == {"在", "再"}


def test_keys_beside_the_right_one_keep_the_case():
    typed = "".join(mistype("GGGGGGGG", 100, np.random.default_rng(seed)) for seed in range(5))
    assert set(typed) <= set("GRTYFHVB")
    assert len(set(typed)) > 3


@pytest.mark.parametrize("text", ["a", "…", " ! ", "一", "\U0001f44d"])
def test_nothing_is_left_of_no_text(text):
    assert mistype(text, 100, np.random.default_rng(0)).strip()


def test_white_space_and_punctuation_stay():
    typed = mistype("a b, c. d? e! f; g" * 5, 100, np.random.default_rng(0))
    assert [char for char in typed if not char.isalnum()] == [
        char for char in "a b, c. d? e! f; g" * 5 if not char.isalnum()
    ]
