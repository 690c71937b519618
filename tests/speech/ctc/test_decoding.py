import math
from itertools import product

import numpy as np
import pytest

from kefu.speech.ctc.decoding import DecodingParameters, greedy_units, search
from kefu.speech.ctc.language_model import END, LanguageModel
from kefu.speech.ctc.lexicon import Lexicon

# 是 and 事 sound alike; 西 and 安 also make up 先
LEXICON = Lexicon({"是": [("shi",)], "事": [("shi",)], "西": [("xi",)], "安": [("an",)], "先": [("xi", "an")]})
UNITS = {unit: number for number, unit in enumerate(LEXICON.units, start=1)}
LANGUAGE = LanguageModel.fit(["有事", "有事", "不是", "西安是", "先是"], 3)
WIDE = DecodingParameters(beam=500, language_weight=0.7, symbol_bonus=0.3, least_probability=1e-9)


def steps(*best: str, sure: float = 0.9) -> np.ndarray:
    """Log-probabilities in which one unit, or the blank ``_``, stands out at each step."""
    size = len(UNITS) + 1
    rows = np.full((len(best), size), (1 - sure) / (size - 1))
    for row, unit in zip(rows, best, strict=True):
        row[UNITS.get(unit, 0)] = sure
    return np.log(rows).astype(np.float32)


def test_the_best_path_has_no_blanks_and_no_repetitions() -> None:
    assert greedy_units(steps("_", "xi", "xi", "_", "an", "_", "_")) == [UNITS["xi"], UNITS["an"]]
    assert greedy_units(steps("xi", "_", "xi")) == [UNITS["xi"]] * 2
    assert greedy_units(steps("_", "_")) == []


def test_the_language_model_chooses_among_what_sounds_alike() -> None:
    assert search(steps("xi", "_", "an", "_", "shi"), LEXICON, LANGUAGE, WIDE) == "西安是"
    of_matters = LanguageModel.fit(["西安事"] * 3, 3)
    assert search(steps("xi", "_", "an", "_", "shi"), LEXICON, of_matters, WIDE) == "西安事"


def test_a_unit_is_heard_twice_only_where_a_blank_lies_between() -> None:
    doubled = LanguageModel.fit(["西西"] * 9, 3)
    assert search(steps("xi", "xi", sure=0.9999), LEXICON, doubled, WIDE) == "西"
    assert search(steps("xi", "_", "xi", sure=0.9999), LEXICON, doubled, WIDE) == "西西"


def test_a_symbol_may_have_several_units() -> None:
    first = LanguageModel.fit(["先先先"] * 5, 3)
    assert search(steps("xi", "an"), LEXICON, first, WIDE) == "先"
    assert search(steps("xi", "xi", "an", "_", "xi", "an"), LEXICON, first, WIDE) == "先先"


def test_a_symbol_that_is_not_complete_is_not_written() -> None:
    only = Lexicon({"先": [("xi", "an")]})
    rows = np.log(np.array([[0.04, 1e-6, 0.96]] * 2, dtype=np.float32))
    assert search(rows, only, LanguageModel.fit(["先"], 3), DecodingParameters()) == ""


def test_nothing_is_heard_in_silence() -> None:
    assert search(steps("_", "_", "_", sure=0.999), LEXICON, LANGUAGE, DecodingParameters()) == ""
    assert search(steps(), LEXICON, LANGUAGE, DecodingParameters()) == ""


def total(rows: np.ndarray, units: list[int]) -> float:
    """Sum the probabilities of all paths that read as these units, one by one."""
    probability = 0.0
    for path in product(range(rows.shape[1]), repeat=len(rows)):
        merged = [unit for place, unit in enumerate(path) if unit and (place == 0 or path[place - 1] != unit)]
        if merged == units:
            probability += math.exp(sum(float(rows[place, unit]) for place, unit in enumerate(path)))
    return probability


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_what_trying_everything_finds(seed: int) -> None:
    rows = np.random.default_rng(seed).gumbel(size=(4, len(UNITS) + 1))
    rows = (rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)).astype(np.float32)

    def score(written: tuple[str, ...]) -> float:
        text = "".join(written)
        units = [UNITS[unit] for symbol in text for unit in LEXICON.pronunciations[symbol][0]]
        logs = [LANGUAGE.log_probability(s, LANGUAGE.context(text[:i])) for i, s in enumerate(text + END)]
        heard = total(rows, units)
        weighed = WIDE.language_weight * sum(logs) + WIDE.symbol_bonus * len(text)
        return (math.log(heard) if heard else -math.inf) + weighed

    candidates = [written for length in range(4) for written in product(LEXICON.pronunciations, repeat=length)]
    assert search(rows, LEXICON, LANGUAGE, WIDE) == "".join(max(candidates, key=score))
