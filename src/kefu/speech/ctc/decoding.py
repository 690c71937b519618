"""From probabilities of units to characters: the best path, or a search with lexicon and language model."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kefu.parameters import Parameters
from kefu.speech.ctc.language_model import END, LanguageModel
from kefu.speech.ctc.lexicon import Lexicon, Node
from kefu.speech.ctc.network import BLANK

LogProbabilities = NDArray[np.float32]
"""(S, U + 1): of each unit at each step, the blank first."""

_NEVER = -math.inf


class DecodingParameters(Parameters):
    """How characters are searched for."""

    beam: int = Field(64, ge=1, description="Hypotheses that are kept at each step; 1 follows the best one alone.")
    language_weight: float = Field(0.6, ge=0, description="Weight of the language model beside what is heard.")
    symbol_bonus: float = Field(1.5, description="Added for each character, or short phrases would always win.")
    least_probability: float = Field(
        1e-3, gt=0, lt=1, description="Units that are less probable at a step are not followed there."
    )


def greedy_units(log_probabilities: LogProbabilities) -> list[int]:
    """Return the units of the best path, where repetitions are one unit and blanks none.

    As in Graves et al. 2006, "Connectionist temporal classification".
    """
    best = log_probabilities.argmax(axis=1)
    changed = np.concatenate([[True], best[1:] != best[:-1]])
    return [int(unit) for unit in best[changed] if unit != BLANK]


@dataclass(slots=True)
class _Hypothesis:
    """Probabilities of all paths that read the same, by whether they end in a blank."""

    in_blank: float
    in_unit: float
    language: float
    node: Node

    @property
    def heard(self) -> float:
        return _add(self.in_blank, self.in_unit)


_Key = tuple[str, tuple[int, ...], int]
"""What is written, the units of the symbol that is not complete, and the last unit."""


def search(
    log_probabilities: LogProbabilities, lexicon: Lexicon, language: LanguageModel, params: DecodingParameters
) -> str:
    """Return the most probable symbols: a prefix beam search with a language model.

    As in Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition using bi-directional recurrent
    DNNs", with symbols in the place of words: units walk down the tree of pronunciations, and where a symbol is
    complete it is weighed by the language model.
    """
    root = lexicon.tree
    hypotheses: dict[_Key, _Hypothesis] = {("", (), BLANK): _Hypothesis(0.0, _NEVER, 0.0, root)}
    least = math.log(params.least_probability)
    for step in log_probabilities:
        units = [int(unit) for unit in np.flatnonzero(step > least) if unit != BLANK]
        scores = step.tolist()
        following: dict[_Key, _Hypothesis] = {}
        for key, hypothesis in hypotheses.items():
            written, begun, last = key
            heard = hypothesis.heard
            stayed = following.setdefault(key, _Hypothesis(_NEVER, _NEVER, hypothesis.language, hypothesis.node))
            stayed.in_blank = _add(stayed.in_blank, heard + scores[BLANK])
            if last != BLANK:
                stayed.in_unit = _add(stayed.in_unit, hypothesis.in_unit + scores[last])
            for unit in units:
                node = hypothesis.node.follows.get(unit)
                if node is None:
                    continue
                added = scores[unit] + (hypothesis.in_blank if unit == last else heard)
                if added == _NEVER:
                    continue
                if node.follows:
                    _extend(following, (written, (*begun, unit), unit), added, hypothesis.language, node)
                context = language.context(written)
                for symbol in node.symbols:
                    weighed = hypothesis.language + (
                        params.language_weight * language.log_probability(symbol, context) + params.symbol_bonus
                    )
                    _extend(following, (written + symbol, (), unit), added, weighed, root)
        best = sorted(following.items(), key=lambda item: item[1].heard + item[1].language, reverse=True)
        hypotheses = dict(best[: params.beam])
    ended = {
        key[0]: hypothesis.heard
        + hypothesis.language
        + params.language_weight * language.log_probability(END, language.context(key[0]))
        for key, hypothesis in reversed(hypotheses.items())
        if not key[1]
    }
    return max(ended, key=lambda written: ended[written], default="")


def _extend(hypotheses: dict[_Key, _Hypothesis], key: _Key, added: float, language: float, node: Node) -> None:
    found = hypotheses.get(key)
    if found is None:
        hypotheses[key] = _Hypothesis(_NEVER, added, language, node)
    else:
        found.in_unit = _add(found.in_unit, added)


def _add(first: float, second: float) -> float:
    """Return the logarithm of the sum of two probabilities, given theirs."""
    if first < second:
        first, second = second, first
    return first if second == _NEVER else first + math.log1p(math.exp(second - first))
